"""Collect reference cycles once for many runs of pages, instead of after each of them.

Streamlit collects after every run, the refreshes of one fragment included: twice a second for each
live viewer. A collection takes about 20 ms of all threads, which was half of what the panel beside
the video costs (docs/decisions/0022-video-coding.md). ``.streamlit/config.toml`` turns it off, and
the entry script asks for a collection at its end. Python's own collector stays on for what the
fragments leave behind.
"""

import gc
import threading
from typing import Final

DELAY_S: Final = 1.0
"""By then Streamlit has dropped what the run was made of; further runs until then add no other."""


class Collector:
    """Collects in a moment, in a thread of its own. Thread-safe."""

    def __init__(self, delay_s: float = DELAY_S) -> None:
        """Begin with nothing to do.

        Args:
            delay_s: between the first request and its collection.
        """
        self._delay_s = delay_s
        self._lock = threading.Lock()
        self._is_due = False

    def collect_soon(self) -> None:
        """Collect when the delay is over; requests until then need no collection of their own."""
        with self._lock:
            if self._is_due:
                return
            self._is_due = True
        timer = threading.Timer(self._delay_s, self._collect)
        timer.daemon = True
        timer.start()

    def _collect(self) -> None:
        # before it begins: a run that ends meanwhile may leave something that it has passed by
        with self._lock:
            self._is_due = False
        gc.collect()


COLLECTOR: Final = Collector()
"""The server's."""
