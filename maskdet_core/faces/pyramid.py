"""Luma and image pyramids for the cascades."""

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


def pyramid(
    grey: GreyImage, *, first: float, step: float, min_side_px: int
) -> Iterator[tuple[GreyImage, float]]:
    """Smaller and smaller copies of an image, each with its scale.

    A level is sampled bilinearly from the image or a halved copy that is less than twice as large:
    averaging takes several times as long, and the scaling inside ``detectMultiScale`` skips pixels
    of large faces.

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
        while scale <= source_scale / 2:
            source, source_scale = halved(source), source_scale / 2
        level = cv2.resize(source, (width, height), interpolation=cv2.INTER_LINEAR)
        yield np.asarray(level, np.uint8), scale
        scale /= step


def halved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (H, W) or (H, W, 3) at half its size; a side of 1 px stays.

    An odd last row or column is left out: OpenCV is many times as fast at exactly half the size as
    near it.
    """
    height, width = (max(1, side // 2) for side in image.shape[:2])
    even = image[: max(1, 2 * (image.shape[0] // 2)), : max(1, 2 * (image.shape[1] // 2))]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
