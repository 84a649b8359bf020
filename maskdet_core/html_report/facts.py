"""How pictures were checked: what a report states beside its results."""

from dataclasses import dataclass, replace
from typing import Self

from maskdet_core.detector import MIN_FACE_PX, MIN_FACE_SHARE, MaskDetector
from maskdet_core.types import Verdict


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """How pictures were checked.

    Attributes:
        model: name of the network.
        model_sha256: of its file, 64 hex digits.
        has_worn_wrong: whether the network tells a mask worn wrong.
        finder: name of the face finder.
        max_faces: most faces that are judged in one picture.
        min_confidence: threshold, 0.5 <= c < 1.
        two_classes: whether a mask worn wrong counts as no mask.
        min_face_px: least height of a face, px.
        min_face_share: least height as a share of the picture's longer side, where that is more;
            None where only ``min_face_px`` counts.
    """

    model: str
    model_sha256: str
    has_worn_wrong: bool
    finder: str
    max_faces: int
    min_confidence: float
    two_classes: bool
    min_face_px: int
    min_face_share: float | None

    @classmethod
    def of(cls, detector: MaskDetector) -> Self:
        """The facts of a detector with its own settings."""
        manifest = detector.classifier.manifest
        has_own_size = detector.min_face_px is not None
        return cls(
            manifest.name,
            manifest.sha256,
            manifest.has_worn_wrong,
            detector.finder.fingerprint["name"],
            detector.max_faces,
            detector.min_confidence,
            detector.two_classes,
            detector.min_face_px or MIN_FACE_PX,
            None if has_own_size else detector.min_face_share,
        )

    @classmethod
    def of_videos(cls, detector: MaskDetector) -> Self:
        """The same for videos, in which nobody waits for the smaller faces."""
        facts = cls.of(detector)
        if facts.min_face_share is None:
            return facts
        return replace(facts, min_face_share=MIN_FACE_SHARE["photo"])

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts that can be given."""
        three = self.has_worn_wrong and not self.two_classes
        return tuple(one for one in Verdict if three or one is not Verdict.WORN_WRONG)
