"""Non-maximum suppression: overlapping windows become one box and one score for each face."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

CLUSTER_IOU: Final = 0.4
"""Windows with this intersection over union with a higher scored one belong to its cluster."""
SAME_FACE_IOU: Final = 0.35
"""Boxes with this intersection over union are of one face."""
NESTED_OVERLAP: Final = 0.6
MAX_NESTED_AREA_RATIO: Final = 2.5
"""A face suppresses windows nested in it or around it: the intersection is at least the first share
of the smaller area, and the window is not larger than the face by more than the second ratio. A
button or a print on a mask, however high its score, thus does not suppress the face around it."""
Boxes = NDArray[np.float64]
"""Boxes (N, 4): left, top, width, height in px."""


def non_maximum_suppression(
    boxes: Boxes, scores: NDArray[np.float64], iou: float = CLUSTER_IOU
) -> NDArray[np.int64]:
    """Greedy non-maximum suppression.

    Args:
        boxes: (N, 4) xywh, px.
        scores: (N,).
        iou: windows with a larger intersection over union with a better one are left out.

    Returns:
        Indices of the highest scored window of each cluster, highest score first.
    """
    if not len(boxes):
        return np.empty(0, np.int64)
    # NMSBoxes ignores scores that are not positive
    positive = scores - scores.min() + 1.0
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), positive.tolist(), 0.0, iou)
    return np.asarray(kept, np.int64).ravel()


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
            nested = overlap[best] >= NESTED_OVERLAP
            nested &= areas <= MAX_NESTED_AREA_RATIO * areas[best]
            free &= ~((iou[best] >= SAME_FACE_IOU) | nested)
    return np.array(kept, np.int64)


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
