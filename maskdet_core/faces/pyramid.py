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
    """Luma of an RGB picture, uint8 (H, W)."""
    return np.asarray(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def rotate(
    picture: NDArray[np.uint8], tilt_deg: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The whole picture turned about its centre, its corners filled by repeating the edge.

    Args:
        picture: uint8 (H, W) or (H, W, 3), unchanged; at 0 degrees it is handed back itself.
        tilt_deg: counter-clockwise.

    Returns:
        The turned picture, large enough for all of it, and the affine matrix (2, 3) from points of
        the one to points of the other.
    """
    if tilt_deg == 0:
        return picture, np.eye(2, 3)
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), tilt_deg, 1.0)
    size = [math.ceil(side) for side in np.abs(matrix[:, :2]) @ np.array([width, height])]
    matrix[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    turned = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8), np.asarray(matrix, np.float64)


def pyramid(
    grey: GreyImage, *, first: float, step: float, least_px: int
) -> Iterator[tuple[GreyImage, float]]:
    """The picture ever smaller, with the factor from the picture to each level.

    Levels are averaged down (`INTER_AREA`), since OpenCV's own pyramid samples single pixels of
    large faces; from half to half, so that a large photograph is not read anew for each level.

    Args:
        grey: uint8 (H, W).
        first: factor of the first level.
        step: ratio of neighbouring levels, above 1.
        least_px: the pyramid ends where a side would be shorter.
    """
    source, source_zoom, zoom = grey, 1.0, first
    while True:
        width, height = round(grey.shape[1] * zoom), round(grey.shape[0] * zoom)
        if min(width, height) < least_px:
            return
        if zoom < source_zoom / 4:
            half = (max(1, source.shape[1] // 2), max(1, source.shape[0] // 2))
            source = np.asarray(cv2.resize(source, half, interpolation=cv2.INTER_AREA), np.uint8)
            source_zoom /= 2
        method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
        level = cv2.resize(source, (width, height), interpolation=method)
        yield np.asarray(level, np.uint8), zoom
        zoom /= step
