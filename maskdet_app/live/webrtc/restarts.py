"""How often a live video is restarted that is lost again and again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeGuard

if TYPE_CHECKING:
    from maskdet_app.live.component import front_end

WAITS_S: Final = (0.0, 1.0, 3.0, 6.0)
"""Before the first, second … restart in a row. A phone that wakes needs one. Each costs the server
a connection, and a camera that ends after every start would need them without end."""
STEADY_S: Final = 15.0
"""A video that has run for so long begins a new row."""


@dataclass(slots=True)
class Restarts:
    """The restarts of one visitor's video. Times are monotonic, in seconds."""

    _n: int = 0
    _began_s: float | None = None
    _seen_failure: "front_end.CameraFailure | None" = None
    has_no_camera: bool = False
    """Whether the last loss was a camera that did not start."""

    @property
    def is_given_up(self) -> bool:
        """Whether the video is left to the visitor."""
        return self._n > len(WAITS_S)

    @property
    def wait_s(self) -> float:
        """From the loss to the restart that it needs; 0 if nothing was lost."""
        return WAITS_S[self._n - 1] if 0 < self._n <= len(WAITS_S) else 0.0

    def begun(self, now_s: float) -> None:
        """Note that the video runs; further calls change nothing."""
        if self._began_s is None:
            self._began_s = now_s

    def lost(self, now_s: float) -> None:
        """Note that the video needs a restart."""
        if self._began_s is not None and now_s - self._began_s >= STEADY_S:
            self._n = 0
        self._n += 1
        self._began_s = None
        self.has_no_camera = False

    def is_new(
        self, failure: "front_end.CameraFailure | None"
    ) -> "TypeGuard[front_end.CameraFailure]":
        """Whether a failure of the camera has not been seen yet; it has been from now on."""
        is_new = failure is not None and failure != self._seen_failure
        self._seen_failure = failure
        return is_new

    def failed(self, now_s: float, *, is_refusal: bool) -> None:
        """Note that the camera did not start; after a refusal the video is given up."""
        self.lost(now_s)
        self.has_no_camera = True
        if is_refusal:
            self._n = len(WAITS_S) + 1

    def forget(self) -> None:
        """Start over, as the visitor wishes."""
        self._n, self._began_s = 0, None
