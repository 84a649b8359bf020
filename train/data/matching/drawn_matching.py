"""Which of a finder's boxes lie on hand-drawn faces, and which on none."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from maskdet_core.faces.nms import Boxes, pairwise_overlaps
from maskdet_core.types import FaceBox
from train.data.annotations.photos import LabelledPhoto

DRAWN_IOU: Final = 0.3
"""Hand-drawn boxes differ among themselves in forehead, chin and ears: a match needs less overlap
than with a detector's boxes."""
LEAST_PX: Final = (24, 48)
"""Longer side of the faces that are counted."""
UNLABELLED_PX: Final = 20
"""Where background faces may be without a box, smaller boxes are neither right nor wrong."""


def matched_boxes(photo: LabelledPhoto, found: Sequence[FaceBox]) -> dict[int, int]:
    """Index of the box on each face that has one, by the face's; pairs of high overlap first."""
    boxes = _boxes_px(found)
    iou, _ = pairwise_overlaps(photo.boxes_px(), boxes)
    matched: dict[int, int] = {}
    while iou.size and iou.max() >= DRAWN_IOU:
        face, box = divmod(int(iou.argmax()), len(boxes))
        matched[face] = box
        iou[face], iou[:, box] = 0, 0
    return matched


def further_boxes(
    photo: LabelledPhoto, found: Sequence[FaceBox], matched: Mapping[int, int]
) -> list[int]:
    """Indices of boxes on no face.

    Left out are those on a face without a label that was found by eye, and those that are too
    small to tell.
    """
    used = set(matched.values()) | _on_seen_faces(photo, found)
    return [
        number
        for number, box in enumerate(found)
        if number not in used and (photo.complete or max(box.w, box.h) >= UNLABELLED_PX)
    ]


def _on_seen_faces(photo: LabelledPhoto, found: Sequence[FaceBox]) -> set[int]:
    iou, _ = pairwise_overlaps(_boxes_px(found), photo.seen.faces_px())
    return set(np.flatnonzero(iou.max(axis=1, initial=0.0) >= DRAWN_IOU).tolist())


def _boxes_px(found: Sequence[FaceBox]) -> Boxes:
    return np.array([box.xywh for box in found], np.float64).reshape(-1, 4)
