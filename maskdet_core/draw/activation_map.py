"""Draw class activation maps (CAM; Zhou et al., CVPR 2016) over face crops."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.draw.annotate import COLOURS
from maskdet_core.types import RgbImage, Verdict, validate_rgb

FULL_LOG_ODDS: Final = 40.0
"""Log odds drawn at three quarters of the full colour (tanh 1). Locations of clear faces reach 30
to 90 either way; those of faces that are "not sure" stay below 10 and thus nearly grey."""
_OPACITY: Final = 0.72
_MIN_SIGN_STRENGTH: Final = 0.35
"""Strength, 0 to 1, from which a location gets a sign."""
_WHITE: Final = (255, 255, 255)
_INK: Final = (20, 34, 46)


def draw_activation_map(crop_rgb: RgbImage, log_odds: NDArray[Any], size_px: int = 256) -> RgbImage:
    """Draw a class activation map over a face crop.

    The crop is shown in grey. Locations for a mask are tinted blue with a plus, locations against
    it vermilion with a minus. The size of the sign shows the strength, so that the map can be read
    without colour.

    Args:
        crop_rgb: the classifier's crop, uint8 (H, W, 3), not changed.
        log_odds: log odds per location, (rows, columns), from `MaskClassifier.activation_map` for
            this crop; locations that are not finite stay grey.
        size_px: side of the result, px, 1 or more.

    Returns:
        uint8 (size_px, size_px, 3), RGB.

    Raises:
        ValueError: no uint8 RGB image, log odds of another shape, or ``size_px`` below 1.
    """
    validate_rgb(crop_rgb)
    if log_odds.ndim != 2 or not log_odds.size:
        raise ValueError(f"expected log odds of shape (rows, columns), got {log_odds.shape}")
    if size_px < 1:
        raise ValueError(f"size_px must be 1 or more, got {size_px}")
    finite = np.nan_to_num(log_odds, nan=0.0, posinf=0.0, neginf=0.0)
    strength = np.tanh(finite / FULL_LOG_ODDS).astype(np.float32)
    size = (size_px, size_px)
    grey = cv2.cvtColor(cv2.resize(crop_rgb, size), cv2.COLOR_RGB2GRAY)
    smooth = np.clip(cv2.resize(strength, size, interpolation=cv2.INTER_CUBIC), -1, 1)[:, :, None]
    tint = np.where(smooth > 0, COLOURS[Verdict.WITH_MASK], COLOURS[Verdict.WITHOUT_MASK])
    alpha = _OPACITY * np.abs(smooth)
    blended = grey[:, :, None] * (1 - alpha) + tint * alpha
    drawn: RgbImage = np.rint(blended).astype(np.uint8)
    _draw_signs(drawn, strength)
    return drawn


def _draw_signs(canvas: RgbImage, strength: NDArray[np.float32]) -> None:
    rows, columns = strength.shape
    cell_h, cell_w = canvas.shape[0] / rows, canvas.shape[1] / columns
    for (row, column), value in np.ndenumerate(strength):
        if abs(value) < _MIN_SIGN_STRENGTH:
            continue
        x, y = round((column + 0.5) * cell_w), round((row + 0.5) * cell_h)
        reach = round(0.22 * min(cell_h, cell_w) * abs(float(value)))
        thickness = max(1, round(min(cell_h, cell_w) / 18))
        # a dark outline keeps the white sign visible on a white mask
        for colour, stroke in ((_INK, thickness + 2), (_WHITE, thickness)):
            cv2.line(canvas, (x - reach, y), (x + reach, y), colour, stroke, cv2.LINE_AA)
            if value > 0:
                cv2.line(canvas, (x, y - reach), (x, y + reach), colour, stroke, cv2.LINE_AA)
