"""Make faces unrecognisable in images that leave the app."""

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np

from maskdet_core.types import FaceBox, RgbImage, validate_rgb

_OVAL_SCALE: Final = 1.35
"""Size of the blurred oval relative to the box, so that it covers chin, ears and hairline."""
_CELLS: Final = 6
"""Cells along each side of the pixelation before smoothing: 36 mean colours remain, so that no
deconvolution restores the face, as it can after a blur alone."""
_EDGE: Final = 0.08
"""Width of the oval's soft edge, in sides of the oval."""


def blur_faces(image_rgb: RgbImage, boxes: Iterable[FaceBox]) -> RgbImage:
    """Blur an oval around each face beyond recognition.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        boxes: faces, px; may reach past the edge of the image.

    Returns:
        A new uint8 array (H, W, 3), RGB.

    Raises:
        ValueError: no uint8 RGB image.
    """
    validate_rgb(image_rgb)
    canvas = np.array(image_rgb, order="C")
    height, width = canvas.shape[:2]
    for box in boxes:
        oval_w, oval_h = box.w * _OVAL_SCALE, box.h * _OVAL_SCALE
        oval = FaceBox(
            round(box.x + (box.w - oval_w) / 2),
            round(box.y + (box.h - oval_h) / 2),
            max(1, round(oval_w)),
            max(1, round(oval_h)),
        )
        inside = oval.clipped(width, height)
        if inside is None:
            continue
        rows = slice(inside.y, inside.y + inside.h)
        columns = slice(inside.x, inside.x + inside.w)
        part = canvas[rows, columns]
        cells = cv2.resize(part, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
        smooth = cv2.resize(cells, (inside.w, inside.h), interpolation=cv2.INTER_CUBIC)
        weight = _oval_weights(oval)[
            inside.y - oval.y : inside.y - oval.y + inside.h,
            inside.x - oval.x : inside.x - oval.x + inside.w,
        ]
        canvas[rows, columns] = np.rint(part * (1 - weight) + smooth * weight).astype(np.uint8)
    return canvas


def _oval_weights(box: FaceBox) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Weights (h, w, 1), 0 to 1: 1 on the face, 0 in the corners, linear between."""
    y = (np.arange(box.h, dtype=np.float32) + 0.5) / box.h * 2 - 1
    x = (np.arange(box.w, dtype=np.float32) + 0.5) / box.w * 2 - 1
    distance = np.sqrt(y[:, None] ** 2 + x[None, :] ** 2)
    return np.clip((1 - distance) / (2 * _EDGE), 0, 1)[:, :, None].astype(np.float32)
