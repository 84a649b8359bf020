"""Log the failures of a stream without filling the log."""

import logging
import threading
from collections.abc import Callable
from typing import Final

_LOG = logging.getLogger(__name__)

LOG_INTERVAL_S: Final = 10.0
"""Least time between two log lines about one stream's failing frames."""


class ErrorLog:
    """Logs failing frames of one stream, at most once in `LOG_INTERVAL_S`. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin silent.

        Args:
            clock: monotonic seconds.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._logged_at_s: float | None = None

    def note(self, error: Exception, n_errors: int) -> None:
        """A frame has failed, as one of ``n_errors`` since the start."""
        now_s = self._clock()
        with self._lock:
            if self._logged_at_s is not None and now_s - self._logged_at_s < LOG_INTERVAL_S:
                return
            self._logged_at_s = now_s
        # The type alone: a message could contain pixels or names from the stream.
        _LOG.warning("%d frames failed so far, last by %s", n_errors, type(error).__name__)
