"""Channel mosaics: what the verifier sees of a window, six channels side by side in one image.

OpenCV's cascades read one grey plane. A mosaic lets a cascade read several: brightness with the
context of the face, brightness in detail, gradients and colour. These are integral channel
features (Dollár et al., BMVC 2009); Mathias et al. (ECCV 2014) found context and channels to matter
more than anything else for boosted face detectors.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.pyramid import rotate
from maskdet_core.types import RgbImage

PLANE_PX: Final = 48
"""Side of one channel in the mosaic."""
COLUMNS: Final = 3
N_PLANES: Final = 6
MOSAIC_SIZE: Final = (COLUMNS * PLANE_PX, N_PLANES // COLUMNS * PLANE_PX)
"""Width and height of the mosaic, px."""
CONTEXT: Final = 2.0
"""Side of the region that the channels show, in sides of the window. The detail channel shows the
window alone."""

_CUT_PX: Final = 2 * PLANE_PX
_WINDOW: Final = slice(PLANE_PX // 2, PLANE_PX // 2 + PLANE_PX)
_MIN_STD: Final = 6.0
"""Flatter windows are not stretched to full contrast: noise would look like structure."""
_TONE_STD: Final = 45.0
_GRADIENT_STD: Final = 120.0
"""Brightness is normalised to mean 128 and the first standard deviation over the window; gradients
are scaled by the second over the window's standard deviation."""

ChannelMosaic = NDArray[np.uint8]
"""Mosaic of channels: uint8, shape (96, 144)."""

_STRIP_ROWS: Final = 256
"""Rows whose colours are converted at once."""


class ChannelExtractor:
    """Extracts channel mosaics from one image. Not thread-safe: use one for each call."""

    def __init__(self, image_rgb: RgbImage) -> None:
        """Keep the image; rotated and halved copies are made when they are needed.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
        """
        self._image = image_rgb
        self._rotated: dict[float, _Rotated] = {}
        self._buffer = _MosaicBuffer()

    def mosaic(
        self, centre: tuple[float, float], side: float, tilt_deg: float = 0.0
    ) -> ChannelMosaic:
        """The channel mosaic of one window.

        Args:
            centre: of the window, px; may lie past the edge of the image, which is repeated.
            side: of the window, px.
            tilt_deg: rotation of the image that makes the head upright, counter-clockwise.

        Returns:
            uint8 (96, 144), overwritten by the next call. Upper row: brightness with context,
            brightness in detail, horizontal gradient; lower row: vertical gradient, Cr, Cb. All
            but the detail show the context.
        """
        upright = self._rotated.get(tilt_deg)
        if upright is None:
            upright = self._rotated[tilt_deg] = _Rotated(self._image, tilt_deg)
        return self._buffer.fill(*upright.cut(centre, CONTEXT * side))


class _Rotated:
    """The rotated image in YCrCb, and halved copies of it as they are needed."""

    def __init__(self, image_rgb: RgbImage, tilt_deg: float) -> None:
        rotated, self._matrix = rotate(image_rgb, tilt_deg)
        if rotated is image_rgb:
            colour = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2YCrCb)
        else:
            # in place, by strips: of a large photo a second rotated copy is 100 MB
            for top in range(0, len(rotated), _STRIP_ROWS):
                strip = rotated[top : top + _STRIP_ROWS]
                strip[:] = cv2.cvtColor(strip, cv2.COLOR_RGB2YCrCb)
            colour = rotated
        # in full size only luma is cut, so that YCrCb is not kept
        self._greys: list[cv2.typing.MatLike] = [cv2.extractChannel(colour, 0)]
        self._colours: list[cv2.typing.MatLike] = []
        self._halve(colour)

    def cut(
        self, centre: tuple[float, float], side: float
    ) -> tuple[cv2.typing.MatLike, cv2.typing.MatLike]:
        """Luma of a square at 96 px and YCrCb at 48 px; the edge of the image is repeated."""
        # bilinear resizing skips pixels where it shrinks by more than 2
        level = max(0, math.floor(math.log2(side / _CUT_PX)))
        while level >= len(self._colours):
            self._halve(self._colours[-1])
        return (
            self._part(self._greys[level], centre, side, _CUT_PX),
            self._part(self._colours[level], centre, side, PLANE_PX),
        )

    def _halve(self, colour: cv2.typing.MatLike) -> None:
        """Append the next copies. Of one level, luma has twice the size of YCrCb."""
        size = (max(1, colour.shape[1] // 2), max(1, colour.shape[0] // 2))
        smaller = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        self._greys.append(cv2.extractChannel(smaller, 0))
        self._colours.append(smaller)

    def _part(
        self, source: cv2.typing.MatLike, centre: tuple[float, float], side: float, size: int
    ) -> cv2.typing.MatLike:
        height, width = self._greys[0].shape
        across, down = source.shape[1] / width, source.shape[0] / height
        (a, b, c), (d, e, f) = self._matrix
        x = (a * centre[0] + b * centre[1] + c) * across
        y = (d * centre[0] + e * centre[1] + f) * down
        w, h = max(1, round(side * across)), max(1, round(side * down))
        part = _clamped(source, round(x - w / 2), round(y - h / 2), w, h)
        return cv2.resize(part, (size, size))


def _clamped(source: cv2.typing.MatLike, left: int, top: int, w: int, h: int) -> cv2.typing.MatLike:
    """A rectangle of the image, the edge repeated where the rectangle reaches past it."""
    height, width = source.shape[:2]
    x0, x1 = min(max(left, 0), width - 1), max(min(left + w, width), 1)
    y0, y1 = min(max(top, 0), height - 1), max(min(top + h, height), 1)
    inside = source[y0:y1, x0:x1]
    if inside.shape[:2] == (h, w):
        return inside
    # of a rectangle entirely outside, one row or column of the edge is kept
    before_x = min(max(0, -left), w - inside.shape[1])
    before_y = min(max(0, -top), h - inside.shape[0])
    return cv2.copyMakeBorder(
        inside,
        before_y,
        h - inside.shape[0] - before_y,
        before_x,
        w - inside.shape[1] - before_x,
        cv2.BORDER_REPLICATE,
    )


class _MosaicBuffer:
    """Memory of one mosaic, reused for each window: allocating it each time takes longer."""

    def __init__(self) -> None:
        self.mosaic: ChannelMosaic = np.empty(MOSAIC_SIZE[::-1], np.uint8)
        self._planes = [
            self.mosaic[
                row * PLANE_PX : (row + 1) * PLANE_PX,
                column * PLANE_PX : (column + 1) * PLANE_PX,
            ]
            for row in range(N_PLANES // COLUMNS)
            for column in range(COLUMNS)
        ]
        # the outermost pixels lack a neighbour on one side: their gradient stays 0
        self._across, self._down = np.zeros((2, _CUT_PX, _CUT_PX), np.uint8)
        self._small = np.empty((PLANE_PX, PLANE_PX), np.uint8)

    def fill(self, grey: cv2.typing.MatLike, colour: cv2.typing.MatLike) -> ChannelMosaic:
        """The mosaic for luma of 96 px and YCrCb of 48 px of the same region."""
        context, detail, across, down, cr, cb = self._planes
        window = grey[_WINDOW, _WINDOW]
        mean, std = cv2.meanStdDev(window)
        spread = max(float(std[0, 0]), _MIN_STD)
        tone = _TONE_STD / spread
        offset = 128 - tone * float(mean[0, 0])
        cv2.extractChannel(colour, 0, dst=self._small)
        cv2.addWeighted(self._small, tone, self._small, 0, offset, dst=context)
        cv2.addWeighted(window, tone, window, 0, offset, dst=detail)
        cv2.absdiff(grey[:, 2:], grey[:, :-2], dst=self._across[:, 1:-1])
        cv2.absdiff(grey[2:], grey[:-2], dst=self._down[1:-1])
        for plane, steps in ((across, self._across), (down, self._down)):
            cv2.resize(steps, (PLANE_PX, PLANE_PX), dst=self._small, interpolation=cv2.INTER_AREA)
            cv2.convertScaleAbs(self._small, dst=plane, alpha=_GRADIENT_STD / spread)
        cv2.extractChannel(colour, 1, dst=cr)
        cv2.extractChannel(colour, 2, dst=cb)
        return self.mosaic
