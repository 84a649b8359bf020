"""Candidate windows of a search become faces: one box and one score each."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import FaceBox

SAME_FACE_IOU: Final = 0.3
"""Candidates that overlap by this intersection over union are one face and vote on its box."""
INSIDE: Final = 0.6
MUCH_LARGER: Final = 2.5
"""A candidate that lies by the first share inside a better one is dropped; one that contains a
better one only up to this ratio of areas. A button or a printed pattern on a mask, however sure,
thus never hides the face around it."""
MAX_CANDIDATES: Final = 1500
"""Best candidates that are looked at: bounds time and memory on pictures of pure texture."""

CLUSTER_IOU: Final = 0.4
"""Candidates that overlap a better one so much show the same thing."""

Boxes = NDArray[np.float64]
"""Boxes (N, 4): left, top, width, height in px."""


def non_maximum_suppression(boxes: Boxes, scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of the best candidate of each heap, best first (greedy non-maximum suppression).

    Args:
        boxes: (N, 4) xywh, px.
        scores: (N,).
    """
    if not len(boxes):
        return np.empty(0, np.int64)
    # OpenCV drops scores that are not positive
    positive = scores - scores.min() + 1.0
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), positive.tolist(), 0.0, CLUSTER_IOU)
    return np.asarray(kept, np.int64).ravel()


def cluster_members(
    boxes: Boxes, scores: NDArray[np.float64], best: int, most: int
) -> NDArray[np.int64]:
    """Indices of up to `most` candidates of the heap of `best`, itself left out, best first."""
    iou, _ = pairwise_overlaps(boxes, boxes[best : best + 1])
    near = np.flatnonzero(iou[:, 0] >= CLUSTER_IOU)
    near = near[near != best]
    return np.asarray(near[np.argsort(-scores[near], kind="stable")[:most]], np.int64)


def merge_clusters(boxes: Boxes, scores: NDArray[np.float64], min_score: float) -> list[FaceBox]:
    """Join overlapping candidates, the best first.

    A face's score is the log of the summed odds of its candidates, so that many windows that
    agree count for more than one; its box is their mean, weighted alike.

    Args:
        boxes: (N, 4) xywh, px.
        scores: (N,), logits of each candidate.
        min_score: faces scored less are dropped.

    Returns:
        One box a face, best score first.

    Raises:
        ValueError: lengths or shapes that do not fit.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
        raise ValueError(
            f"expected boxes (N, 4) and scores (N,), got {boxes.shape} and {scores.shape}"
        )
    order = np.argsort(-scores, kind="stable")[:MAX_CANDIDATES]
    boxes, scores = boxes[order], scores[order]
    iou, inside = pairwise_overlaps(boxes, boxes)
    votes = iou >= SAME_FACE_IOU
    top = scores.max(initial=0.0)
    with np.errstate(divide="ignore"):
        support = top + np.log(votes @ np.exp(scores - top))
    areas = boxes[:, 2] * boxes[:, 3]
    free = np.ones(len(boxes), np.bool_)
    faces: list[FaceBox] = []
    # by support: a face is found by many windows, an eye or a button by one or two, though surely
    for best in np.argsort(-support, kind="stable"):
        if not free[best] or support[best] < min_score:
            continue
        agree = free & votes[best]
        nested = (inside[best] >= INSIDE) & (areas <= MUCH_LARGER * areas[best])
        free &= ~(votes[best] | nested)
        odds = np.exp(scores[agree] - scores[agree].max())
        x, y, w, h = odds @ boxes[agree] / odds.sum()
        score = float(scores[agree].max() + np.log(odds.sum()))
        if score >= min_score:
            faces.append(FaceBox(round(x), round(y), max(1, round(w)), max(1, round(h)), score))
    return sorted(faces, key=lambda face: face.score, reverse=True)


def pairwise_overlaps(
    boxes: Boxes, others: Boxes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intersection over union, and over the smaller area, of boxes (N, 4) and others (M, 4).

    Returns:
        Two arrays (N, M).
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
