"""Result types shared by all parts: boxes, predictions, verdicts, faces. Frozen and validated."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]
"""An image: uint8, shape (height, width, 3), channels red, green, blue."""

WITH_MASK = "with_mask"
WORN_WRONG = "worn_wrong"
WITHOUT_MASK = "without_mask"
NO_FACE = "no_face"
"""Classes of a network. Every network has `WITH_MASK` (mouth and nose covered by a mask) and
`WITHOUT_MASK`; `WORN_WRONG` is a mask that leaves nose or mouth free."""
MASK_CLASSES: Final = (WITH_MASK, WORN_WRONG, WITHOUT_MASK)
"""The classes of a face, in the order of `MaskProbabilities`."""


class Verdict(StrEnum):
    """Decision about one face."""

    WITH_MASK = WITH_MASK
    WORN_WRONG = WORN_WRONG
    WITHOUT_MASK = WITHOUT_MASK
    NOT_SURE = "not_sure"


class MaskProbabilities(NamedTuple):
    """Probabilities of one face, given that it is one: 0 to 1, sum 1; NaN where the network failed.

    Attributes:
        p_with_mask: of a mask that covers mouth and nose.
        p_worn_wrong: of a mask that leaves nose or mouth free; 0 from a network without the class.
        p_without_mask: of no mask.
    """

    p_with_mask: float
    p_worn_wrong: float
    p_without_mask: float

    @classmethod
    def of_two_classes(cls, p_with_mask: float) -> Self:
        """The probabilities of a network without the class `WORN_WRONG`."""
        return cls(p_with_mask, 0.0 * p_with_mask, 1.0 - p_with_mask)

    @property
    def are_valid(self) -> bool:
        """Whether all are finite and 0 to 1: False where the network failed."""
        return all(math.isfinite(p) and 0.0 <= p <= 1.0 for p in self)

    def as_two_classes(self) -> Self:
        """The same with a mask worn wrong counted as no mask."""
        p_with_mask, p_worn_wrong, p_without_mask = self
        return type(self)(p_with_mask, 0.0, p_without_mask + p_worn_wrong)

    def of_verdict(self, verdict: Verdict, *, two_classes: bool = False) -> float:
        """The probability that a verdict rests on; for NOT_SURE the highest, which was too low.

        Args:
            verdict: of these probabilities.
            two_classes: whether it was decided so; see `decide`.
        """
        probabilities = self.as_two_classes() if two_classes else self
        if verdict is Verdict.NOT_SURE:
            return max(probabilities)
        return probabilities[MASK_CLASSES.index(verdict)]


NO_PROBABILITIES = MaskProbabilities(math.nan, math.nan, math.nan)
"""Of a face without a usable prediction."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """A classifier's probabilities for N crops.

    Iterating gives the `MaskProbabilities` of each crop.

    Attributes:
        p_with_mask: probability of a mask that covers mouth and nose, given that the crop shows a
            face, float64 (N,), 0 to 1; NaN where the network's logits are not finite.
        p_worn_wrong: probability of a mask that leaves nose or mouth free, as above; 0 from a
            network without the class `WORN_WRONG`.
        p_without_mask: probability of no mask, as above; the three sum to 1.
        p_face: probability that the crop shows a face, float64 (N,), 0 to 1; always 1 from a
            network without the class `NO_FACE`, NaN as above.
    """

    p_with_mask: NDArray[np.float64]
    p_worn_wrong: NDArray[np.float64]
    p_without_mask: NDArray[np.float64]
    p_face: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Validate the shapes.

        Raises:
            ValueError: other than four vectors of the same length.
        """
        shapes = [
            one.shape
            for one in (self.p_with_mask, self.p_worn_wrong, self.p_without_mask, self.p_face)
        ]
        if self.p_with_mask.ndim != 1 or len(set(shapes)) > 1:
            raise ValueError(f"expected four vectors of one length, got shapes {shapes}")

    @classmethod
    def of_two_classes(cls, p_with_mask: NDArray[np.float64], p_face: NDArray[np.float64]) -> Self:
        """The predictions of a network without the class `WORN_WRONG`.

        Args:
            p_with_mask: float64 (N,), 0 to 1 or NaN.
            p_face: float64 (N,), 0 to 1 or NaN.
        """
        p_worn_wrong = np.where(np.isfinite(p_with_mask), 0.0, np.nan)
        return cls(p_with_mask, p_worn_wrong, 1.0 - p_with_mask, p_face)

    def __getitem__(self, index: int) -> MaskProbabilities:
        """Probabilities of one crop."""
        return MaskProbabilities(
            float(self.p_with_mask[index]),
            float(self.p_worn_wrong[index]),
            float(self.p_without_mask[index]),
        )

    def __iter__(self) -> Iterator[MaskProbabilities]:
        """Probabilities of each crop."""
        return (self[index] for index in range(len(self)))

    def __len__(self) -> int:
        """Number of crops."""
        return len(self.p_with_mask)


def validate_min_confidence(min_confidence: float) -> float:
    """Return the threshold unchanged if it lies in [0.5, 1), else raise ValueError."""
    if not 0.5 <= min_confidence < 1.0:
        raise ValueError(f"min_confidence must be at least 0.5 and below 1, got {min_confidence}")
    return min_confidence


def decide(
    probabilities: MaskProbabilities, min_confidence: float, *, two_classes: bool = False
) -> Verdict:
    """Apply the confidence threshold to the probabilities of a face.

    Args:
        probabilities: of the face; not finite where the network failed.
        min_confidence: minimum probability of the most probable class, 0.5 <= c < 1.
        two_classes: count a mask worn wrong as no mask: the sum of ``p_worn_wrong`` and
            ``p_without_mask`` then decides, and the verdict is never WORN_WRONG.

    Returns:
        The class whose probability reaches the threshold, else NOT_SURE. Anything outside 0 to 1,
        NaN and infinities included, is NOT_SURE.

    Raises:
        ValueError: the threshold is out of its range.
    """
    validate_min_confidence(min_confidence)
    if not probabilities.are_valid:
        return Verdict.NOT_SURE
    if two_classes:
        probabilities = probabilities.as_two_classes()
    p_with_mask, p_worn_wrong, p_without_mask = probabilities
    if p_with_mask >= min_confidence:
        return Verdict.WITH_MASK
    if p_without_mask >= min_confidence:
        return Verdict.WITHOUT_MASK
    if p_worn_wrong >= min_confidence:
        return Verdict.WORN_WRONG
    return Verdict.NOT_SURE


def validate_rgb(image_rgb: NDArray[Any]) -> None:
    """Raise ValueError unless the array is uint8 of shape (H, W, 3) with at least one pixel."""
    if not isinstance(image_rgb, np.ndarray):
        raise ValueError(f"expected a numpy array (H, W, 3), got {type(image_rgb).__name__}")
    if image_rgb.dtype != np.uint8:
        raise ValueError(f"expected an image of dtype uint8, got {image_rgb.dtype}")
    if image_rgb.ndim != 3 or image_rgb.shape[2] != 3 or image_rgb.size == 0:
        raise ValueError(f"expected an image of shape (H, W, 3), got {image_rgb.shape}")


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face's rectangle in px from the top left corner of the image.

    A finder's box may reach past the edge of the image.

    Attributes:
        x: left edge, px.
        y: top edge, px.
        w: width, px, 1 or more.
        h: height, px, 1 or more.
        score: of the finder; comparable between boxes of the same finder only, higher is better,
            not a probability.
    """

    x: int
    y: int
    w: int
    h: int
    score: float = 0.0

    def __post_init__(self) -> None:
        """Validate the size.

        Raises:
            ValueError: width or height below 1 px.
        """
        if self.w < 1 or self.h < 1:
            raise ValueError(f"a face box needs w and h of at least 1 px, got {self.w} x {self.h}")

    @property
    def xywh(self) -> tuple[int, int, int, int]:
        """Left, top, width and height in px."""
        return (self.x, self.y, self.w, self.h)

    def iou(self, other: "FaceBox") -> float:
        """Intersection over union with another box, 0 to 1."""
        intersection = self._intersection(other)
        return intersection / (self.w * self.h + other.w * other.h - intersection)

    def intersection_over_smaller(self, other: "FaceBox") -> float:
        """Intersection over the area of the smaller box, 0 to 1."""
        return self._intersection(other) / min(self.w * self.h, other.w * other.h)

    def _intersection(self, other: "FaceBox") -> int:
        w = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        h = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return max(w, 0) * max(h, 0)

    def clipped(self, width_px: int, height_px: int) -> "FaceBox | None":
        """The part inside an image of the given size in px, None if the box lies outside."""
        x0, y0 = max(self.x, 0), max(self.y, 0)
        x1, y1 = min(self.x + self.w, width_px), min(self.y + self.h, height_px)
        if x1 <= x0 or y1 <= y0:
            return None
        return FaceBox(x0, y0, x1 - x0, y1 - y0, self.score)


@dataclass(frozen=True, slots=True)
class Face:
    """One face with its verdict.

    Attributes:
        box: clipped to the image.
        p_with_mask: probability of a mask that covers mouth and nose, 0 to 1; NaN where the
            network failed.
        p_worn_wrong: probability of a mask that leaves nose or mouth free, as above.
        p_without_mask: probability of no mask, as above; the three sum to 1.
        verdict: of the probabilities at the detector's threshold.
        finder_box: the finder's box, which may reach past the edge of the image; the classified
            crop is cut around it. None where it is not known, as in a journal or after resizing.
    """

    box: FaceBox
    p_with_mask: float
    p_worn_wrong: float
    p_without_mask: float
    verdict: Verdict
    finder_box: FaceBox | None = None

    @classmethod
    def of_two_classes(
        cls, box: FaceBox, p_with_mask: float, verdict: Verdict, finder_box: FaceBox | None = None
    ) -> Self:
        """A face with the probabilities of a network without the class `WORN_WRONG`."""
        return cls(box, *MaskProbabilities.of_two_classes(p_with_mask), verdict, finder_box)

    @property
    def probabilities(self) -> MaskProbabilities:
        """All three."""
        return MaskProbabilities(self.p_with_mask, self.p_worn_wrong, self.p_without_mask)

    @property
    def crop_box(self) -> FaceBox:
        """The box to cut the classifier's crop around: ``finder_box`` where it is known."""
        return self.box if self.finder_box is None else self.finder_box


@dataclass(frozen=True, slots=True)
class Detections:
    """All faces of one image, highest finder score first. No faces is an ordinary value.

    Attributes:
        width_px: of the image.
        height_px: of the image.
        faces: with verdicts.
        unjudged: boxes that were found but not classified: beyond the detector's ``max_faces``, or
            live, of faces that nobody has looked at lately.
        two_classes: whether the verdicts count a mask worn wrong as no mask; see `decide`.
    """

    width_px: int
    height_px: int
    faces: tuple[Face, ...] = ()
    unjudged: tuple[FaceBox, ...] = ()
    two_classes: bool = False

    def __post_init__(self) -> None:
        """Validate sizes and boxes.

        Raises:
            ValueError: a size below 1 px, or a box that is not inside the image.
        """
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError(f"a picture is at least 1 x 1, got {self.width_px}x{self.height_px}")
        for box in self.boxes:
            if box.clipped(self.width_px, self.height_px) != box:
                raise ValueError(
                    f"face box {box.xywh} is not inside {self.width_px}x{self.height_px} px"
                )

    def __iter__(self) -> Iterator[Face]:
        """Iterate over the faces."""
        return iter(self.faces)

    def __len__(self) -> int:
        """Number of faces with a verdict."""
        return len(self.faces)

    @property
    def boxes(self) -> tuple[FaceBox, ...]:
        """Boxes of all faces, those without a verdict last."""
        return (*(face.box for face in self.faces), *self.unjudged)

    def count(self, verdict: Verdict) -> int:
        """Number of faces with this verdict."""
        return sum(face.verdict is verdict for face in self.faces)

    def resized(self, width_px: int, height_px: int) -> "Detections":
        """The same faces in the image scaled to another size.

        Args:
            width_px: of the scaled image, 1 or more.
            height_px: of the scaled image, 1 or more.

        Returns:
            Detections with scaled boxes of at least 1 px. Finder boxes, from which crops are cut,
            are scaled too: enlarged and scaled back, they are exactly the same.

        Raises:
            ValueError: a size below 1 px.
        """
        scale_x, scale_y = width_px / self.width_px, height_px / self.height_px

        def scaled(box: FaceBox) -> FaceBox:
            x0, y0 = (
                min(int(box.x * scale_x), width_px - 1),
                min(int(box.y * scale_y), height_px - 1),
            )
            x1 = min(max(round((box.x + box.w) * scale_x), x0 + 1), width_px)
            y1 = min(max(round((box.y + box.h) * scale_y), y0 + 1), height_px)
            return FaceBox(x0, y0, x1 - x0, y1 - y0, box.score)

        def scaled_finder_box(box: FaceBox | None) -> FaceBox | None:
            if box is None:
                return None
            w, h = max(1, round(box.w * scale_x)), max(1, round(box.h * scale_y))
            return FaceBox(round(box.x * scale_x), round(box.y * scale_y), w, h, box.score)

        faces = tuple(
            replace(
                face,
                box=scaled(face.box),
                finder_box=scaled_finder_box(face.finder_box),
            )
            for face in self.faces
        )
        unjudged = tuple(map(scaled, self.unjudged))
        return Detections(width_px, height_px, faces, unjudged, self.two_classes)

    def with_min_confidence(
        self, min_confidence: float, *, two_classes: bool = False
    ) -> "Detections":
        """The same faces with verdicts at another threshold.

        Args:
            min_confidence: see `decide`.
            two_classes: see `decide`.

        Raises:
            ValueError: the threshold is out of its range.
        """
        faces = tuple(
            replace(
                face, verdict=decide(face.probabilities, min_confidence, two_classes=two_classes)
            )
            for face in self.faces
        )
        return replace(self, faces=faces, two_classes=two_classes)
