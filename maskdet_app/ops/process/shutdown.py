"""Graceful shutdown: on SIGTERM the server drains before it exits.

While it drains, pages tell viewers that the server stops, and the health check fails, so that a
proxy sends no new visitors.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_DRAINING: Final = threading.Event()


def is_draining() -> bool:
    """Whether this server is about to exit."""
    return _DRAINING.is_set()


def drain_before_exit(grace_s: float, n_viewers: Callable[[], int]) -> None:
    """Delay the current SIGTERM handler by a grace period if there are live viewers.

    Must be called in the event loop's thread. A second SIGTERM exits at once.

    Args:
        grace_s: length of the grace period in seconds; 0 exits at once.
        n_viewers: gives the number of live viewers.
    """
    previous_handler = signal.getsignal(signal.SIGTERM)
    if not callable(previous_handler) or grace_s <= 0:
        return
    loop = asyncio.get_running_loop()

    def drain(number: int, frame: FrameType | None) -> None:
        if _DRAINING.is_set() or not n_viewers():
            _DRAINING.set()
            previous_handler(number, frame)
            return
        _DRAINING.set()
        _LOG.info("draining, exit in %.0f s", grace_s)
        loop.call_soon_threadsafe(loop.call_later, grace_s, previous_handler, number, frame)

    signal.signal(signal.SIGTERM, drain)
