"""Crops of face windows: what the verifier sees, cut alike in training and serving."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.pyramid import halved
from maskdet_core.types import RgbImage

MAX_SIDE_PX: Final = 32_000
"""`cv2.remap` counts pixels of source and result in 16 bits: a longer copy of an image is halved
once more, and crops are cut in parts."""

Windows = NDArray[np.float64]
"""Windows of faces: float64, shape (N, 3), centre x, centre y and side in px of the image."""


class WindowCutter:
    """Cuts windows out of one image. Not thread-safe: use one for each call."""

    def __init__(self, image_rgb: RgbImage) -> None:
        """Keep the image; halved copies are made when they are needed.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
        """
        self._levels: list[NDArray[np.uint8]] = [image_rgb]

    def cut(self, windows: Windows, context: float, size_px: int) -> NDArray[np.uint8]:
        """The windows with their surroundings, at one size.

        Bilinear sampling skips pixels where it shrinks by more than 2, so that a window is cut from
        a copy of the image in which it is less than twice as large as its crop.

        Args:
            windows: (N, 3) centre x, centre y and side, px; one may reach past the edge of the
                image, which is repeated.
            context: side of the crop, in sides of the window.
            size_px: side of the crop in px of the result.

        Returns:
            uint8 (N, size_px, size_px, 3), RGB.
        """
        crops = np.empty((len(windows), size_px, size_px, 3), np.uint8)
        if not len(windows):
            return crops
        shrinks = context * windows[:, 2] / size_px
        wanted = np.floor(np.log2(np.maximum(shrinks, 1.0))).astype(int)
        levels = np.maximum(wanted, self._first_level())
        most = MAX_SIDE_PX // size_px
        for level in np.unique(levels):
            source, scale = self._level(int(level)), 0.5 ** int(level)
            of_level = np.flatnonzero(levels == level)
            for start in range(0, len(of_level), most):
                index = of_level[start : start + most]
                crops[index] = _sampled(source, scale, windows[index], shrinks[index], size_px)
        return crops

    def _first_level(self) -> int:
        return max(0, math.ceil(math.log2(max(self._levels[0].shape[:2]) / MAX_SIDE_PX)))

    def _level(self, level: int) -> NDArray[np.uint8]:
        while level >= len(self._levels):
            self._levels.append(halved(self._levels[-1]))
        return self._levels[level]


def _sampled(
    source: NDArray[np.uint8],
    scale: float,
    windows: Windows,
    shrinks: NDArray[np.float64],
    size: int,
) -> NDArray[np.uint8]:
    # from the centre of each pixel of a crop to that of the image, then of its smaller copy
    steps = (np.arange(size) + 0.5 - size / 2) * shrinks[:, None]
    x = ((windows[:, :1] + steps) * scale - 0.5).astype(np.float32)
    y = ((windows[:, 1:2] + steps) * scale - 0.5).astype(np.float32)
    shape = (len(windows), size, size)
    sampled = cv2.remap(
        source,
        np.broadcast_to(x[:, None, :], shape).reshape(-1, size),
        np.broadcast_to(y[:, :, None], shape).reshape(-1, size),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(sampled, np.uint8).reshape(*shape, 3)
