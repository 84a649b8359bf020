"""One camera frame in the forms that finder, tracker and annotator need, each made once."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from maskdet_core.live.optical_flow import Grey, shrink
from maskdet_core.types import RgbImage

if TYPE_CHECKING:
    import av


_FULL_RANGE: Final = 2
"""FFmpeg's AVCOL_RANGE_JPEG."""


class LiveFrame:
    """A frame's pixels, turned into other forms when they are first asked for.

    Browsers send yuv420p with even sides. Its brightness is there for nothing, and its colours
    are converted with OpenCV, three times as fast as swscale; all else goes through swscale.
    """

    def __init__(self, frame: "av.VideoFrame", at_s: float, *, mirrored: bool = False) -> None:
        """Take a frame over; its pixels are read, never changed.

        Args:
            frame: of any size and pixel format.
            at_s: when it came.
            mirrored: whether left and right change places in all that is handed out.
        """
        self.source = frame
        self.at_s = at_s
        self.width_px, self.height_px = frame.width, frame.height
        self._mirrored = mirrored
        self._planar = (
            frame.format.name == "yuv420p"
            and frame.width % 2 == 0
            and frame.height % 2 == 0
            # full range is not what OpenCV expects
            and frame.color_range != _FULL_RANGE
        )
        self._planes = np.asarray(frame.to_ndarray(), np.uint8) if self._planar else None

    @cached_property
    def grey(self) -> Grey:
        """Brightness, small, for following."""
        if self._planes is None:
            return shrink(np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8))
        small = shrink(self._planes[: self.height_px])
        return _flipped(small) if self._mirrored else small

    @cached_property
    def rgb(self) -> RgbImage:
        """uint8 (H, W, 3)."""
        if self._planes is not None:
            image = np.asarray(cv2.cvtColor(self._planes, cv2.COLOR_YUV2RGB_I420), np.uint8)
        else:
            image = np.asarray(self.source.to_ndarray(format="rgb24"), np.uint8)
        return _flipped(image) if self._mirrored else image

    def redrawn(self, image_rgb: RgbImage) -> "av.VideoFrame":
        """A new frame with other pixels, uint8 RGB of the same size, and this one's time."""
        make = type(self.source).from_ndarray
        if self._planar:
            planes = np.asarray(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2YUV_I420), np.uint8)
            drawn = make(planes, format="yuv420p")
        else:
            drawn = make(image_rgb, format="rgb24")
        drawn.pts = self.source.pts
        if self.source.time_base is not None:
            drawn.time_base = self.source.time_base
        return drawn


def _flipped(image: RgbImage) -> RgbImage:
    return np.asarray(cv2.flip(image, 1), np.uint8)
