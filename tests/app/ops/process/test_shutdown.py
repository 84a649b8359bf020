import asyncio
import os
import signal

import pytest

from maskdet_app.ops.process import shutdown


@pytest.mark.parametrize("n_viewers", [0, 2])
def test_server_drains_only_while_there_are_viewers(n_viewers: int) -> None:
    shutdown._DRAINING.clear()
    exits: list[bool] = []
    previous = signal.signal(signal.SIGTERM, lambda *_: exits.append(shutdown.is_draining()))

    async def run_server() -> None:
        shutdown.drain_before_exit(0.2, lambda: n_viewers)
        assert not shutdown.is_draining()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.05)
        assert shutdown.is_draining()
        assert exits == ([] if n_viewers else [True])
        await asyncio.sleep(0.4)
        assert exits == [True]

    try:
        asyncio.run(run_server())
    finally:
        signal.signal(signal.SIGTERM, previous)
        shutdown._DRAINING.clear()
