"""Reading training pictures and cutting the face out as the app will."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from train.data.datasets import FaceSample
from train.errors import DataError

IMAGE_SIZE_PX = 128
"""Side of the network's input: the original project's size."""

CROP_SCALE = 1.0
"""Side of the square crop over the longer side of the face box. The 12k crops, where the reference
detector finds a face, measure 1.0 (median of 9,895 boxes), so whole photographs are cut alike."""


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read a picture as uint8 RGB of shape (H, W, 3).

    Raises:
        DataError: the file is not a readable picture.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DataError(f"expected a picture, {path} cannot be decoded: remove or replace it")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def face_square(sample: FaceSample, height_px: int, width_px: int) -> tuple[float, float, float]:
    """Centre x, centre y and side, in px, of the square that frames the sample's face."""
    if sample.box is None:
        return width_px / 2, height_px / 2, float(max(height_px, width_px))
    x, y, w, h = sample.box
    side = CROP_SCALE * max(w * width_px, h * height_px)
    return (x + w / 2) * width_px, (y + h / 2) * height_px, side


def plain_crop(sample: FaceSample) -> NDArray[np.uint8]:
    """The sample's face, not augmented: uint8 RGB (128, 128, 3)."""
    rgb = read_rgb(sample.path)
    return square_crop(rgb, *face_square(sample, *rgb.shape[:2]))


def square_crop(rgb: NDArray[np.uint8], cx: float, cy: float, side: float) -> NDArray[np.uint8]:
    """The square about a centre, in px of the picture: uint8 RGB (128, 128, 3)."""
    if side > 2 * IMAGE_SIZE_PX:
        # warpAffine samples single pixels: shrink first or fine texture turns into noise
        shrink = IMAGE_SIZE_PX / side
        rgb = np.asarray(cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
        cx, cy, side = cx * shrink, cy * shrink, side * shrink
    zoom = IMAGE_SIZE_PX / side
    matrix = np.array(
        [[zoom, 0, IMAGE_SIZE_PX / 2 - cx * zoom], [0, zoom, IMAGE_SIZE_PX / 2 - cy * zoom]]
    )
    return warp(rgb, matrix)


def warp(rgb: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Map a picture through a 2×3 matrix to the network's size; the border is replicated."""
    return np.asarray(
        cv2.warpAffine(
            rgb,
            matrix,
            (IMAGE_SIZE_PX, IMAGE_SIZE_PX),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )
