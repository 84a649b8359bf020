"""A good end: who is here is told, nobody new is sent here, and only then the server stops."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_LEAVING: Final = threading.Event()
Handler = Callable[[int, FrameType | None], object]


def is_draining() -> bool:
    """Whether this server is about to stop."""
    return _LEAVING.is_set()


def drain_before_exit(grace_s: float, n_viewers: Callable[[], int]) -> None:
    """From now on SIGTERM is obeyed after a while if anybody watches; in the event loop's thread.

    Args:
        grace_s: so long the pages say that the server stops; 0 obeys at once.
        n_viewers: how many watch now.
    """
    then = signal.getsignal(signal.SIGTERM)
    if not callable(then) or grace_s <= 0:
        return
    loop = asyncio.get_running_loop()

    def leave(number: int, frame: FrameType | None) -> None:
        if _LEAVING.is_set() or not n_viewers():
            _LEAVING.set()
            then(number, frame)
            return
        _LEAVING.set()
        _LOG.info("leaving in %.0f s", grace_s)
        loop.call_soon_threadsafe(loop.call_later, grace_s, then, number, frame)

    signal.signal(signal.SIGTERM, leave)
