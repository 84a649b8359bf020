"""Carry boxes from one picture to the next by optical flow, between two searches."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

GREY_WIDTH_PX: Final = 320
"""Pictures are followed at this width at most: motion needs no more detail."""
_STEPS: Final = np.linspace(0.15, 0.85, 5)
_GRID: Final = np.stack(np.meshgrid(_STEPS, _STEPS), axis=-1).reshape(-1, 2)
"""Points (25, 2) in shares of a box, away from its rim, where background shows."""
_WINDOW_PX: Final = (15, 15)
_LEVELS: Final = 3
_LEAST_POINTS: Final = 8
_MAX_RESCALE: Final = 0.15
"""Faces grow or shrink by no more than this from frame to frame; beyond, the points erred."""

Grey = NDArray[np.uint8]
Boxes = NDArray[np.float64]


def shrink(grey: Grey) -> Grey:
    """A picture uint8 (H, W) at most `GREY_WIDTH_PX` wide, for `follow`."""
    height, width = grey.shape
    if width <= GREY_WIDTH_PX:
        return np.ascontiguousarray(grey)
    size = (GREY_WIDTH_PX, max(1, round(height * GREY_WIDTH_PX / width)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def follow(before: Grey, now: Grey, boxes: Boxes, width_px: int) -> Boxes:
    """Where boxes went from one picture to the next, by pyramidal Lucas-Kanade.

    Each box goes by the median of its points and is rescaled by the median change of their
    distances from their middle. One whose points got lost stays where it was.

    Args:
        before: from `shrink`.
        now: the next picture, of the same size.
        boxes: (N, 4) left, top, width, height in px of the full picture; N may be 0.
        width_px: of the full picture.

    Returns:
        New boxes (N, 4).

    Raises:
        ValueError: the two pictures differ in size.
    """
    if before.shape != now.shape:
        raise ValueError(f"expected pictures of one size, got {before.shape} and {now.shape}")
    if not len(boxes):
        return boxes.copy()
    zoom = before.shape[1] / width_px
    start = boxes[:, None, :2] + _GRID * boxes[:, None, 2:]
    points = (start * zoom).astype(np.float32).reshape(-1, 1, 2)
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, np.empty_like(points), winSize=_WINDOW_PX, maxLevel=_LEVELS
    )
    end = moved.reshape(start.shape) / zoom
    good = status.reshape(start.shape[:2]).astype(bool)
    return np.stack([_moved(*one) for one in zip(boxes, start, end, good, strict=True)])


def _moved(
    box: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    good: NDArray[np.bool_],
) -> NDArray[np.float64]:
    if good.sum() < _LEAST_POINTS:
        return box
    start, end = start[good], end[good]
    shift = np.median(end - start, axis=0)
    before, now = (np.abs(p - np.median(p, axis=0)).sum(axis=1) for p in (start, end))
    ratio = float(np.median(now[before > 0] / before[before > 0]))
    if abs(ratio - 1.0) > _MAX_RESCALE:
        ratio = 1.0
    size = box[2:] * ratio
    return np.concatenate([box[:2] + shift + (box[2:] - size) / 2, size])
