"""Non-maximum suppression: overlapping windows become one box and one score for each face."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import FaceBox

CLUSTER_IOU: Final = 0.4
"""Windows with this intersection over union with a higher scored one belong to its cluster."""
DISTINCT_IOU: Final = 0.35
"""Boxes that were moved onto their faces and have this intersection over union are of one face."""
NESTED_OVERLAP: Final = 0.6
MAX_NESTED_AREA_RATIO: Final = 2.5
"""A face suppresses windows nested in it or around it: the intersection is at least the first share
of the smaller area, and the window is not larger than the face by more than the second ratio. A
button or a print on a mask, however high its score, thus does not suppress the face around it."""
CONTAINMENT: Final = 0.8
"""Of two boxes, the larger contains the other if their intersection is at least this share of the
smaller area. Both are then of one person, as a box around head and shoulders and one around the
face."""
HEAD_BESIDE: Final = 0.3
HEAD_ABOVE: Final = 0.35
"""How far a head reaches past its face box: to either side in widths, up and down in heights."""
IN_HEAD: Final = 0.8
"""A box of which at least this share lies in a head belongs to it."""
SURE_SCORE: Final = 2.0
"""Log odds from which a box in another's head may be a face of its own: of the labelled faces of
street photos 0.7 % have so much of their box in a larger neighbour's head (18 of 2,498, train
part), and most are found with more. Ears, collars and second boxes on one face have less."""
FEW_ENOUGH: Final = 3
"""Of so many times the windows that are wanted the best nearly always hold them: 60 are among the
best 95 of 430 in nine frames of ten."""
CELL: Final = 0.5
"""Side of a cell of `best_of_cells` in widths of a window; a quarter keeps twice as many windows
and finds no more faces."""

_CELLS: Final = 2**20
"""More than the cells of an image in one direction."""

Boxes = NDArray[np.float64]
"""Boxes (N, 4): left, top, width, height in px."""


def non_maximum_suppression(
    boxes: Boxes, scores: NDArray[np.float64], iou: float = CLUSTER_IOU, most: int | None = None
) -> NDArray[np.int64]:
    """Greedy non-maximum suppression.

    Args:
        boxes: (N, 4) xywh, px.
        scores: (N,).
        iou: windows with a larger intersection over union with a better one are left out.
        most: how many windows are wanted, or None for all.

    Returns:
        Indices of the highest scored window of each cluster, highest score first.
    """
    n = len(boxes)
    if most is not None and n > most * FEW_ENOUGH:
        # what lower scored windows suppress comes after the higher scored ones
        best = np.sort(np.argsort(-scores, kind="stable")[: most * FEW_ENOUGH])
        kept = best[non_maximum_suppression(boxes[best], scores[best], iou)]
        if len(kept) >= most:
            return kept[:most]
    if not n:
        return np.empty(0, np.int64)
    # NMSBoxes ignores scores that are not positive
    positive = scores - scores.min() + 1.0
    return np.asarray(
        cv2.dnn.NMSBoxes(boxes.tolist(), positive.tolist(), 0.0, iou), np.int64
    ).ravel()[:most]


def best_of_cells(boxes: Boxes, scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The best of the windows of one size whose corners lie in one cell of a grid.

    Comes before `non_maximum_suppression`, whose time grows with the square of their number.

    Args:
        boxes: (N, 4) xywh, px, of one aspect.
        scores: (N,).

    Returns:
        Indices of one window of each size and cell of `CELL` widths.
    """
    width = boxes[:, 2]
    # one number for each size and cell: one sort of it is several times as fast as of three keys
    column, row = np.floor(boxes[:, :2] / (CELL * width[:, None])).T
    _, size = np.unique(width, return_inverse=True)
    cells = (size * _CELLS + row + _CELLS / 2) * _CELLS + column + _CELLS / 2
    best_first = np.argsort(-scores, kind="stable")
    _, first = np.unique(cells[best_first], return_index=True)
    return best_first[first]


def distinct_faces(boxes: Boxes, scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """One box for each face: those that overlap or are nested in a surer one are left out.

    Args:
        boxes: (N, 4) xywh, px.
        scores: (N,).

    Returns:
        Indices, highest score first.
    """
    iou, overlap = pairwise_overlaps(boxes, boxes)
    areas = boxes[:, 2] * boxes[:, 3]
    free = np.ones(len(boxes), np.bool_)
    kept: list[int] = []
    for best in np.argsort(-scores, kind="stable"):
        if free[best]:
            kept.append(int(best))
            free &= ~(
                (iou[best] >= DISTINCT_IOU) | _nested(overlap[best], areas, float(areas[best]))
            )
    return np.array(kept, np.int64)


def is_nested(box: FaceBox, other: FaceBox) -> bool:
    """Whether the larger of two boxes contains the other, so that both are of one person."""
    return box.intersection_over_smaller(other) >= CONTAINMENT


def is_in_head(box: FaceBox, face: FaceBox) -> bool:
    """Whether a box shows no person of its own, but a part of the head of a surer face.

    An ear, a temple, the collar, or the same face once more, moved aside.

    Args:
        box: with the finder's score.
        face: with the finder's score.
    """
    if box.score >= min(SURE_SCORE, face.score):
        return False
    beside, above = HEAD_BESIDE * face.w, HEAD_ABOVE * face.h
    across = min(box.x + box.w, face.x + face.w + beside) - max(box.x, face.x - beside)
    down = min(box.y + box.h, face.y + face.h + above) - max(box.y, face.y - above)
    return max(across, 0.0) * max(down, 0.0) >= IN_HEAD * box.w * box.h


def _nested(
    overlap: NDArray[np.float64], areas: NDArray[np.float64], area: float
) -> NDArray[np.bool_]:
    return (overlap >= NESTED_OVERLAP) & (areas <= MAX_NESTED_AREA_RATIO * area)


def pairwise_overlaps(
    boxes: Boxes, others: Boxes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Overlaps of each box with each of the others.

    Args:
        boxes: (N, 4) xywh, px.
        others: (M, 4) xywh, px.

    Returns:
        Intersection over union, and intersection over the smaller area, both (N, M), 0 to 1.
    """
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    other_low, other_high = others[:, :2], others[:, :2] + others[:, 2:]
    across, down = (
        np.minimum(high[:, None, axis], other_high[None, :, axis])
        - np.maximum(low[:, None, axis], other_low[None, :, axis])
        for axis in (0, 1)
    )
    shared = np.clip(across, 0, None) * np.clip(down, 0, None)
    areas, other_areas = boxes[:, 2:].prod(axis=1), others[:, 2:].prod(axis=1)
    return (
        shared / (areas[:, None] + other_areas[None, :] - shared),
        shared / np.minimum(areas[:, None], other_areas[None, :]),
    )
