"""Lines around faces: solid, double, dashed and dotted, each with an outline.

All lines lie inside the rectangle by `outer_box`, so that labels can be placed beside it.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.draw.typeface import Colour
from maskdet_core.types import FaceBox, RgbImage

_DASH: Final = 4
"""Length of a dash in line widths."""
_GAP: Final = 3
"""Length of the gap after it in line widths."""
_MIN_DOT_PX: Final = 2


def outer_box(box: FaceBox, line_px: int, width_px: int, height_px: int) -> FaceBox:
    """The rectangle that a frame takes: its line runs along the edge of the face's box.

    Args:
        box: of the face, px, inside the image.
        line_px: width of the line.
        width_px: of the image.
        height_px: of the image.
    """
    reach = line_px // 2 + outline_px(line_px)
    grown = FaceBox(box.x - reach, box.y - reach, box.w + 2 * reach, box.h + 2 * reach)
    inside = grown.clipped(width_px, height_px)
    return box if inside is None else inside


def outline_px(line_px: int) -> int:
    """Width of the outline on each side of a line of this width, px."""
    return max(1, line_px // 3)


def draw_solid(
    canvas: RgbImage, outer: FaceBox, line_px: int, colour: Colour, outline: Colour
) -> None:
    """Draw one line."""
    edge = outline_px(line_px)
    _ring(canvas, outer, 0, line_px + 2 * edge, outline)
    _ring(canvas, outer, edge, line_px, colour)


def draw_double(
    canvas: RgbImage, outer: FaceBox, line_px: int, colour: Colour, outline: Colour
) -> None:
    """Draw two lines, one inside the other; one where the face is too small for two."""
    edge = outline_px(line_px)
    gap = max(2, line_px)
    both = 2 * line_px + gap
    if min(outer.w, outer.h) < 4 * both:
        draw_solid(canvas, outer, line_px, colour, outline)
        return
    _ring(canvas, outer, 0, both + 2 * edge, outline)
    _ring(canvas, outer, edge, line_px, colour)
    _ring(canvas, outer, edge + line_px + gap, line_px, colour)


def draw_dashed(
    canvas: RgbImage, outer: FaceBox, line_px: int, colour: Colour, outline: Colour
) -> None:
    """Draw dashes on a line of the outline's colour."""
    edge = outline_px(line_px)
    _ring(canvas, outer, 0, line_px + 2 * edge, outline)
    _broken(canvas, outer, edge, line_px, _DASH * line_px, _GAP * line_px, colour)


def draw_dotted(
    canvas: RgbImage, outer: FaceBox, line_px: int, colour: Colour, outline: Colour
) -> None:
    """Draw square dots with an edge of the outline's colour, and nothing between them."""
    edge = outline_px(line_px)
    dot = max(_MIN_DOT_PX, line_px)
    whole = dot + 2 * edge
    _broken(canvas, outer, 0, whole, whole, whole, outline)
    _broken(canvas, outer, edge, dot, dot, 2 * whole - dot, colour)


def _ring(canvas: RgbImage, outer: FaceBox, inset: int, thickness: int, colour: Colour) -> None:
    x0, y0 = outer.x + inset, outer.y + inset
    x1, y1 = outer.x + outer.w - 1 - inset, outer.y + outer.h - 1 - inset
    if x1 < x0 or y1 < y0:
        return
    reach_x, reach_y = (
        min(thickness, side) - 1 for side in ((x1 - x0) // 2 + 1, (y1 - y0) // 2 + 1)
    )
    for corners in (
        ((x0, y0), (x1, y0 + reach_y)),
        ((x0, y1 - reach_y), (x1, y1)),
        ((x0, y0), (x0 + reach_x, y1)),
        ((x1 - reach_x, y0), (x1, y1)),
    ):
        cv2.rectangle(canvas, *corners, colour, cv2.FILLED)


def _broken(
    canvas: RgbImage,
    outer: FaceBox,
    inset: int,
    thickness: int,
    on: int,
    off: int,
    colour: Colour,
) -> None:
    part = canvas[
        outer.y + inset : outer.y + outer.h - inset, outer.x + inset : outer.x + outer.w - inset
    ]
    height, width = part.shape[:2]
    if not height or not width:
        return
    columns, rows = _marks(width, on, off), _marks(height, on, off)
    part[:thickness, columns] = colour
    part[-thickness:, columns] = colour
    part[rows, :thickness] = colour
    part[rows, -thickness:] = colour


@lru_cache(maxsize=256)
def _marks(length: int, on: int, off: int) -> NDArray[np.intp]:
    """Places along a side that are drawn, symmetric, so that both ends have a mark.

    Kept, since a face in a video has few lengths.
    """
    n_gaps = max(0, round((length - on) / (on + off)))
    starts = np.rint(np.linspace(0, max(length - on, 0), n_gaps + 1)).astype(np.intp)
    places = starts[:, None] + np.arange(min(on, length))
    marks = np.asarray(places.ravel(), np.intp)
    marks.flags.writeable = False
    return marks
