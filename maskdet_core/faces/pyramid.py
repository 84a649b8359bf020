"""Luma, rotation and image pyramids for the cascades."""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import RgbImage

GreyImage = NDArray[np.uint8]
"""Luma: uint8, shape (height, width)."""


def grey_image(image_rgb: RgbImage) -> GreyImage:
    """Luma (ITU-R BT.601) of a uint8 RGB image (H, W, 3), as uint8 (H, W)."""
    return np.asarray(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def rotate(
    image: NDArray[np.uint8], tilt_deg: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Rotate the whole image about its centre; the edge is repeated into the corners.

    Args:
        image: uint8 (H, W) or (H, W, 3), not changed; returned itself at 0 degrees.
        tilt_deg: counter-clockwise.

    Returns:
        The rotated image, large enough for all of the original, and the affine matrix (2, 3) from
        points of the original to points of the result.
    """
    if tilt_deg == 0:
        return image, np.eye(2, 3)
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), tilt_deg, 1.0)
    size = [math.ceil(side) for side in np.abs(matrix[:, :2]) @ np.array([width, height])]
    matrix[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    rotated = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(rotated, np.uint8), np.asarray(matrix, np.float64)


def pyramid(
    grey: GreyImage, *, first: float, step: float, min_side_px: int
) -> Iterator[tuple[GreyImage, float]]:
    """Smaller and smaller copies of an image, each with its scale.

    Levels are averaged (`INTER_AREA`): the scaling inside ``detectMultiScale`` skips pixels of
    large faces. A small level is made from a halved image, so that a large photo is not read in
    full for each level.

    Args:
        grey: uint8 (H, W), not changed.
        first: scale of the first level.
        step: ratio of neighbouring scales, above 1.
        min_side_px: the pyramid ends before a side would be shorter than this.

    Yields:
        The level, uint8 (H, W), and its scale relative to ``grey``.
    """
    source, source_scale, scale = grey, 1.0, first
    while True:
        width, height = round(grey.shape[1] * scale), round(grey.shape[0] * scale)
        if min(width, height) < min_side_px:
            return
        if scale < source_scale / 4:
            half = (max(1, source.shape[1] // 2), max(1, source.shape[0] // 2))
            source = np.asarray(cv2.resize(source, half, interpolation=cv2.INTER_AREA), np.uint8)
            source_scale /= 2
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        level = cv2.resize(source, (width, height), interpolation=method)
        yield np.asarray(level, np.uint8), scale
        scale /= step
