"""A decoded frame of a video, and its pixels in the size that is wanted."""

from dataclasses import dataclass, field
from typing import Final, Literal

import av
import numpy as np

from maskdet_core.types import RgbImage

SEARCH_PX: Final = 960
"""Longer side of a frame as it is searched: at 1/24 of it, a face is 40 px high."""

Rotation = Literal[0, 90, 180, 270]


@dataclass(frozen=True)
class VideoFrame:
    """One frame of a file or stream.

    Attributes:
        at_s: since the first frame.
        width_px: as it is shown.
        height_px: as it is shown.
    """

    at_s: float
    width_px: int
    height_px: int
    _frame: av.VideoFrame = field(repr=False)
    _rotation: Rotation = 0

    def scaled(self, max_side_px: int = SEARCH_PX) -> RgbImage:
        """The pixels, uint8 (H, W, 3), RGB, upright, the longer side at most so long."""
        width, height = fitted(self.width_px, self.height_px, max_side_px)
        if self._rotation in (90, 270):
            width, height = height, width
        # FFmpeg has fast code for either step, and none for both at once: a third of the time
        planes = "rgb24" if self._frame.format.is_rgb else "yuv420p"
        small = self._frame.reformat(width, height, planes, interpolation="AREA", threads=1)
        image = np.asarray(small.to_ndarray(format="rgb24", threads=1), np.uint8)
        turned = np.rot90(image, self._rotation // 90) if self._rotation else image
        return np.ascontiguousarray(turned)


def fitted(width_px: int, height_px: int, max_side_px: int) -> tuple[int, int]:
    """A size within a square of this side, of the same shape, never larger than it was."""
    scale = min(1.0, max_side_px / max(width_px, height_px))
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))
