"""Whole photographs with the boxes of their faces, drawn and labelled one by one."""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from maskdet_core.faces.nms import Boxes
from maskdet_core.faces.window_crops import Windows
from maskdet_core.faces.windows import ASPECT
from train.data.annotations.boxes import Box, box_of, read_boxes
from train.data.annotations.seen_boxes import NOTHING_SEEN, SeenBoxes, seen_boxes
from train.errors import DataError

PHOTOS_FILE: Final = "photos.json"
"""In the folder of a set of whole photographs with hand-drawn boxes: a list of pictures, each with
`file`, `width`, `height`, `split`, `faces` and perhaps `source`, the faces with `label` and
`box_xywh` in px."""
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
        width_px, height_px: its size.
        split: its publisher's part.
        boxes: of its faces, (x, y, w, h) in px.
        labels: its publisher's word for the class of each face, or "" where only the box is known.
        complete: whether every face has a box.
        shift_y: from the centre of a box down to that of the reference framing, in sides of the
            face's window.
        seen: boxes without a label that were looked at.
    """

    path: Path
    width_px: int
    height_px: int
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

    def fractions(self, xywh: Sequence[float]) -> Box:
        """A box of this photograph, px, in fractions of it."""
        x, y, w, h = xywh
        return (x / self.width_px, y / self.height_px, w / self.width_px, h / self.height_px)


def read_photos(root: Path) -> list[LabelledPhoto]:
    """Photographs of a set with hand-drawn boxes, in the file's order.

    Raises:
        DataError: no `photos.json`, or one of another form.
    """
    path = root / PHOTOS_FILE
    try:
        return [_photo(root, row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"expected photographs with boxes in {path}, each with file, width, height, split and "
            f"faces: {error!r}"
        ) from error


def labelled_photos(roots: Sequence[Path], splits: AbstractSet[str]) -> list[LabelledPhoto]:
    """Photographs of some splits, of those sets that have hand-drawn boxes.

    Raises:
        DataError: a `photos.json` of another form.
    """
    drawn = [
        photo for root in roots if (root / PHOTOS_FILE).is_file() for photo in read_photos(root)
    ]
    return [photo for photo in drawn if photo.split in splits]


def known_boxes(root: Path) -> dict[Path, list[Box]]:
    """All reference boxes of a set of photographs by picture, doubtful and tiny ones too.

    Raises:
        DataError: see `train.data.annotations.boxes.read_boxes` and `read_photos`.
    """
    if (root / PHOTOS_FILE).is_file():
        return {
            photo.path: [photo.fractions(box) for box in photo.boxes] for photo in read_photos(root)
        }
    return {root / name: [box_of(row) for row in rows] for name, rows in read_boxes(root).items()}


def windows_around(boxes: Boxes) -> Windows:
    """Windows (N, 3) for hand-drawn boxes (N, 4) of any aspect.

    Such boxes differ in how much of forehead and chin they show, less in width: the side is the
    mean of what width and height ask for, unless the face is cut off and too narrow.
    """
    x, y, w, h = boxes.T
    side = 0.5 * np.maximum(w / ASPECT, h) + 0.5 * h
    return np.stack([x + w / 2, y + h / 2, side], axis=1)


def _photo(root: Path, row: dict[str, Any]) -> LabelledPhoto:
    path, source = root / row["file"], row.get("source", "")
    return LabelledPhoto(
        path,
        int(row["width"]),
        int(row["height"]),
        str(row["split"]),
        tuple(_box(face["box_xywh"]) for face in row["faces"]),
        tuple(str(face["label"]) for face in row["faces"]),
        source not in INCOMPLETE_SOURCES,
        DRAWN_SHIFT_Y.get(source, 0.0),
        seen_boxes(path),
    )


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    x, y, w, h = (float(value) for value in values)
    return x, y, w, h
