"""From an image to verdicts: the one entry point for live frames, photos and folders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.finder import FaceFinder, validate_min_face_px
from maskdet_core.faces.loading import load_finder
from maskdet_core.faces.nms import is_in_head, is_nested
from maskdet_core.masks.classifier import Classifier, NetworkClassifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.loading import load_classifier
from maskdet_core.types import (
    Detections,
    Face,
    FaceBox,
    MaskProbabilities,
    Predictions,
    RgbImage,
    decide,
    validate_min_confidence,
    validate_rgb,
)

Preset = Literal["photo", "live"]
PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)

MIN_FACE_PX: Final = 24
"""Height of the smallest face searched for: in smaller crops a mask cannot be recognised."""
MIN_FACE_SHARE: Final = {"photo": 1 / 24, "live": 1 / 16}
"""Height of the smallest face as a share of the image's longer side: the smallest windows take most
of the time and give most of the false faces. Live, 40 px of 640."""
MAX_FACES: Final = 50
"""Faces classified in one image: bounds the time for one image."""
NO_PREDICTIONS: Final = Predictions.of_two_classes(np.empty(0), np.empty(0))


class MaskDetector:
    """Find faces, crop them, classify them. Thread-safe."""

    def __init__(
        self,
        finder: FaceFinder,
        classifier: Classifier,
        *,
        min_confidence: float | None = None,
        min_face_px: int | None = None,
        max_faces: int = MAX_FACES,
        min_face_share: float = MIN_FACE_SHARE["photo"],
        face_rule: FaceRule | None = None,
        two_classes: bool = False,
    ) -> None:
        """Combine a finder and a classifier.

        Args:
            finder: finds candidates, boxes in the reference framing.
            classifier: its manifest gives crop framing, input size and default threshold.
            min_confidence: minimum probability of the most probable class, 0.5 <= c < 1; None
                takes the manifest's.
            min_face_px: height of the smallest face to search for, px, 1 or more; None takes the
                larger of `MIN_FACE_PX` and ``min_face_share`` of the image's longer side.
            max_faces: most faces classified in one image, 1 or more; the others are in
                `Detections.unjudged`.
            min_face_share: see ``min_face_px``.
            face_rule: decides from score and network which candidates are faces; the finder's
                scores must be log odds. None compares the network's probability of a face with
                the manifest's ``min_face_probability``.
            two_classes: count a mask worn wrong as no mask; see `decide`.

        Raises:
            ValueError: a number out of its range.
        """
        if min_confidence is None:
            min_confidence = classifier.manifest.min_confidence
        if min_face_px is not None:
            validate_min_face_px(min_face_px)
        if max_faces < 1:
            raise ValueError(f"max_faces must be 1 or more, got {max_faces}")
        self.finder = finder
        self.classifier = classifier
        self.min_confidence = validate_min_confidence(min_confidence)
        self.min_face_px = min_face_px
        self.min_face_share = min_face_share
        self.max_faces = max_faces
        self.face_rule = face_rule
        self.two_classes = two_classes

    @classmethod
    def load(
        cls,
        model: Path | str | Classifier | None = None,
        preset: Preset = "photo",
        *,
        min_confidence: float | None = None,
        min_face_px: int | None = None,
        finder: Path | str | None = None,
        two_classes: bool = False,
    ) -> Self:
        """Load the finder and the classifier.

        Args:
            model: path of a manifest or `.keras` file, a loaded classifier to share, or None for
                the default model; see `load_classifier`.
            preset: "photo" searches thoroughly, "live" fast.
            min_confidence: see `MaskDetector`.
            min_face_px: see `MaskDetector`.
            finder: see `load_finder`.
            two_classes: see `MaskDetector`.

        Raises:
            ModelError: the model cannot be loaded.
            CascadeError: the cascades cannot be loaded.
            ValueError: unknown preset, or a number out of its range.
        """
        face_finder = load_finder(preset, finder)
        loaded = classifier_for(
            preset, model if isinstance(model, Classifier) else load_classifier(model)
        )
        # a face rule adds the log odds of the finder that it was fitted for to the network's
        fitted = face_finder.fingerprint["name"] == loaded.manifest.rules_finder
        rules = loaded.manifest.face_rules if face_finder.scores_are_log_odds and fitted else {}
        rule = rules.get(preset)
        if rule is not None and isinstance(face_finder, CascadeFaceFinder):
            # the rule has the last word, so that it may see more candidates
            face_finder = face_finder.for_candidates()
        return cls(
            face_finder,
            loaded,
            min_confidence=min_confidence,
            min_face_px=min_face_px,
            min_face_share=MIN_FACE_SHARE[preset],
            face_rule=rule,
            two_classes=two_classes,
        )

    def detect(
        self,
        image_rgb: NDArray[Any],
        *,
        min_confidence: float | None = None,
        min_face_px: int | None = None,
        two_classes: bool | None = None,
    ) -> Detections:
        """Find and classify the faces of one image.

        Args:
            image_rgb: uint8 (H, W, 3), channels red, green, blue; not changed and not kept.
            min_confidence: threshold for this call, 0.5 <= c < 1; None takes the detector's.
            min_face_px: height of the smallest face for this call, px; None takes the detector's.
            two_classes: for this call, see `decide`; None takes the detector's.

        Returns:
            At most ``max_faces`` faces, highest finder score first, boxes clipped to the image;
            further boxes are in ``unjudged``. Candidates that are no faces are left out.

        Raises:
            ValueError: other than a uint8 RGB image, or a number out of its range.
        """
        found = self.find(image_rgb, min_face_px=min_face_px)
        return self.judge(image_rgb, found, min_confidence=min_confidence, two_classes=two_classes)

    def judge(
        self,
        image_rgb: NDArray[Any],
        found: Sequence[FaceBox],
        *,
        min_confidence: float | None = None,
        two_classes: bool | None = None,
    ) -> Detections:
        """Classify candidates of one image, and leave out those that are no faces.

        Args:
            image_rgb: uint8 (H, W, 3), channels red, green, blue; not changed and not kept.
            found: boxes that lie at least partly in the image, highest score first.
            min_confidence: see `detect`.
            two_classes: see `detect`.

        Returns:
            As `detect`.

        Raises:
            ValueError: other than a uint8 RGB image, or a number out of its range.
        """
        validate_rgb(image_rgb)
        threshold = validate_min_confidence(
            self.min_confidence if min_confidence is None else min_confidence
        )
        if two_classes is None:
            two_classes = self.two_classes
        height, width = image_rgb.shape[:2]
        candidates = found[: self.max_faces]
        predictions = self.classify(image_rgb, candidates)
        faces: list[Face] = []
        accepted: list[FaceBox] = []
        for box, probabilities, p_face in zip(
            candidates, predictions, predictions.p_face, strict=True
        ):
            inside = box.clipped(width, height)
            if inside is None or not self.is_face(image_rgb, box, probabilities, float(p_face)):
                continue
            if _is_of_a_surer_face(box, accepted):
                continue
            accepted.append(box)
            verdict = decide(probabilities, threshold, two_classes=two_classes)
            faces.append(Face(inside, *probabilities, verdict, box))
        beyond = (box.clipped(width, height) for box in found[self.max_faces :])
        unjudged = tuple(box for box in beyond if box is not None)
        return Detections(width, height, tuple(faces), unjudged, two_classes)

    def find(self, image_rgb: NDArray[Any], *, min_face_px: int | None = None) -> list[FaceBox]:
        """Find candidates: boxes of the finder that lie at least partly in the image.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            min_face_px: height of the smallest face for this call, px; None takes the detector's.

        Returns:
            Boxes, not clipped, highest score first.

        Raises:
            ValueError: other than a uint8 RGB image, or ``min_face_px`` below 1.
        """
        validate_rgb(image_rgb)
        height, width = image_rgb.shape[:2]
        if min_face_px is None:
            min_face_px = self.min_face_px_in(width, height)
        validate_min_face_px(min_face_px)
        found = self.finder.find(image_rgb, min_face_px=min_face_px)
        return [box for box in found if box.clipped(width, height) is not None]

    def min_face_px_in(self, width: int, height: int) -> int:
        """Height in px of the smallest face that is searched for in an image of this size."""
        return self.min_face_px or min_face_px_in(width, height, self.min_face_share)

    def classify(self, image_rgb: NDArray[np.uint8], boxes: Sequence[FaceBox]) -> Predictions:
        """Classify candidates.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            boxes: in the reference framing, not clipped; may be empty.

        Returns:
            Predictions for the boxes in their order.
        """
        if not boxes:
            return NO_PREDICTIONS
        return self.classifier.predict(np.stack([self.crop(image_rgb, box) for box in boxes]))

    def is_face(
        self,
        image_rgb: NDArray[np.uint8],
        box: FaceBox,
        probabilities: MaskProbabilities,
        p_face: float,
    ) -> bool:
        """Whether a candidate is a face, by its size, its score and the network's probabilities.

        Args:
            image_rgb: uint8 (H, W, 3), in which it was found.
            box: the finder's box with its score.
            probabilities: the network's, given a face.
            p_face: the network's probability of a face; NaN, of a network that failed, rejects
                no candidate.
        """
        if self.face_rule is not None:
            share = height_share(box, image_rgb)
            return not self.face_rule.rejects(box.score, p_face, probabilities.p_with_mask, share)
        # written so that NaN is accepted
        return not p_face < self.classifier.manifest.min_face_probability

    def face_crops(
        self, image_rgb: NDArray[np.uint8], detections: Detections
    ) -> tuple[RgbImage, ...]:
        """The crops that the classifier saw, cut again from the boxes of the faces.

        Args:
            image_rgb: the image of the detections, uint8 (H, W, 3), not changed.
            detections: result of `detect` for this image.

        Returns:
            One crop a face in their order, uint8 (size, size, 3) RGB.
        """
        return tuple(self.crop(image_rgb, face.crop_box) for face in detections)

    def crop(self, image_rgb: NDArray[np.uint8], box: FaceBox) -> NDArray[np.uint8]:
        """The classifier's input for one box, uint8 (size, size, 3) RGB.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            box: in the reference framing, not clipped.
        """
        manifest = self.classifier.manifest
        return square_crop(image_rgb, box, manifest.crop, manifest.input_size_px)


def height_share(box: FaceBox, image_rgb: NDArray[np.uint8]) -> float:
    """Height of a box as a share of the longer side of its image, (H, W, 3)."""
    return float(box.h / max(image_rgb.shape[:2]))


def _is_of_a_surer_face(box: FaceBox, surer: Sequence[FaceBox]) -> bool:
    """Whether a box shows a person who is counted already.

    It contains a smaller face, as one of head and shoulders does, or lies in the head of one. The
    finder returns such boxes, since what it is surer of may be a print on a mask; that one the
    classifier rejects first.
    """
    return any(
        (box.w * box.h > face.w * face.h and is_nested(box, face)) or is_in_head(box, face)
        for face in surer
    )


def classifier_for(preset: Preset, classifier: Classifier) -> Classifier:
    """The classifier as a preset uses it: live, a network sees each crop once.

    A live face is looked at again and again, and its track averages over these looks.
    """
    if preset == "live" and isinstance(classifier, NetworkClassifier):
        return classifier.with_one_view()
    return classifier


def min_face_px_in(width: int, height: int, share: float = MIN_FACE_SHARE["photo"]) -> int:
    """Height in px of the smallest face to search for in an image.

    Args:
        width: of the image, px.
        height: of the image, px.
        share: minimum height as a share of the image's longer side.

    Returns:
        `MIN_FACE_PX` or more.
    """
    return max(MIN_FACE_PX, round(max(width, height) * share))
