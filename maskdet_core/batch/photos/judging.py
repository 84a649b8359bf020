"""Judge one picture: the row that the command line prints for it, also for those without one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from maskdet_core.batch.photos.check import detect_in_photo
from maskdet_core.batch.photos.crops import classify_crop, unclassified
from maskdet_core.batch.photos.report import PhotoReport, to_json
from maskdet_core.detector import MaskDetector
from maskdet_core.pictures.decode import DecodedPhoto

Row = dict[str, Any]


class JudgeTask(StrEnum):
    """What is done with a picture."""

    CHECK = "check"
    """Find its faces and classify them."""
    CLASSIFY = "classify"
    """Classify it as the crop of one face."""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How pictures are judged.

    Attributes:
        min_confidence: least confidence for a verdict; None takes the network's.
        min_face_px: least height of a face; None takes the detector's rule.
        two_classes: count a mask worn wrong as no mask.
    """

    min_confidence: float | None = None
    min_face_px: int | None = None
    two_classes: bool = False


def judge(
    detector: MaskDetector, photo: DecodedPhoto, name: str, task: JudgeTask, options: JudgeOptions
) -> Row:
    """The row of a decoded picture.

    Args:
        detector: finds and classifies.
        photo: the picture.
        name: of the picture, for its row; never trusted.
        task: what to do.
        options: how.
    """
    threshold = options.min_confidence
    if task is JudgeTask.CLASSIFY:
        return classify_crop(
            name,
            photo.image_rgb,
            detector,
            min_confidence=threshold,
            two_classes=options.two_classes,
        )
    found = detect_in_photo(detector, photo, min_face_px=options.min_face_px)
    decided = found.with_min_confidence(
        detector.min_confidence if threshold is None else threshold,
        two_classes=options.two_classes,
    )
    return to_json(PhotoReport(name, decided))


def refused(name: str, task: JudgeTask, reason: str) -> Row:
    """The row of a picture that cannot be used, and the reason for that."""
    if task is JudgeTask.CLASSIFY:
        return unclassified(name, reason)
    return to_json(PhotoReport(name, None, reason))
