"""Whole photographs with the boxes of their faces: what the verifier learns from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from maskdet_core.faces.nms import Boxes
from train.data.detection import Scene
from train.data.images import read_rgb
from train.errors import DataError

PHOTOS_FILE: Final = "photos.json"
"""In the folder of a set of whole photographs with hand-drawn boxes: a list of pictures, each with
`file`, `width`, `height`, `source`, `split` and `faces`, the latter with `label` and `box_xywh`."""
INCOMPLETE_SOURCES: Final = frozenset({"ilc"})
"""Sources whose small background faces may be without a box."""


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """One photograph.

    Attributes:
        path: the picture.
        split: "train", "val" or "test", as its publisher sorted it.
        boxes: of its faces, (x, y, w, h) in px.
        labels: class of each face, or "" where only the box is known.
        complete: whether every face has a box.
    """

    path: Path
    split: str
    boxes: tuple[tuple[float, float, float, float], ...]
    labels: tuple[str, ...]
    complete: bool

    def boxes_px(self) -> Boxes:
        """Its boxes (N, 4)."""
        return np.array(self.boxes, np.float64).reshape(-1, 4)


def read_photos(root: Path) -> list[LabelledPhoto]:
    """Photographs of a set with hand-drawn boxes, in the file's order.

    Raises:
        DataError: no `photos.json`, or one of another form.
    """
    path = root / PHOTOS_FILE
    try:
        return [
            LabelledPhoto(
                root / photo["file"],
                str(photo["split"]),
                tuple(_box(face["box_xywh"]) for face in photo["faces"]),
                tuple(str(face["label"]) for face in photo["faces"]),
                photo["source"] not in INCOMPLETE_SOURCES,
            )
            for photo in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"expected photographs with boxes in {path}: {error}") from error


def of_scenes(scenes: Sequence[Scene]) -> list[LabelledPhoto]:
    """Training photographs whose boxes are in fractions, by a neural detector."""
    photos = []
    for scene in scenes:
        if scene.is_crop:
            continue
        height, width = read_rgb(scene.path).shape[:2]
        boxes = [(x * width, y * height, w * width, h * height) for x, y, w, h in scene.boxes]
        # the detector misses some faces, masked ones above all
        photos.append(
            LabelledPhoto(scene.path, "train", tuple(boxes), ("",) * len(boxes), complete=False)
        )
    return photos


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    x, y, w, h = (float(value) for value in values)
    return x, y, w, h
