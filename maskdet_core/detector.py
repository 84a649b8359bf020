"""The one public way from a picture to verdicts, for live frames, photos and folders alike."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.loading import load_finder
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.loading import load_classifier
from maskdet_core.types import (
    Detections,
    Face,
    FaceBox,
    Predictions,
    RgbImage,
    decide,
    validate_min_confidence,
    validate_rgb,
)

Preset = Literal["photo", "live"]
PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)

MIN_FACE_PX: Final = 24
"""Least face height that is sought: below it a crop shows too little of a mask to judge."""
MIN_FACE_SHARE: Final = {"photo": 1 / 24, "live": 1 / 16}
"""Least face height as a share of the picture's long side: spares the search for specks, which
costs most of the time and makes most of the false faces. Live, 40 px of 640."""
MAX_FACES: Final = 50
"""Faces classified in one picture: about 0.8 s of work on two cores."""
NESTED: Final = 0.8
"""A box that has so much of a smaller, surer face in it is none: the finder keeps such pairs, since
the smaller one may be a print on a mask, but then the classifier takes that for no face."""
NOTHING_SAID: Final = Predictions(np.empty(0), np.empty(0))


class MaskDetector:
    """Find faces, cut them out, classify them. Safe to share by threads."""

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
    ) -> None:
        """Put a finder and a classifier together.

        Args:
            finder: answers in the reference framing.
            classifier: its manifest gives crop framing, input size and default threshold.
            min_confidence: the surer class must reach this, 0.5 <= c < 1; None takes the
                manifest's.
            min_face_px: least height of a face in px; None takes the larger of `MIN_FACE_PX` and
                ``min_face_share`` of the picture's long side.
            max_faces: faces classified in one picture; what is beyond is counted, not dropped
                silently.
            min_face_share: see ``min_face_px``.
            face_rule: says which candidates are no faces, for a finder whose scores are log odds;
                None takes the manifest's ``min_face_probability``, whatever the finder says.

        Raises:
            ValueError: a number out of its range.
        """
        if min_confidence is None:
            min_confidence = classifier.manifest.min_confidence
        if min_face_px is not None and min_face_px < 1:
            raise ValueError(f"min_face_px must be 1 or more, got {min_face_px}")
        if max_faces < 1:
            raise ValueError(f"max_faces must be 1 or more, got {max_faces}")
        self.finder = finder
        self.classifier = classifier
        self.min_confidence = validate_min_confidence(min_confidence)
        self.min_face_px = min_face_px
        self.min_face_share = min_face_share
        self.max_faces = max_faces
        self.face_rule = face_rule

    @classmethod
    def load(
        cls,
        model: Path | str | Classifier | None = None,
        preset: Preset = "photo",
        *,
        min_confidence: float | None = None,
        min_face_px: int | None = None,
        finder: Path | str | None = None,
    ) -> Self:
        """A detector ready for use.

        Args:
            model: a manifest or `.keras` path, an already loaded classifier to share, or None for
                the default model.
            preset: "photo" searches thoroughly, "live" fast.
            min_confidence: see `MaskDetector`.
            min_face_px: see `MaskDetector`.
            finder: see `load_finder`.

        Raises:
            ModelError: the model cannot be loaded.
            CascadeError: the cascades cannot be loaded.
            ValueError: another preset, or a number out of its range.
        """
        face_finder = load_finder(preset, finder)
        loaded = model if isinstance(model, Classifier) else load_classifier(model)
        # a face rule adds the finder's log odds to the network's
        rules = loaded.manifest.face_rules if face_finder.scores_are_log_odds else {}
        return cls(
            face_finder,
            loaded,
            min_confidence=min_confidence,
            min_face_px=min_face_px,
            min_face_share=MIN_FACE_SHARE[preset],
            face_rule=rules.get(preset),
        )

    def detect(
        self,
        image_rgb: NDArray[Any],
        *,
        min_confidence: float | None = None,
        min_face_px: int | None = None,
    ) -> Detections:
        """Find and judge the faces of one picture.

        Args:
            image_rgb: uint8 (H, W, 3), channels red, green, blue; not changed and not kept.
            min_confidence: threshold for this call, 0.5 <= c < 1; None takes the detector's.
            min_face_px: least height for this call; None takes the detector's.

        Returns:
            Faces best found first, boxes clipped to the picture, at most ``max_faces``; those
            beyond are in ``unjudged``. Candidates that the classifier takes for no face are left
            out.

        Raises:
            ValueError: another dtype or shape, or a number out of range.
        """
        validate_rgb(image_rgb)
        threshold = validate_min_confidence(
            self.min_confidence if min_confidence is None else min_confidence
        )
        height, width = image_rgb.shape[:2]
        found = self.find(image_rgb, min_face_px=min_face_px)
        judged = found[: self.max_faces]
        said = self.classify(image_rgb, judged)
        faces: list[Face] = []
        accepted: list[FaceBox] = []
        for box, p, p_face in zip(judged, said.p_with_mask, said.p_face, strict=True):
            inside = box.clipped(width, height)
            if inside is None or not self.is_face(box, float(p_face)) or _holds(box, accepted):
                continue
            accepted.append(box)
            faces.append(Face(inside, float(p), decide(float(p), threshold), box))
        beyond = (box.clipped(width, height) for box in found[self.max_faces :])
        unjudged = tuple(box for box in beyond if box is not None)
        return Detections(width, height, tuple(faces), unjudged)

    def find(self, image_rgb: NDArray[Any], *, min_face_px: int | None = None) -> list[FaceBox]:
        """Candidates of the finder that lie in the picture at least in part, best first.

        Args:
            image_rgb: uint8 (H, W, 3).
            min_face_px: least height for this call; None takes the detector's.

        Raises:
            ValueError: another dtype or shape, or a least height below 1 px.
        """
        validate_rgb(image_rgb)
        height, width = image_rgb.shape[:2]
        least_px = self.least_px(width, height) if min_face_px is None else min_face_px
        if least_px < 1:
            raise ValueError(f"min_face_px must be 1 or more, got {least_px}")
        found = self.finder.find(image_rgb, min_face_px=least_px)
        return [box for box in found if box.clipped(width, height) is not None]

    def least_px(self, width: int, height: int) -> int:
        """Least face height that is looked for in a picture of this size, px."""
        return self.min_face_px or least_face_px(width, height, self.min_face_share)

    def classify(self, image_rgb: NDArray[np.uint8], boxes: Sequence[FaceBox]) -> Predictions:
        """What the network says of boxes in a picture, uint8 (H, W, 3); no box is no error."""
        if not boxes:
            return NOTHING_SAID
        return self.classifier.predict(np.stack([self.crop(image_rgb, box) for box in boxes]))

    def is_face(self, box: FaceBox, p_face: float) -> bool:
        """Whether finder (``box.score``) and network (``p_face``) together hold it for a face."""
        if self.face_rule is not None:
            return not self.face_rule.drops(box.score, p_face)
        # a network that failed (NaN) drops nobody
        return not p_face < self.classifier.manifest.min_face_probability

    def face_crops(
        self, image_rgb: NDArray[np.uint8], detections: Detections
    ) -> tuple[RgbImage, ...]:
        """What the classifier saw of each face, cut again: no search and no network is needed.

        Args:
            image_rgb: the picture that was searched, uint8 (H, W, 3).
            detections: what `detect` found in it.

        Returns:
            A crop a face in their order, uint8 (size, size, 3) RGB.
        """
        return tuple(self.crop(image_rgb, face.crop_box) for face in detections)

    def crop(self, image_rgb: NDArray[np.uint8], box: FaceBox) -> NDArray[np.uint8]:
        """The square that the classifier sees of a face, uint8 (size, size, 3) RGB."""
        manifest = self.classifier.manifest
        return square_crop(image_rgb, box, manifest.crop, manifest.input_size_px)


def _holds(box: FaceBox, surer: Sequence[FaceBox]) -> bool:
    """Whether a box goes around a surer face, as whole heads and shoulders sometimes do."""
    return any(
        box.w * box.h > one.w * one.h and box.intersection_over_smaller(one) >= NESTED
        for one in surer
    )


def least_face_px(width: int, height: int, share: float = MIN_FACE_SHARE["photo"]) -> int:
    """Least face height that is looked for in a picture, px.

    Args:
        width: of the picture, px.
        height: of the picture, px.
        share: of its longer side.
    """
    return max(MIN_FACE_PX, round(max(width, height) * share))
