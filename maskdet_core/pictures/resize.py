"""Pictures made smaller for a screen or a report."""

import cv2
import numpy as np

from maskdet_core.types import RgbImage, validate_rgb


def shrink_within(image_rgb: RgbImage, side_px: int) -> RgbImage:
    """Shrink an image so that no side is longer than ``side_px``.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        side_px: longest side of the result, 1 or more.

    Returns:
        uint8 (H, W, 3): the image itself where it is small enough, else a new one of the same
        aspect ratio.

    Raises:
        ValueError: no uint8 RGB image, or ``side_px`` below 1.
    """
    validate_rgb(image_rgb)
    if side_px < 1:
        raise ValueError(f"side_px must be 1 or more, got {side_px}")
    height, width = image_rgb.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return image_rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
