"""A stand-in for a network of three classes, for portraits with a drawn light blue mask.

It looks at how far below the eyes the blue begins: above the tip of the nose, below it, or nowhere.
The finder's box follows a mask down, so that rows of the crop alone would not tell. So pages and
downloads can be tested with all verdicts without a network of three classes, and without a picture
of a real person who wears a mask wrong.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.classifier import validate_crops
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import NO_FACE, WITH_MASK, WITHOUT_MASK, WORN_WRONG, Predictions
from train.samples import portrait as samples

UNDER_NOSE_PX: Final = 30
"""On the doubled portrait: a mask that is drawn so much lower leaves the nose free."""
_NOSE_ROWS: Final = 22
"""From the eyes down to the tip of the nose, in rows of a crop of 128 px: worn right, the mask
begins 13 to 16 rows below the eyes, under the nose 30 or more."""
_MIDDLE: Final = slice(40, 88)
"""Columns of a crop that show the middle of the face."""
_EYES: Final = (slice(24, 56), slice(72, 104))
"""Columns that show one eye each."""
_LEAST_EYE_ROW: Final = 16
_EYE_ROWS: Final = 7
"""Above an eye and below it, at this distance, the face is bright."""
_FOREHEAD: Final = slice(30, 60)
"""Rows that show brow and eyes."""
_LEAST_BRIGHTNESS: Final = 110
"""Of these rows in a face, whose mean is 170 and more; what else the finder takes for one, a patch
of the suit, has 55."""
_PROBABILITIES: Final = {
    WITH_MASK: (0.93, 0.05, 0.02),
    WORN_WRONG: (0.17, 0.76, 0.07),
    WITHOUT_MASK: (0.01, 0.035, 0.955),
}
"""Of mask, worn wrong and no mask."""
MANIFEST: Final = ModelManifest(
    "drawn-masks",
    "drawn-masks.tflite",
    "0" * 64,
    1,
    architecture="stand-in",
    classes=(WITH_MASK, WORN_WRONG, WITHOUT_MASK, NO_FACE),
)


class DrawnMaskClassifier:
    """Classifies portraits with a drawn mask; a `maskdet_core.masks.classifier.Classifier`."""

    manifest = MANIFEST

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        """Classify crops, uint8 (N, 128, 128, 3) RGB."""
        validate_crops(crops, MANIFEST.input_size_px)
        rows = np.array([_PROBABILITIES[_label(crop)] for crop in crops], float).reshape(-1, 3)
        p_with_mask, p_worn_wrong, p_without_mask = rows.T
        brows = crops[:, _FOREHEAD, _MIDDLE].reshape(len(crops), -1)
        is_face = brows.astype(float).mean(axis=1) >= _LEAST_BRIGHTNESS
        return Predictions(p_with_mask, p_worn_wrong, p_without_mask, is_face.astype(float))

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Maps without any preference, float64 (N, 4, 4)."""
        return np.zeros((len(crops), 4, 4))


def write_manifest(folder: Path) -> Path:
    """Write the stand-in's manifest, for the setting `MASKDET_MODEL`; without a network beside it.

    Returns:
        The file.
    """
    path = folder / "drawn-masks.json"
    MANIFEST.save(path)
    return path


def draw_worn_wrong(portrait_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a mask under the nose of the portrait.

    Args:
        portrait_rgb: see `train.samples.portrait.portrait`.

    Returns:
        The portrait at twice its size, uint8 (1024, 1024, 3).
    """
    picture = samples.doubled(portrait_rgb).copy()
    lowered = np.roll(samples.draw_mask(portrait_rgb), UNDER_NOSE_PX, axis=0)
    is_mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(is_mask, [samples.MASK_OUTLINE + np.array([0, UNDER_NOSE_PX])], 255)
    picture[is_mask > 0] = lowered[is_mask > 0]
    return picture


def _label(crop_rgb: NDArray[np.uint8]) -> str:
    middle = crop_rgb[:, _MIDDLE].astype(int)
    is_blue = (middle[..., 2] > middle[..., 0] + 8).mean(axis=1) > 0.5
    if not is_blue.any():
        return WITHOUT_MASK
    begins = int(is_blue.argmax())
    return WITH_MASK if begins - _eye_row(crop_rgb, begins) < _NOSE_ROWS else WORN_WRONG


def _eye_row(crop_rgb: NDArray[np.uint8], end: int) -> int:
    """The row before `end` that is darkest beside those above and below it."""
    rows = np.arange(_LEAST_EYE_ROW, max(_LEAST_EYE_ROW + 1, end - _EYE_ROWS + 1))
    grey = crop_rgb.astype(float).mean(axis=2)
    profile = np.hstack([grey[:, columns] for columns in _EYES]).mean(axis=1)
    profile = np.convolve(profile, np.ones(3) / 3, "same")
    contrast = profile[rows - _EYE_ROWS] + profile[rows + _EYE_ROWS] - 2 * profile[rows]
    return int(rows[contrast.argmax()])
