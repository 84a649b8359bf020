"""Peak of a server's resident memory, sampled."""

import threading
from collections.abc import Callable
from typing import Final

SAMPLE_S: Final = 0.05


class PeakMemory:
    """Peak of resident memory inside a `with` block.

    Attributes:
        rest_mb: memory before the block, in the reader's unit.
        rss_mb: the peak so far, in the same unit.
    """

    def __init__(self, read_mb: Callable[[], float]) -> None:
        """Start with the current value.

        Args:
            read_mb: gives the resident memory now; called from another thread.
        """
        self._read_mb, self._stop = read_mb, threading.Event()
        self.rest_mb = self.rss_mb = read_mb()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "PeakMemory":
        """Start sampling."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.rss_mb = max(self.rss_mb, self._read_mb())
