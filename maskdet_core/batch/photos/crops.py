"""Pictures that already are one face crop: from the file to the row that tells of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from maskdet_core.batch.photos.check import lost_reason
from maskdet_core.batch.storage.addresses import Location
from maskdet_core.batch.storage.fetching import Fetched, read_location
from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import MaskDetector
from maskdet_core.errors import ImageError
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.loading import load_classifier
from maskdet_core.masks.manifest import CropFraming
from maskdet_core.pictures.resize import shrink_within
from maskdet_core.precision import probabilities_json
from maskdet_core.process_limits import Loss
from maskdet_core.types import NO_PROBABILITIES, Face, FaceBox, RgbImage, decide
from maskdet_core.untrusted_text import valid_text

MIN_FACE_SHARE: Final = 0.5
"""Least part of the picture's long side that a face takes in a crop of one face. The network is
trained on crops of 1; at 0.5 its verdicts begin to change (NASA's portrait of Eileen Collins)."""
_MIN_P_FACE_UNFOUND: Final = 0.5
"""Least probability of a face where the finder sees none: more likely than not."""
_FINDER_PX: Final = 640
"""Long side of what the finder searches: faces of interest take half of it."""

CropRow: TypeAlias = dict[str, Any]
"""What is told of one picture, in JSON types; see `classify_crop`."""


def whole_picture_crop(image_rgb: RgbImage, classifier: Classifier) -> RgbImage:
    """Make a picture that is one face square by its long side, scaled for the classifier.

    Args:
        image_rgb: uint8 (H, W, 3), unchanged.
        classifier: says how large its input is.

    Returns:
        uint8 RGB (``input_size_px``, ``input_size_px``, 3).
    """
    height, width = image_rgb.shape[:2]
    whole = FaceBox(0, 0, width, height)
    return square_crop(image_rgb, whole, CropFraming(), classifier.manifest.input_size_px)


def no_face_crop_reason(image_rgb: RgbImage, p_face: float, detector: MaskDetector) -> str | None:
    """Why a picture is not the crop of one face; None if it is one, or if that cannot be told.

    Args:
        image_rgb: uint8 (H, W, 3), unchanged.
        p_face: the network's probability of a face for the whole picture; NaN if it failed.
        detector: finds the faces in the picture.
    """
    least = detector.classifier.manifest.min_face_probability
    if p_face < least:
        return f"probability of a face {p_face:.3f}, expected {least:g} or more"
    largest = max((max(face.box.w, face.box.h) for face in _faces(image_rgb, detector)), default=0)
    if not largest:
        # the finder misses many faces without their surroundings: then the network decides
        is_likely = not p_face < _MIN_P_FACE_UNFOUND
        return None if is_likely else f"no face found, probability of a face {p_face:.3f}"
    if largest < MIN_FACE_SHARE * max(image_rgb.shape[:2]):
        return "the face is a small part of the picture, use `maskdet check`"
    return None


def _faces(image_rgb: RgbImage, detector: MaskDetector) -> tuple[Face, ...]:
    found = detector.detect(shrink_within(image_rgb, _FINDER_PX))
    return found.faces


@dataclass(frozen=True, slots=True)
class CropCheckConfig:
    """How face crops are classified. Picklable: the worker process loads its network from it.

    Attributes:
        model: see `maskdet_core.load_classifier`.
        min_confidence: least confidence for a verdict; None takes the model's.
        two_classes: count a mask worn wrong as no mask.
    """

    model: Path | None = None
    min_confidence: float | None = None
    two_classes: bool = False

    def load(self) -> Callable[[Location | Fetched], CropRow]:
        """Load the network; returns the function that gives a picture's row.

        Raises:
            ModelError: the network cannot be loaded.
            CascadeError: the cascades cannot be loaded.
        """
        detector = MaskDetector.load(
            load_classifier(self.model),
            min_confidence=self.min_confidence,
            two_classes=self.two_classes,
        )
        limit_opencv_threads()
        return partial(_classified, detector=detector)


def _classified(path: Location | Fetched, *, detector: MaskDetector) -> CropRow:
    try:
        image = read_location(path).image_rgb
    except ImageError as error:
        return unclassified(str(path), str(error))
    return classify_crop(str(path), image, detector)


def classify_crop(
    name: str,
    image_rgb: RgbImage,
    detector: MaskDetector,
    *,
    min_confidence: float | None = None,
    two_classes: bool | None = None,
) -> CropRow:
    """Classify a picture that is one face crop.

    Args:
        name: of the picture, for its row; never trusted.
        image_rgb: uint8 (H, W, 3), unchanged.
        detector: its classifier decides; its finder sees what is no crop.
        min_confidence: see `decide`; None takes the detector's.
        two_classes: see `decide`; None takes the detector's.

    Returns:
        ``path``, ``verdict``, the probabilities of `probabilities_json`, and ``error``: None, or
        why the picture is no crop of one face. Then it has no verdict.
    """
    classifier = detector.classifier
    predicted = classifier.predict(whole_picture_crop(image_rgb, classifier)[None])
    reason = no_face_crop_reason(image_rgb, float(predicted.p_face[0]), detector)
    if reason is not None:
        return unclassified(name, f"no face crop: {reason}")
    if min_confidence is None:
        min_confidence = detector.min_confidence
    if two_classes is None:
        two_classes = detector.two_classes
    verdict = decide(predicted[0], min_confidence, two_classes=two_classes)
    return {
        **unclassified(name, None),
        "verdict": verdict.value,
        **probabilities_json(predicted[0]),
    }


def unclassified(name: str, error: str | None) -> CropRow:
    """The row of a picture without a verdict, and the reason for that."""
    return {
        "path": valid_text(name),
        "verdict": None,
        **probabilities_json(NO_PROBABILITIES),
        "error": error,
    }


def lost_crop(path: Location | Fetched, loss: Loss) -> CropRow:
    """The row of a picture whose worker process ended."""
    return unclassified(str(path), lost_reason(loss))
