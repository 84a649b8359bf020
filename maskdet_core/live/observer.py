"""Who is told of a live stream's frames, beside its viewer."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.track import Track
from maskdet_core.types import Face


class FrameObserver(Protocol):
    """Is told of a stream's frames, on the stream's own thread: it must be quick.

    What it raises counts as an error of the stream and changes no picture.
    """

    def frame(self, frame: LiveFrame, tracks: Iterable[Track], faces: Mapping[int, Face]) -> None:
        """The newest frame, all tracks, and the faces with a verdict by track id."""
        ...

    def restarted(self) -> None:
        """Track ids start again."""
        ...

    def ended(self) -> None:
        """The stream has ended."""
        ...
