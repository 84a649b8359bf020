"""Picture sets in the Kaggle layouts, read into flat lists of labelled faces.

A set is a folder of split folders (`Train`, `Validation` or `val`, `Test`) that hold class folders
(`WithMask` / `WithoutMask`, `Mask` / `Non Mask`, `mask` / `no_mask`). A `boxes.json` beside the
splits, if there is one, gives face boxes in fractions of each picture; sets of whole photographs
need it, sets of face crops do not.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from maskdet_core.types import MASK_CLASSES, NO_FACE, WITH_MASK, WITHOUT_MASK
from train.data.boxes import BOXES_FILE, Box, box_of, read_boxes
from train.errors import DataError

CLASSES = MASK_CLASSES
"""The classes of faces; the order is that of the network's first outputs."""

OUTPUTS = (*CLASSES, NO_FACE)
"""All outputs of the network; the last is for candidates of the finder without a face."""

SPLITS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})

_CLASS_NAMES = {
    "withmask": "with_mask",
    "mask": "with_mask",
    "withoutmask": "without_mask",
    "nonmask": "without_mask",
    "nomask": "without_mask",
}
_INCORRECTLY_WORN = "incorrect_mask"
_PHOTO_SCORE = 0.6
"""Reference boxes below this score of their detector are left out of training and testing."""

_PHOTO_MIN_SIDE = 0.05
"""Faces narrower than this fraction of a whole photograph are background people: left out."""


@dataclass(frozen=True, slots=True)
class FaceSample:
    """One labelled face in one picture.

    Attributes:
        path: the picture.
        label: index into `OUTPUTS`.
        dataset: name of the set's folder.
        published_split: "train", "validation" or "test", as its publisher sorted it.
        box: face as (x, y, w, h) in fractions of the picture, or None where the picture itself is
            the face crop.
        origin: who says so: a label, a false alarm of the finder, or a box too loose for a face.
    """

    path: Path
    label: int
    dataset: str
    published_split: str
    box: Box | None
    origin: Literal["labelled", "false_alarm", "loose_box"] = "labelled"

    @property
    def key(self) -> str:
        """Name of the picture that stays the same on every machine."""
        parts = self.path.parts[-3:]
        return "/".join((self.dataset, *parts))


def class_of_folder(name: str) -> str | None:
    """The class that a folder's name stands for, or None (`incorrect_mask` is neither)."""
    return _CLASS_NAMES.get(re.sub(r"[\s_-]+", "", name).lower())


def read_dataset(root: Path, *, whole_photos: bool | None = None) -> list[FaceSample]:
    """List the labelled faces of one set, in a stable order.

    Args:
        root: folder that holds the split folders.
        whole_photos: take one sample a box of `boxes.json` (True) or the picture as it is (False).
            None decides by the set: whole photographs where the median box is under half the width.

    Raises:
        DataError: no such folder, no split folder, or a class without a picture.
    """
    if not root.is_dir():
        raise DataError(f"expected a folder of pictures, found nothing at {root}")
    boxes = read_boxes(root) if (root / BOXES_FILE).is_file() else {}
    if whole_photos is None:
        whole_photos = _looks_like_photos(boxes)
    samples: list[FaceSample] = []
    seen_classes: set[str] = set()
    for split_dir in sorted(p for p in root.iterdir() if p.name.lower() in SPLITS):
        split = SPLITS[split_dir.name.lower()]
        for class_dir in sorted(p for p in split_dir.iterdir() if p.is_dir()):
            name = class_of_folder(class_dir.name)
            if name is None:
                continue
            found = sorted(p for p in class_dir.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
            if not found:
                raise DataError(f"expected pictures of the class {name}, {class_dir} is empty")
            seen_classes.add(name)
            label = CLASSES.index(name)
            for path in found:
                if not whole_photos:
                    samples.append(FaceSample(path, label, root.name, split, None))
                    continue
                key = f"{split_dir.name}/{class_dir.name}/{path.name}"
                samples += [
                    FaceSample(path, label, root.name, split, box)
                    for box in _main_boxes(boxes.get(key, []))
                ]
    missing = {WITH_MASK, WITHOUT_MASK} - seen_classes
    if missing:
        raise DataError(
            f"expected folders of both classes in {root}/<Train|Validation|Test>/, "
            f"missing: {', '.join(sorted(missing))}"
        )
    return samples


def read_incorrectly_worn(root: Path, published_split: str) -> list[Path]:
    """Face crops of masks under the nose or chin (`incorrect_mask`), of one part of a set."""
    return sorted(
        path
        for split_dir in root.iterdir()
        if SPLITS.get(split_dir.name.lower()) == published_split
        for path in (split_dir / _INCORRECTLY_WORN).glob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES
    )


def _looks_like_photos(boxes: dict[str, list[list[float]]]) -> bool:
    widths = sorted(box[2] for found in boxes.values() for box in found)
    return bool(widths) and widths[len(widths) // 2] < 0.6


def _main_boxes(found: list[list[float]]) -> list[Box]:
    """The main people: confident boxes at least half as wide as the widest."""
    confident = [b for b in found if b[4] >= _PHOTO_SCORE and b[2] >= _PHOTO_MIN_SIDE]
    widest = max((b[2] for b in confident), default=0.0)
    return [box_of(b) for b in confident if b[2] >= widest / 2]
