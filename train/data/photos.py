"""Whole photographs with the boxes of their faces: what the verifier learns from."""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from maskdet_core.faces.nms import Boxes
from maskdet_core.faces.window_crops import Windows
from maskdet_core.faces.windows import ASPECT
from train.data.detection import Scene
from train.data.images import read_rgb
from train.data.seen_boxes import NOTHING_SEEN, SeenBoxes, seen_boxes
from train.errors import DataError

PHOTOS_FILE: Final = "photos.json"
"""In the folder of a set of whole photographs with hand-drawn boxes: a list of pictures, each with
`file`, `width`, `height`, `source`, `split` and `faces`, the latter with `label` and `box_xywh`."""
INCOMPLETE_SOURCES: Final = frozenset({"ilc"})
"""Sources whose small background faces may be without a box."""
DRAWN_SHIFT_Y: Final = {"street-853": -0.12}
"""How far above a drawn box's centre that of the reference framing lies, in sides of the face's
window, by source; 0 for others. Median over 52 faces against boxes in the reference framing: these
boxes take in the neck."""


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """One photograph.

    Attributes:
        path: the picture.
        split: "train", "val" or "test", as its publisher sorted it.
        boxes: of its faces, (x, y, w, h) in px.
        labels: class of each face, or "" where only the box is known.
        complete: whether every face has a box.
        shift_y: from the centre of a box down to that of the reference framing, in sides of the
            face's window.
        seen: boxes without a label that were looked at.
    """

    path: Path
    split: str
    boxes: tuple[tuple[float, float, float, float], ...]
    labels: tuple[str, ...]
    complete: bool
    shift_y: float = 0.0
    seen: SeenBoxes = NOTHING_SEEN

    def boxes_px(self) -> Boxes:
        """Its boxes (N, 4), as they were drawn."""
        return np.array(self.boxes, np.float64).reshape(-1, 4)

    def reference_boxes_px(self) -> Boxes:
        """Its boxes (N, 4), moved to where the reference framing has them."""
        boxes = self.boxes_px()
        boxes[:, 1] += self.shift_y * windows_around(boxes)[:, 2]
        return boxes


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
                DRAWN_SHIFT_Y.get(photo["source"], 0.0),
                seen_boxes(root / photo["file"]),
            )
            for photo in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"expected photographs with boxes in {path}: {error}") from error


def labelled_photos(roots: Sequence[Path], splits: AbstractSet[str]) -> list[LabelledPhoto]:
    """Photographs of some splits, of those sets that have hand-drawn boxes.

    Raises:
        DataError: a `photos.json` of another form.
    """
    drawn = [
        photo for root in roots if (root / PHOTOS_FILE).is_file() for photo in read_photos(root)
    ]
    return [photo for photo in drawn if photo.split in splits]


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
            LabelledPhoto(
                scene.path,
                "train",
                tuple(boxes),
                ("",) * len(boxes),
                complete=False,
                seen=seen_boxes(scene.path),
            )
        )
    return photos


def windows_around(boxes: Boxes) -> Windows:
    """Windows (N, 3) for hand-drawn boxes (N, 4) of any aspect.

    Such boxes differ in how much of forehead and chin they show, less in width: the side is the
    mean of what width and height ask for, unless the face is cut off and too narrow.
    """
    x, y, w, h = boxes.T
    side = 0.5 * np.maximum(w / ASPECT, h) + 0.5 * h
    return np.stack([x + w / 2, y + h / 2, side], axis=1)


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    x, y, w, h = (float(value) for value in values)
    return x, y, w, h
