"""Show what spoke for a verdict, by place."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.draw.annotate import COLOURS
from maskdet_core.types import RgbImage, Verdict, validate_rgb

FULL_LOG_ODDS: Final = 40.0
"""Three quarters of the full colour. The places of plain faces reach 30 to 90 either way, those of
faces that are "not sure" stay below 10, so that these remain grey."""
_OPACITY: Final = 0.72
_SIGN_FROM: Final = 0.35
"""Least colour, 0 to 1, that gets a sign."""
_WHITE: Final = (255, 255, 255)
_INK: Final = (20, 34, 46)


def draw_activation_map(crop_rgb: RgbImage, log_odds: NDArray[Any], size_px: int = 256) -> RgbImage:
    """A face in grey, tinted by what each place contributed to its verdict.

    Blue and a plus speak for a mask, vermilion and a minus against it; the sign's size is the
    strength, so that it reads without colour.

    Args:
        crop_rgb: what the classifier saw, uint8 (H, W, 3), not changed.
        log_odds: by place, (rows, columns), as `MaskClassifier.activation_map` gives them for
            one crop; places that are not finite stay grey.
        size_px: side of the result.

    Returns:
        uint8 (size_px, size_px, 3) RGB.

    Raises:
        ValueError: no uint8 RGB image, log odds of another shape, or a size below 1 px.
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
    picture: RgbImage = np.rint(blended).astype(np.uint8)
    _draw_signs(picture, strength)
    return picture


def _draw_signs(picture: RgbImage, strength: NDArray[np.float32]) -> None:
    rows, columns = strength.shape
    high, wide = picture.shape[0] / rows, picture.shape[1] / columns
    for (row, column), value in np.ndenumerate(strength):
        if abs(value) < _SIGN_FROM:
            continue
        x, y = round((column + 0.5) * wide), round((row + 0.5) * high)
        reach = round(0.22 * min(high, wide) * abs(float(value)))
        thickness = max(1, round(min(high, wide) / 18))
        # the dark line below keeps the white one visible on a white mask
        for colour, stroke in ((_INK, thickness + 2), (_WHITE, thickness)):
            cv2.line(picture, (x - reach, y), (x + reach, y), colour, stroke, cv2.LINE_AA)
            if value > 0:
                cv2.line(picture, (x, y - reach), (x, y + reach), colour, stroke, cv2.LINE_AA)
