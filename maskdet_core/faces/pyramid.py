"""Luma and image pyramids for the cascade."""

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
