"""Sparse optical flow: move boxes from one frame to the next between two runs of the finder."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

GREY_WIDTH_PX: Final = 320
"""Flow is computed at this width at most: motion needs no more detail."""
_STEPS: Final = np.linspace(0.15, 0.85, 5)
_GRID: Final = np.stack(np.meshgrid(_STEPS, _STEPS), axis=-1).reshape(-1, 2)
"""Points (25, 2) in shares of a box, away from its edges, where background shows."""
_WINDOW_PX: Final = (15, 15)
_PYRAMID_LEVELS: Final = 3
_MIN_POINTS: Final = 8
_MAX_RESCALE: Final = 0.15
"""Faces grow or shrink by no more than this from frame to frame; beyond, the points are wrong."""

Grey = NDArray[np.uint8]
"""(H, W) brightness, 0 to 255."""
Boxes = NDArray[np.float64]
"""(N, 4) left, top, width, height."""


def shrink(grey: Grey) -> Grey:
    """A grey image uint8 (H, W), scaled down to at most `GREY_WIDTH_PX` wide for `move_boxes`."""
    height, width = grey.shape
    if width <= GREY_WIDTH_PX:
        return np.ascontiguousarray(grey)
    size = (GREY_WIDTH_PX, max(1, round(height * GREY_WIDTH_PX / width)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def move_boxes(before: Grey, now: Grey, boxes: Boxes, width_px: int) -> Boxes:
    """Move boxes from one frame to the next by pyramidal Lucas-Kanade.

    A grid of points is tracked in each box. The box moves by their median displacement and is
    scaled by the median change of their distances from their centre. A box that loses too many
    points stays where it is.

    Args:
        before: from `shrink`.
        now: the next frame, of the same size.
        boxes: (N, 4) left, top, width, height in px of the full frame; N may be 0.
        width_px: of the full frame.

    Returns:
        The moved boxes, (N, 4).

    Raises:
        ValueError: the two images differ in size.
    """
    if before.shape != now.shape:
        raise ValueError(f"expected two images of one size, got {before.shape} and {now.shape}")
    if not len(boxes):
        return boxes.copy()
    scale = before.shape[1] / width_px
    start = boxes[:, None, :2] + _GRID * boxes[:, None, 2:]
    points = (start * scale).astype(np.float32).reshape(-1, 1, 2)
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, np.empty_like(points), winSize=_WINDOW_PX, maxLevel=_PYRAMID_LEVELS
    )
    end = moved.reshape(start.shape) / scale
    found = status.reshape(start.shape[:2]).astype(bool)
    return np.stack([_moved(*one) for one in zip(boxes, start, end, found, strict=True)])


def _moved(
    box: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    found: NDArray[np.bool_],
) -> NDArray[np.float64]:
    if found.sum() < _MIN_POINTS:
        return box
    start, end = start[found], end[found]
    shift = np.median(end - start, axis=0)
    before, now = (np.abs(p - np.median(p, axis=0)).sum(axis=1) for p in (start, end))
    ratio = float(np.median(now[before > 0] / before[before > 0]))
    if abs(ratio - 1.0) > _MAX_RESCALE:
        ratio = 1.0
    size = box[2:] * ratio
    return np.concatenate([box[:2] + shift + (box[2:] - size) / 2, size])
