"""Picture sets in the Kaggle layouts, read into flat lists of labelled faces.

A set is a folder of split folders (`Train`, `Validation` or `val`, `Test`) that hold class folders
(`WithMask` / `WithoutMask`, `Mask` / `Non Mask`, `mask` / `no_mask` / `incorrect_mask` and others).
A `boxes.json` beside the splits, if there is one, gives face boxes in fractions of each picture;
sets of whole photographs need it, sets of face crops do not. A set with a `photos.json` holds whole
photographs whose faces are labelled one by one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from maskdet_core.types import MASK_CLASSES, NO_FACE
from train.data.annotations.boxes import (
    BOXES_FILE,
    CROP_BOXES_FILE,
    Box,
    box_of,
    read_boxes,
    read_crop_boxes,
)
from train.data.annotations.photos import PHOTOS_FILE, read_photos
from train.errors import DataError

CLASSES = MASK_CLASSES
"""The three classes of faces; the order is that of the network's first outputs."""

OUTPUTS = (*CLASSES, NO_FACE)
"""All that a sample can be labelled; the last is for crops without a face framed as a face is."""

REQUIRED: Final = ("with_mask", "without_mask")
"""Classes that picture sets must hold together; masks worn wrong are rare and may be absent."""

UNLABELLED: Final = -1
"""Label of faces that belong to no class."""

Origin = Literal["labelled", "false_alarm", "confirmed", "loose_box"]

SPLITS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})

PEOPLE_FILE: Final = "faces.json"
"""Marks a folder of people with age, gender and group; see `train.data.faces.people`."""

_CLASS_NAMES = {
    "withmask": "with_mask",
    "mask": "with_mask",
    "withoutmask": "without_mask",
    "nonmask": "without_mask",
    "nomask": "without_mask",
    "incorrectmask": "worn_wrong",
    "wornwrong": "worn_wrong",
}
_COVERED_OTHER = "covered_other"
_PHOTO_SCORE = 0.6
"""Reference boxes below this score of their detector are left out of training and testing."""

_PHOTO_MIN_SIDE = 0.05
"""Faces narrower than this fraction of a whole photograph are background people: left out."""

MIN_LABELLED_PX: Final = 16
"""Hand-drawn boxes whose longer side is shorter are no samples: their labels are guesses."""

CROP_FRAMES: Final[dict[tuple[str, str], Box]] = {
    ("faces-in-the-wild", "with_mask"): (0.04, 0.0, 0.89, 0.89),
    ("faces-in-the-wild", "without_mask"): (0.02, 0.11, 0.76, 0.76),
    ("faces-in-the-wild", "worn_wrong"): (0.04, 0.0, 0.86, 0.86),
    ("faces-in-the-wild", "covered_other"): (0.02, 0.0, 0.91, 0.91),
}
"""Where the face lies in a set's crops, by class folder: medians of the boxes that Maskdet's finder
gives in about 100 training crops of each. The bare ones come from another publisher than the masked
ones and show more around the face: cut to these boxes, the framing does not give the class away.
Sets that are not named frame their classes alike."""


@dataclass(frozen=True, slots=True)
class FaceSample:
    """One labelled face in one picture.

    Attributes:
        path: the picture.
        label: index into `OUTPUTS`, or `UNLABELLED`.
        dataset: name of the set's folder.
        published_split: "train", "validation" or "test", as its publisher sorted it.
        box: face as (x, y, w, h) in fractions of the picture, or None where the picture itself is
            the face crop.
        origin: "labelled" by people; "false_alarm", a find or proposal without a face; "confirmed",
            one that was confirmed by eye;
            "loose_box", a face whose surroundings are to be framed too widely, see
            `train.data.negatives.loose_boxes`.
        others: boxes of the other faces in the picture, known in photographs only.
        is_crop: the picture is a face crop, framed wider than `box`: what surrounds the box must
            not be shown, since it tells crops of one class from those of another.
    """

    path: Path
    label: int
    dataset: str
    published_split: str
    box: Box | None
    origin: Origin = "labelled"
    others: tuple[Box, ...] = ()
    is_crop: bool = False

    @property
    def key(self) -> str:
        """Name of the picture that stays the same on every machine."""
        parts = self.path.parts[-3:]
        return "/".join((self.dataset, *parts))

    @property
    def in_photo(self) -> bool:
        """Whether the picture is a whole photograph."""
        return self.box is not None and not self.is_crop


def class_of_folder(name: str) -> str | None:
    """The class that a folder's name stands for, or None."""
    return _CLASS_NAMES.get(re.sub(r"[\s_-]+", "", name).lower())


def read_datasets(roots: Sequence[Path]) -> list[FaceSample]:
    """List the labelled faces of several sets.

    Raises:
        DataError: see `read_dataset`; or no set has faces with a mask, or none without.
    """
    samples = [sample for root in roots for sample in read_dataset(root)]
    seen = {OUTPUTS[sample.label] for sample in samples}
    missing = [name for name in REQUIRED if name not in seen]
    if missing:
        raise DataError(
            f"expected faces of {' and '.join(REQUIRED)} in {', '.join(map(str, roots))}, "
            f"missing: {', '.join(missing)}"
        )
    return samples


def read_dataset(root: Path, *, whole_photos: bool | None = None) -> list[FaceSample]:
    """List the labelled faces of one set, in a stable order.

    Args:
        root: folder that holds the split folders, or `photos.json`.
        whole_photos: take one sample a box of `boxes.json` (True) or the picture as it is (False).
            None decides by the set: whole photographs where the median box is under half the width.

    Raises:
        DataError: no such folder, no split folder, no class folder, or a class without a picture;
            or people that are for evaluation only.
    """
    if not root.is_dir():
        raise DataError(f"expected a folder of pictures, found nothing at {root}")
    if (root / PHOTOS_FILE).is_file():
        return _read_photo_set(root)
    if (root / PEOPLE_FILE).is_file():
        raise DataError(
            f"expected a picture set to learn from, {root} holds people for evaluation only"
        )
    boxes = read_boxes(root) if (root / BOXES_FILE).is_file() else {}
    crop_boxes = read_crop_boxes(root) if (root / CROP_BOXES_FILE).is_file() else {}
    if whole_photos is None:
        whole_photos = _looks_like_photos(boxes)
    samples: list[FaceSample] = []
    for split, class_dir, name in _class_folders(root):
        label = CLASSES.index(name)
        for path in _pictures(class_dir):
            key = "/".join(path.parts[-3:])
            if not whole_photos:
                box = crop_boxes.get(key) or _framed(root.name, class_dir.name)
                is_crop = box is not None
                samples.append(FaceSample(path, label, root.name, split, box, is_crop=is_crop))
                continue
            every = tuple(box_of(row) for row in boxes.get(key, []))
            samples += [
                FaceSample(path, label, root.name, split, box, others=_without(every, box))
                for box in _main_boxes(boxes.get(key, []))
            ]
    if not samples:
        raise DataError(
            f"expected pictures in class folders of {root}/<Train|Validation|Test>/, found none"
        )
    return samples


def read_covered_other(root: Path, published_split: str) -> list[FaceSample]:
    """Faces behind veils, scarves and balaclavas (`covered_other`), of one part of a set.

    They belong to no class, so their label is `UNLABELLED`; to learn from them, give them one.
    Empty where the set has none.
    """
    box = _framed(root.name, _COVERED_OTHER)
    return [
        FaceSample(path, UNLABELLED, root.name, published_split, box, is_crop=box is not None)
        for split_dir in sorted(root.iterdir())
        if SPLITS.get(split_dir.name.lower()) == published_split
        for path in sorted((split_dir / _COVERED_OTHER).glob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES
    ]


def _class_folders(root: Path) -> list[tuple[str, Path, str]]:
    """Part, folder and class of each class folder."""
    found = []
    for split_dir in sorted(p for p in root.iterdir() if p.name.lower() in SPLITS):
        for class_dir in sorted(p for p in split_dir.iterdir() if p.is_dir()):
            name = class_of_folder(class_dir.name)
            if name is not None:
                found.append((SPLITS[split_dir.name.lower()], class_dir, name))
    return found


def _pictures(class_dir: Path) -> list[Path]:
    found = sorted(p for p in class_dir.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        name = class_of_folder(class_dir.name)
        raise DataError(f"expected pictures of the class {name}, {class_dir} is empty")
    return found


def _read_photo_set(root: Path) -> list[FaceSample]:
    """Faces of hand-labelled photographs; those below `MIN_LABELLED_PX` only as others."""
    samples: list[FaceSample] = []
    for photo in read_photos(root):
        if photo.split.lower() not in SPLITS:
            raise DataError(f"expected a part out of {', '.join(SPLITS)}, got {photo.split}")
        every = tuple(photo.fractions(xywh) for xywh in photo.boxes)
        for label, xywh, box in zip(photo.labels, photo.boxes, every, strict=True):
            name = class_of_folder(label)
            if name is None:
                raise DataError(f"expected a class of {photo.path.name}, got {label}")
            if max(xywh[2:]) < MIN_LABELLED_PX:
                continue
            samples.append(
                FaceSample(
                    photo.path,
                    CLASSES.index(name),
                    root.name,
                    SPLITS[photo.split.lower()],
                    box,
                    others=_without(every, box),
                )
            )
    return samples


def _framed(dataset: str, class_folder: str) -> Box | None:
    return CROP_FRAMES.get((dataset, class_folder))


def _without(boxes: Sequence[Box], box: Box) -> tuple[Box, ...]:
    return tuple(other for other in boxes if other != box)


def _looks_like_photos(boxes: dict[str, list[list[float]]]) -> bool:
    widths = sorted(box[2] for found in boxes.values() for box in found)
    return bool(widths) and widths[len(widths) // 2] < 0.6


def _main_boxes(found: list[list[float]]) -> list[Box]:
    """The main people: confident boxes at least half as wide as the widest."""
    confident = [b for b in found if b[4] >= _PHOTO_SCORE and b[2] >= _PHOTO_MIN_SIDE]
    widest = max((b[2] for b in confident), default=0.0)
    return [box_of(b) for b in confident if b[2] >= widest / 2]
