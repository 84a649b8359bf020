"""Painted people: squares of texture, green with a mask and red without, that fakes recognise."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core import FaceBox, MaskDetector
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Predictions

WIDTH_PX: Final = 320
HEIGHT_PX: Final = 240
SIDE_PX: Final = 64
_COLOURED: Final = 60
"""Least difference between red and green of a painted face."""

Painted = tuple[int, int, str, int]
"""Left, top, "mask" or "bare", and which person: each has a texture of its own."""


def picture(*people: Painted, background: int = 1) -> NDArray[np.uint8]:
    """A frame, uint8 RGB (240, 320, 3)."""
    image = np.repeat(_texture(background, HEIGHT_PX, WIDTH_PX, 90, 140)[..., None], 3, axis=2)
    for x, y, wears, person in people:
        face = _texture(100 + person, SIDE_PX, SIDE_PX, 0, 100)
        strong, weak = 1, 0
        if wears == "bare":
            strong, weak = weak, strong
        image[y : y + SIDE_PX, x : x + SIDE_PX, strong] = 140 + face
        image[y : y + SIDE_PX, x : x + SIDE_PX, weak] = face // 4
        image[y : y + SIDE_PX, x : x + SIDE_PX, 2] = face // 2
    return image


def film(
    length_s: float, people_at: Callable[[float], list[Painted]], fps: float = 10.0
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Frames with times."""
    for n in range(round(length_s * fps)):
        yield n / fps, picture(*people_at(n / fps))


class PaintedFinder:
    """Finds painted squares."""

    scores_are_log_odds = False
    fingerprint: Final[dict[str, Any]] = {"name": "painted", "definition": {}, "settings": {}}

    def __init__(self) -> None:
        self.n_runs = 0

    def find(self, image_rgb: NDArray[np.uint8], *, min_face_px: int) -> list[FaceBox]:
        self.n_runs += 1
        coloured = (np.abs(_difference(image_rgb)) > _COLOURED).astype(np.uint8)
        coloured = cv2.morphologyEx(coloured, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(coloured)
        return [
            FaceBox(*(int(side) for side in one[:4]), 1.0)
            for one in stats[1:]
            if one[3] >= min_face_px
        ]


class PaintedNetwork:
    """Tells green from red, and both from the background."""

    def __init__(self) -> None:
        self.manifest = ModelManifest("painted", "painted.tflite", "0" * 64, 1, input_size_px=32)
        self.n_crops = 0

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        self.n_crops += len(crops)
        middle = crops[:, 8:24, 8:24]
        difference = np.array([_difference(crop).mean() for crop in middle])
        p_with_mask = np.where(difference > 0, 0.97, 0.03)
        p_face = np.where(np.abs(difference) > _COLOURED, 0.99, 0.01)
        return Predictions.of_two_classes(p_with_mask, p_face)

    def activation_map(self, crops: NDArray[np.uint8]) -> None:
        return None


def painted_detector() -> MaskDetector:
    """A detector of painted people."""
    return MaskDetector(PaintedFinder(), PaintedNetwork(), min_confidence=0.6)  # type: ignore[arg-type]


def _texture(seed: int, height: int, width: int, low: int, high: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(low, high, (height // 8, width // 8))
    size = (width, height)
    return np.asarray(cv2.resize(coarse.astype(np.uint8), size, interpolation=cv2.INTER_CUBIC))


def _difference(image_rgb: NDArray[np.uint8]) -> NDArray[np.int16]:
    return image_rgb[..., 1].astype(np.int16) - image_rgb[..., 0].astype(np.int16)
