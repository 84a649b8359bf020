"""What is asked of a check in a process of its own, and what comes of it."""

from dataclasses import dataclass
from typing import Any

from maskdet_core.reasons import Reason


@dataclass(frozen=True, slots=True)
class VideoJobOptions:
    """How a video is checked. All of it goes through JSON.

    Attributes:
        min_confidence: 0.5 <= c < 1; None takes the model's.
        two_classes: count a mask worn wrong as no mask.
        film: make an annotated video.
        blur: blur all faces in it.
        labels: words on the film by verdict; None takes the library's.
        looking: the same for a face that is being looked at.
        max_bytes: most bytes of the video.
        max_length_s: most seconds of it.
        max_pixels: most pixels of a frame.
    """

    max_bytes: int
    max_length_s: float
    max_pixels: int
    min_confidence: float | None = None
    two_classes: bool = False
    film: bool = False
    blur: bool = False
    labels: dict[str, str] | None = None
    looking: str | None = None


@dataclass(frozen=True, slots=True)
class VideoOutcome:
    """What came of a video.

    Attributes:
        row: the JSON object; see `maskdet_core.batch.videos.report.video_json`.
        pictures: JPEG of each of its moments.
        blurred_pictures: the same with all faces blurred.
        film: the annotated video as MP4; None if none was wanted.
        notes: those of the row.
    """

    row: dict[str, Any]
    pictures: tuple[bytes, ...]
    blurred_pictures: tuple[bytes, ...]
    film: bytes | None
    notes: tuple[Reason, ...] = ()
