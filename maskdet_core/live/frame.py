"""One frame in the forms that finder, tracker and annotator need, each converted at most once."""

from abc import ABC, abstractmethod
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


class LiveFrame(ABC):
    """One frame of a stream.

    Attributes:
        width_px: of the frame.
        height_px: of the frame.
        received_s: when it arrived, by the stream's clock.
        mirrored: whether left and right are swapped in all that it returns.
    """

    def __init__(self, width_px: int, height_px: int, received_s: float, *, mirrored: bool) -> None:
        """Note size and time."""
        self.width_px, self.height_px = width_px, height_px
        self.received_s = received_s
        self.mirrored = mirrored

    @cached_property
    def rgb(self) -> RgbImage:
        """The pixels, uint8 (H, W, 3), channels red, green, blue."""
        image = self._to_rgb()
        return _flipped(image) if self.mirrored else image

    @cached_property
    def grey(self) -> Grey:
        """Brightness, scaled down by `shrink`, for the tracker."""
        return shrink(np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8))

    @abstractmethod
    def _to_rgb(self) -> RgbImage:
        """The pixels as they came, not mirrored."""


class ArrayFrame(LiveFrame):
    """A frame from an RGB array."""

    def __init__(self, image_rgb: RgbImage, received_s: float, *, mirrored: bool = False) -> None:
        """Copy the pixels: the worker reads them later, when the caller may have reused the array.

        Args:
            image_rgb: uint8 (H, W, 3).
            received_s: when it arrived.
            mirrored: swap left and right.
        """
        height, width = image_rgb.shape[:2]
        super().__init__(width, height, received_s, mirrored=mirrored)
        self._image = image_rgb.copy()

    def _to_rgb(self) -> RgbImage:
        return self._image


class CameraFrame(LiveFrame):
    """A frame as PyAV decodes it, converted to other forms on first use.

    Browsers send yuv420p with even sides. There the brightness plane needs no conversion, and
    OpenCV converts the colours three times as fast as swscale. All else goes through swscale.
    """

    def __init__(
        self, frame: "av.VideoFrame", received_s: float, *, mirrored: bool = False
    ) -> None:
        """Keep a frame; its pixels are read, never changed.

        Args:
            frame: of any size and pixel format.
            received_s: when it arrived.
            mirrored: swap left and right.
        """
        super().__init__(frame.width, frame.height, received_s, mirrored=mirrored)
        self._frame = frame
        self._planar = (
            frame.format.name == "yuv420p"
            and frame.width % 2 == 0
            and frame.height % 2 == 0
            # OpenCV expects limited range
            and frame.color_range != _FULL_RANGE
        )
        self._planes = np.asarray(frame.to_ndarray(), np.uint8) if self._planar else None

    @cached_property
    def grey(self) -> Grey:
        """Brightness, scaled down by `shrink`, for the tracker."""
        if self._planes is None:
            return super().grey
        small = shrink(self._planes[: self.height_px])
        return _flipped(small) if self.mirrored else small

    def with_pixels(self, image_rgb: RgbImage) -> "av.VideoFrame":
        """A new frame with these pixels, uint8 RGB of the same size, and this one's timestamp."""
        from_ndarray = type(self._frame).from_ndarray
        if self._planar:
            planes = np.asarray(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2YUV_I420), np.uint8)
            frame = from_ndarray(planes, format="yuv420p")
        else:
            frame = from_ndarray(image_rgb, format="rgb24")
        frame.pts = self._frame.pts
        if self._frame.time_base is not None:
            frame.time_base = self._frame.time_base
        return frame

    def _to_rgb(self) -> RgbImage:
        if self._planes is not None:
            return np.asarray(cv2.cvtColor(self._planes, cv2.COLOR_YUV2RGB_I420), np.uint8)
        return np.asarray(self._frame.to_ndarray(format="rgb24"), np.uint8)


def _flipped(image: RgbImage) -> RgbImage:
    return np.asarray(cv2.flip(image, 1), np.uint8)
