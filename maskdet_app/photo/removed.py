"""Photos that a visitor removed a moment ago: kept so that it can be undone, then gone for good."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, Generic, Protocol, TypeVar

from maskdet_app.ops.process import malloc

UNDO_S: Final = 10.0
"""Time to undo a removal: long enough to read what happened, short enough to be "removed"."""


class _HasKey(Protocol):
    @property
    def key(self) -> str: ...


P = TypeVar("P", bound=_HasKey)


class RemovedPhotos(Generic[P]):
    """What was removed last, for `UNDO_S` at most. Thread-safe.

    A timer of its own deletes the photos: it needs no further run of the page.
    """

    def __init__(
        self, keep_s: float = UNDO_S, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start empty.

        Args:
            keep_s: time after which the photos are deleted, s.
            clock: monotonic time in seconds.
        """
        self._keep_s = keep_s
        self._clock = clock
        self._lock = threading.Lock()
        self._photos: dict[str, P] = {}
        self._until_s = 0.0
        self._timer: threading.Timer | None = None

    def __len__(self) -> int:
        """Number of photos that can be brought back."""
        return len(self._photos)

    def __contains__(self, key: str, /) -> bool:
        """Whether the photo with this key can be brought back, and is thus in memory."""
        return key in self._photos

    @property
    def seconds_left(self) -> float:
        """Until the photos are deleted; 0 if there are none."""
        with self._lock:
            return max(0.0, self._until_s - self._clock()) if self._photos else 0.0

    def put(self, photos: Iterable[P]) -> None:
        """Keep these photos instead of any earlier ones."""
        kept = {photo.key: photo for photo in photos}
        with self._lock:
            self._stop_timer()
            self._photos = kept
            self._until_s = self._clock() + self._keep_s
            if kept:
                self._timer = threading.Timer(self._keep_s, self._expire, (kept,))
                self._timer.daemon = True
                self._timer.start()

    def take(self) -> list[P]:
        """The photos, which are no longer kept here; none after their time."""
        with self._lock:
            self._stop_timer()
            photos = list(self._photos.values()) if self._clock() < self._until_s else []
            self._photos = {}
        return photos

    def discard(self) -> None:
        """Delete the photos at once."""
        with self._lock:
            self._stop_timer()
            n_photos = len(self._photos)
            self._photos = {}
        if n_photos:
            malloc.trim_soon()

    def _expire(self, kept: dict[str, P]) -> None:
        # other photos may have come while the timer's thread began
        if self._photos is kept:
            self.discard()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
