"""Make faces unrecognisable in pictures that leave the app."""

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np

from maskdet_core.types import FaceBox, RgbImage, validate_rgb

_REACH: Final = 1.35
"""The blurred oval beside the box: it takes in chin, ears and hairline."""
_CELLS: Final = 6
"""Mean colours a face's side is reduced to before it is smoothed: what is left has 36 values, so
that no sharpening brings the face back, as it can after a blur alone."""
_EDGE: Final = 0.08
"""Width of the oval's soft edge as a share of the face."""


def blur_faces(image_rgb: RgbImage, boxes: Iterable[FaceBox]) -> RgbImage:
    """Blur an oval around each face beyond recognition.

    Args:
        image_rgb: uint8 (H, W, 3); not changed.
        boxes: faces, in px; may reach past the picture.

    Returns:
        A new uint8 array of the same shape.

    Raises:
        ValueError: no uint8 RGB image.
    """
    validate_rgb(image_rgb)
    canvas = np.array(image_rgb, order="C")
    height, width = canvas.shape[:2]
    for box in boxes:
        across, down = box.w * _REACH, box.h * _REACH
        around = FaceBox(
            round(box.x + (box.w - across) / 2),
            round(box.y + (box.h - down) / 2),
            max(1, round(across)),
            max(1, round(down)),
        )
        inside = around.clipped(width, height)
        if inside is None:
            continue
        rows = slice(inside.y, inside.y + inside.h)
        columns = slice(inside.x, inside.x + inside.w)
        part = canvas[rows, columns]
        cells = cv2.resize(part, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
        smooth = cv2.resize(cells, (inside.w, inside.h), interpolation=cv2.INTER_CUBIC)
        weight = _oval(around)[
            inside.y - around.y : inside.y - around.y + inside.h,
            inside.x - around.x : inside.x - around.x + inside.w,
        ]
        canvas[rows, columns] = np.rint(part * (1 - weight) + smooth * weight).astype(np.uint8)
    return canvas


def _oval(box: FaceBox) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Weights (h, w, 1): 1 on the face, 0 in the corners, soft between."""
    y = (np.arange(box.h, dtype=np.float32) + 0.5) / box.h * 2 - 1
    x = (np.arange(box.w, dtype=np.float32) + 0.5) / box.w * 2 - 1
    distance = np.sqrt(y[:, None] ** 2 + x[None, :] ** 2)
    return np.clip((1 - distance) / (2 * _EDGE), 0, 1)[:, :, None].astype(np.float32)
