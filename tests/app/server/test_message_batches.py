"""Messages to the pages leave in batches; between these everything else runs."""

import asyncio
import inspect
import re

import pytest
import streamlit
from streamlit.runtime import runtime

from maskdet_app.ops.observability import operator_log
from maskdet_app.server import message_batches
from maskdet_app.server.message_batches import BATCH, BatchingAsyncio


def test_other_work_runs_after_each_batch() -> None:
    async def scenario() -> list[int]:
        batching, n_sent, seen = BatchingAsyncio(), 0, []

        async def other_work() -> None:
            while True:
                seen.append(n_sent)
                await asyncio.sleep(0)

        task = asyncio.create_task(other_work())
        for _ in range(3 * BATCH):
            n_sent += 1
            await batching.sleep(0)
        task.cancel()
        return seen

    assert asyncio.run(scenario()) == [BATCH, 2 * BATCH, 3 * BATCH]


def test_pauses_with_a_length_are_kept() -> None:
    async def scenario() -> bool:
        batching, other = BatchingAsyncio(), asyncio.Event()
        asyncio.get_running_loop().call_soon(other.set)
        await batching.sleep(0.001)
        return other.is_set()

    assert asyncio.run(scenario())


def test_all_else_is_asyncios_own() -> None:
    assert BatchingAsyncio().Event is asyncio.Event
    assert BatchingAsyncio().wait is asyncio.wait


def test_loop_is_changed_in_the_version_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(runtime), "asyncio", asyncio)
    said: list[str] = []
    with monkeypatch.context() as other:
        other.setattr(operator_log, "log_once", said.append)
        other.setattr(streamlit, "__version__", "1.99.0")
        message_batches.apply()
    assert vars(runtime)["asyncio"] is asyncio
    assert "1.99.0" in said[0]
    message_batches.apply()
    assert isinstance(vars(runtime)["asyncio"], BatchingAsyncio)


def test_streamlits_loop_still_pauses_after_each_message() -> None:
    # then message_batches.py can go
    source = inspect.getsource(runtime.Runtime._loop_coroutine)
    sends = re.search(r"for msg in msg_list:(.*?)on_flushed_messages_sent", source, re.DOTALL)
    assert sends and "self._send_message(" in sends[1]
    assert "await asyncio.sleep(0)" in sends[1]
    assert source.count("asyncio.sleep(0)") == 1
