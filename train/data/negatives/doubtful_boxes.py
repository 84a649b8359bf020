"""Boxes that may be faces without a label, in photographs that may lack some."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.loading import load_finder
from maskdet_core.faces.nms import Boxes, pairwise_overlaps
from train.data.annotations.photos import LabelledPhoto
from train.data.faces.images import read_rgb
from train.data.files.records import write_json

DOUBTFUL_SCORE: Final = 2.5
"""Log odds at which a finder's box without a label counts as a face that was not labelled."""
DOUBTFUL_FACE_PX: Final = 24
UNLABELLED_IOU: Final = 0.3
"""A box that overlaps every labelled face by less has no label."""


def doubtful_boxes(photos: Sequence[LabelledPhoto], finder: FaceFinder) -> dict[Path, Boxes]:
    """Boxes that a finder is sure of and nobody labelled, of photographs that may lack labels."""
    found: dict[Path, Boxes] = {}
    for photo in tqdm(photos, desc="doubtful", unit="photo"):
        if photo.complete:
            continue
        boxes = finder.find(read_rgb(photo.path), min_face_px=DOUBTFUL_FACE_PX)
        sure = np.array(
            [[b.x, b.y, b.w, b.h] for b in boxes if b.score > DOUBTFUL_SCORE], np.float64
        ).reshape(-1, 4)
        iou, _ = pairwise_overlaps(sure, photo.boxes_px())
        unlabelled = sure[iou.max(axis=1, initial=0.0) < UNLABELLED_IOU]
        if len(unlabelled):
            found[photo.path] = unlabelled
    return found


def cached_doubtful_boxes(
    path: Path, photos: Sequence[LabelledPhoto], finder: Path
) -> dict[Path, Boxes]:
    """The doubtful boxes of a file, found and written first where it is missing.

    Args:
        path: of the file.
        photos: see `doubtful_boxes`.
        finder: manifest of the finder to ask, at its live preset.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_boxes(path, doubtful_boxes(photos, load_finder("live", finder)))
    # read back the first time too, so that a resumed run gets exactly the same
    return load_boxes(path)


def save_boxes(path: Path, boxes: dict[Path, Boxes]) -> None:
    """Write boxes by picture."""
    write_json(path, {str(picture): found.tolist() for picture, found in boxes.items()})


def load_boxes(path: Path) -> dict[Path, Boxes]:
    """Read what `save_boxes` wrote."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {Path(picture): np.array(found, np.float64) for picture, found in stored.items()}
