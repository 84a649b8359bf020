"""What the check of a candidate sees: six small pictures of it, side by side in one.

A Haar cascade reads one grey plane. Laid into one picture, a cascade reads several: brightness
with the surroundings, brightness in detail, gradients and colour (integral channel features after
Dollár et al., BMVC 2009, and Mathias et al., ECCV 2014, who found context and channels to matter
more than anything else for boosted face detectors).
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.pyramid import rotate
from maskdet_core.types import RgbImage

PLANE_PX: Final = 48
"""Side of one plane."""
COLUMNS: Final = 3
N_PLANES: Final = 6
MOSAIC: Final = (COLUMNS * PLANE_PX, N_PLANES // COLUMNS * PLANE_PX)
"""Width and height of the mosaic, px."""
SURROUNDINGS: Final = 2.0
"""Side of what is seen, in sides of the candidate's square. The detail plane shows the square."""

_CUT_PX: Final = 2 * PLANE_PX
_MIDDLE: Final = slice(PLANE_PX // 2, PLANE_PX // 2 + PLANE_PX)
_LEAST_STD: Final = 6.0
"""Flatter squares are not stretched further, or noise would become structure."""
_TONE_STD: Final = 45.0
_GRADIENT_STD: Final = 120.0
"""Brightness is brought to mean 128 and this standard deviation, gradients in the same terms."""

Mosaic = NDArray[np.uint8]


class ChannelExtractor:
    """Cuts mosaics out of one picture."""

    def __init__(self, image_rgb: RgbImage) -> None:
        """Keep the picture; smaller and turned ones are made when they are asked for.

        Args:
            image_rgb: uint8 (H, W, 3), unchanged.
        """
        self._image = image_rgb
        self._rotated: dict[float, _Rotated] = {}
        self._sheet = _Sheet()

    def cut(self, centre: tuple[float, float], side: float, tilt_deg: float = 0.0) -> Mosaic:
        """The mosaic of one square.

        Args:
            centre: of the square, px; may lie past the edge, which is repeated.
            side: of the square, px.
            tilt_deg: the head's, as the picture would be turned to have it upright.

        Returns:
            uint8 (96, 144), overwritten by the next call. Upper row: brightness with surroundings,
            brightness in detail, gradient across; lower row: gradient down, Cr, Cb. All but the
            detail show the surroundings.
        """
        upright = self._rotated.get(tilt_deg)
        if upright is None:
            upright = self._rotated[tilt_deg] = _Rotated(self._image, tilt_deg)
        return self._sheet.draw(*upright.cut(centre, SURROUNDINGS * side))


class _Rotated:
    """The picture turned upright, in luma and chroma, and halves of it as they are asked for."""

    def __init__(self, image_rgb: RgbImage, tilt_deg: float) -> None:
        picture, self._matrix = rotate(image_rgb, tilt_deg)
        colour = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)
        self._halves = [(cv2.extractChannel(colour, 0), colour)]

    def cut(
        self, centre: tuple[float, float], side: float
    ) -> tuple[cv2.typing.MatLike, cv2.typing.MatLike]:
        """Luma of a square at 96 px and all channels at 48, the edge repeated past the picture."""
        # a square is never shrunk by more than 2 at once: beyond that resizing skips pixels
        level = max(0, math.floor(math.log2(side / _CUT_PX)))
        grey, _ = self._half(level)
        _, colour = self._half(level + 1)
        return (
            self._part(grey, centre, side, _CUT_PX),
            self._part(colour, centre, side, PLANE_PX),
        )

    def _half(self, level: int) -> tuple[cv2.typing.MatLike, cv2.typing.MatLike]:
        """Luma alone and all channels, halved `level` times."""
        while level >= len(self._halves):
            colour = self._halves[-1][1]
            size = (max(1, colour.shape[1] // 2), max(1, colour.shape[0] // 2))
            smaller = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
            self._halves.append((cv2.extractChannel(smaller, 0), smaller))
        return self._halves[level]

    def _part(
        self, source: cv2.typing.MatLike, centre: tuple[float, float], side: float, size: int
    ) -> cv2.typing.MatLike:
        height, width = self._halves[0][0].shape
        across, down = source.shape[1] / width, source.shape[0] / height
        (a, b, c), (d, e, f) = self._matrix
        x = (a * centre[0] + b * centre[1] + c) * across
        y = (d * centre[0] + e * centre[1] + f) * down
        w, h = max(1, round(side * across)), max(1, round(side * down))
        part = _clamped(source, round(x - w / 2), round(y - h / 2), w, h)
        return cv2.resize(part, (size, size))


def _clamped(source: cv2.typing.MatLike, left: int, top: int, w: int, h: int) -> cv2.typing.MatLike:
    """A rectangle of the picture, its edge repeated where the rectangle reaches past it."""
    height, width = source.shape[:2]
    x0, x1 = min(max(left, 0), width - 1), max(min(left + w, width), 1)
    y0, y1 = min(max(top, 0), height - 1), max(min(top + h, height), 1)
    inside = source[y0:y1, x0:x1]
    if inside.shape[:2] == (h, w):
        return inside
    # a rectangle wholly outside keeps one row or column of the edge
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


class _Sheet:
    """The mosaic that is drawn anew for each square, since fresh memory would cost more."""

    def __init__(self) -> None:
        self.mosaic: Mosaic = np.empty(MOSAIC[::-1], np.uint8)
        self._planes = [
            self.mosaic[
                row * PLANE_PX : (row + 1) * PLANE_PX,
                column * PLANE_PX : (column + 1) * PLANE_PX,
            ]
            for row in range(N_PLANES // COLUMNS)
            for column in range(COLUMNS)
        ]
        # the outermost pixels have no neighbour on one side and stay flat
        self._across, self._down = np.zeros((2, _CUT_PX, _CUT_PX), np.uint8)
        self._small = np.empty((PLANE_PX, PLANE_PX), np.uint8)

    def draw(self, grey: cv2.typing.MatLike, colour: cv2.typing.MatLike) -> Mosaic:
        """Planes of a square: luma of 96 px, and luma, Cr and Cb of 48 px."""
        surroundings, detail, across, down, cr, cb = self._planes
        middle = grey[_MIDDLE, _MIDDLE]
        mean, std = cv2.meanStdDev(middle)
        spread = max(float(std[0, 0]), _LEAST_STD)
        tone = _TONE_STD / spread
        offset = 128 - tone * float(mean[0, 0])
        cv2.extractChannel(colour, 0, dst=self._small)
        cv2.addWeighted(self._small, tone, self._small, 0, offset, dst=surroundings)
        cv2.addWeighted(middle, tone, middle, 0, offset, dst=detail)
        cv2.absdiff(grey[:, 2:], grey[:, :-2], dst=self._across[:, 1:-1])
        cv2.absdiff(grey[2:], grey[:-2], dst=self._down[1:-1])
        for plane, steps in ((across, self._across), (down, self._down)):
            cv2.resize(steps, (PLANE_PX, PLANE_PX), dst=self._small, interpolation=cv2.INTER_AREA)
            cv2.convertScaleAbs(self._small, dst=plane, alpha=_GRADIENT_STD / spread)
        cv2.extractChannel(colour, 1, dst=cr)
        cv2.extractChannel(colour, 2, dst=cb)
        return self.mosaic
