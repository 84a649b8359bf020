"""Square crops around faces: one function for training and serving."""

import cv2
import numpy as np

from maskdet_core.masks.manifest import CropFraming
from maskdet_core.types import FaceBox, RgbImage, validate_rgb


def square_crop(image_rgb: RgbImage, box: FaceBox, framing: CropFraming, size_px: int) -> RgbImage:
    """Cut a square around a face box and scale it.

    Args:
        image_rgb: uint8 (H, W, 3), unchanged.
        box: face box in px; may reach past the picture or lie outside it.
        framing: the square's size and place relative to the box, from the model's manifest.
        size_px: side of the result in px.

    Returns:
        uint8 (size_px, size_px, 3), RGB, the caller's own. Past the picture's border its
        outermost pixels are repeated. Scaled with INTER_AREA down and INTER_LINEAR up.

    Raises:
        ValueError: no uint8 RGB image, or size_px below 1.
    """
    validate_rgb(image_rgb)
    if size_px < 1:
        raise ValueError(f"size_px must be 1 or more, got {size_px}")
    height, width = image_rgb.shape[:2]
    side = max(1, round(framing.scale * max(box.w, box.h)))
    x0 = round(box.x + box.w / 2 - side / 2)
    y0 = round(box.y + box.h / 2 + framing.shift_y * box.h - side / 2)
    if x0 >= 0 and y0 >= 0 and x0 + side <= width and y0 + side <= height:
        square = image_rgb[y0 : y0 + side, x0 : x0 + side]
    else:
        columns = np.clip(np.arange(x0, x0 + side), 0, width - 1)
        rows = np.clip(np.arange(y0, y0 + side), 0, height - 1)
        square = image_rgb[rows[:, None], columns[None, :]]
    if side == size_px:
        return np.array(square, order="C")
    method = cv2.INTER_AREA if side > size_px else cv2.INTER_LINEAR
    return cv2.resize(square, (size_px, size_px), interpolation=method).astype(np.uint8, copy=False)
