"""Where the labels of a picture go: geometry alone.

As on a map: above its face, else below, at the forehead or beside it, else shorter, and only where
there is no room at all without a label. No label covers another, and none reaches out of the image.
Other faces are kept free as long as that is possible, their eyes and mouths longest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import FaceBox

_Rect = tuple[int, int, int, int]
"""Left, top, right, bottom; right and bottom are outside."""
_Rects = NDArray[np.int64]
"""Such rectangles, (N, 4)."""

_FEATURES: Final = (0.1, 0.25, 0.9, 1.0)
"""What a verdict rests on, eyes to chin, as shares of a face's box: left, top, right, bottom."""
_WIDEST: Final = 5.0
"""Widths of a face beyond which a label no longer seems to belong to it, unless it is shortest."""
_CLEARANCE: Final = 1 / 3
"""Heights of a label that must be free around it before it gets longer than it was."""
_NOWHERE: Final[_Rect] = (0, 0, 0, 0)


class Side(IntEnum):
    """Places beside a face's frame, in order of preference."""

    ABOVE = 0
    ABOVE_END = 1
    BELOW = 2
    BELOW_END = 3
    INSIDE_TOP = 4
    RIGHT = 5
    LEFT = 6
    INSIDE_BOTTOM = 7


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a label goes.

    Attributes:
        form: index of its form among the sizes that were asked for.
        side: of the frame.
        x: left edge, px.
        y: top edge, px.
        w: width, px.
        h: height, px.
    """

    form: int
    side: Side
    x: int
    y: int
    w: int
    h: int

    @property
    def rect(self) -> _Rect:
        """Left, top, right and bottom."""
        return (self.x, self.y, self.x + self.w, self.y + self.h)


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """A face that wants a label.

    Attributes:
        frame: the rectangle that its frame takes, px.
        sizes: widths and heights of the label's forms in px, longest first.
        before: where its label was in the frame before, for a video.
    """

    frame: FaceBox
    sizes: tuple[tuple[int, int], ...]
    before: Placement | None = None


def place_labels(
    width_px: int, height_px: int, requests: Sequence[LabelRequest]
) -> list[Placement | None]:
    """Place labels so that none overlaps another or reaches out of the image.

    The same requests give the same places. A label stays on the side where it was before as long
    as there is room, and gets longer only with some room to spare, so that in a video none jumps
    to and fro.

    Args:
        width_px: of the image.
        height_px: of the image.
        requests: those named first get the better places.

    Returns:
        A place for each request; None where there is no room even for the shortest form.
    """
    if not requests:
        return []
    return _Placer(width_px, height_px, requests).place()


class _Placer:
    def __init__(self, width_px: int, height_px: int, requests: Sequence[LabelRequest]) -> None:
        self._size = (width_px, height_px)
        self._requests = requests
        self._frames = np.array([_rect(one.frame) for one in requests], np.int64)
        self._features = np.array([_features(one.frame) for one in requests], np.int64)
        self._labels = np.array([_NOWHERE] * len(requests), np.int64)
        self._placed: list[Placement | None] = [None] * len(requests)

    def place(self) -> list[Placement | None]:
        self._place_undisputed()
        disputed = [i for i, one in enumerate(self._placed) if one is None]
        # all get a short one before any gets a long one
        for i in disputed:
            self._place_shortest(i)
        for i, placed in enumerate(self._placed):
            if placed is not None and placed.form > 0:
                self._lengthen(i, placed)
        return self._placed

    def _place_undisputed(self) -> None:
        """Place the labels whose first choice is in nobody's way, not even the others' choices."""
        choices = [self._first_choice(one) for one in self._requests]
        rects = np.array([_NOWHERE if one is None else one.rect for one in choices], np.int64)
        others = ~np.eye(len(choices), dtype=bool)
        clashes = (_overlap(rects, rects) | _overlap(rects, self._frames)) & others
        blocked = clashes.any(axis=1) | _overlap(rects, self._features).diagonal()
        for i, choice in enumerate(choices):
            if choice is not None and not blocked[i]:
                self._put(i, choice)

    def _first_choice(self, request: LabelRequest) -> Placement | None:
        form, side = 0, Side.ABOVE
        if request.before is not None:
            form, side = min(request.before.form, len(request.sizes) - 1), request.before.side
        elif not _seems_to_belong(request, 0):
            return None
        return self._candidate(request, form, side)

    def _place_shortest(self, i: int) -> None:
        request = self._requests[i]
        form = len(request.sizes) - 1
        candidates = list(self._candidates(request, form))
        rects = np.array([one.rect for one in candidates], np.int64).reshape(-1, 4)
        taken = _overlap(rects, self._labels).any(axis=1)
        features = taken | _overlap(rects, self._features).any(axis=1)
        frames = features | self._covers_other_frames(rects, i)
        for blocked in (frames, features, taken):
            free = np.flatnonzero(~blocked)
            if free.size:
                self._put(i, candidates[free[0]])
                return

    def _lengthen(self, i: int, placed: Placement) -> None:
        request = self._requests[i]
        self._labels[i] = _NOWHERE
        for form in range(placed.form):
            if not _seems_to_belong(request, form):
                continue
            candidates = list(self._candidates(request, form))
            rects = np.array([one.rect for one in candidates], np.int64).reshape(-1, 4)
            roomy = rects
            if request.before is not None and form < request.before.form:
                spare = round(_CLEARANCE * placed.h)
                roomy = rects + np.array([-spare, -spare, spare, spare])
            blocked = (
                _overlap(roomy, self._labels).any(axis=1)
                | _overlap(rects, self._features).any(axis=1)
                | self._covers_other_frames(roomy, i)
            )
            free = np.flatnonzero(~blocked)
            if free.size:
                placed = candidates[free[0]]
                break
        self._put(i, placed)

    def _put(self, i: int, placement: Placement) -> None:
        self._placed[i] = placement
        self._labels[i] = placement.rect

    def _covers_other_frames(self, rects: _Rects, i: int) -> NDArray[np.bool_]:
        covered = _overlap(rects, self._frames)
        covered[:, i] = False
        return np.asarray(covered.any(axis=1))

    def _candidates(self, request: LabelRequest, form: int) -> Iterator[Placement]:
        """The places inside the image, best first."""
        sides = list(Side)
        if request.before is not None:
            sides.sort(key=lambda side: side is not request.before.side)  # type: ignore[union-attr]
        for side in sides:
            candidate = self._candidate(request, form, side)
            if candidate is not None:
                yield candidate

    def _candidate(self, request: LabelRequest, form: int, side: Side) -> Placement | None:
        w, h = request.sizes[form]
        x0, y0, x1, y1 = _rect(request.frame)
        width, height = self._size
        match side:
            case Side.ABOVE | Side.ABOVE_END:
                x, y = (x0 if side is Side.ABOVE else x1 - w), y0 - h
            case Side.BELOW | Side.BELOW_END:
                x, y = (x0 if side is Side.BELOW else x1 - w), y1
            case Side.INSIDE_TOP:
                x, y = x0, y0
            case Side.INSIDE_BOTTOM:
                x, y = x0, y1 - h
            case Side.RIGHT:
                x, y = x1, y0
            case Side.LEFT:
                x, y = x0 - w, y0
        # along the frame's side it may slide, away from it not
        if side in (Side.RIGHT, Side.LEFT):
            y = min(max(y, 0), height - h)
        else:
            x = min(max(x, 0), width - w)
        if x < 0 or y < 0 or x + w > width or y + h > height:
            return None
        return Placement(form, side, x, y, w, h)


def _seems_to_belong(request: LabelRequest, form: int) -> bool:
    is_shortest = form == len(request.sizes) - 1
    return is_shortest or request.sizes[form][0] <= _WIDEST * request.frame.w


def _rect(box: FaceBox) -> _Rect:
    return (box.x, box.y, box.x + box.w, box.y + box.h)


def _features(box: FaceBox) -> _Rect:
    left, top, right, bottom = _FEATURES
    return (
        round(box.x + left * box.w),
        round(box.y + top * box.h),
        round(box.x + right * box.w),
        round(box.y + bottom * box.h),
    )


def _overlap(first: _Rects, second: _Rects) -> NDArray[np.bool_]:
    """Whether rectangles overlap, (N, M)."""
    x0, y0, x1, y1 = (first[:, None, k] for k in range(4))
    left, top, right, bottom = (second[None, :, k] for k in range(4))
    return np.asarray((x0 < right) & (left < x1) & (y0 < bottom) & (top < y1))
