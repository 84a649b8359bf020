"""Faces that only the evaluation reads: people by group, covered faces, the named tests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from train.data.boxes import Box
from train.data.datasets import PICTURE_SUFFIXES, SPLITS, FaceSample
from train.data.split import Split
from train.errors import DataError

PEOPLE_FILE: Final = "faces.json"
PEOPLE_BOX: Final[Box] = (0.11, -0.06, 0.75, 0.97)
"""Face in a picture of UTKFace, which is aligned by landmarks: the median of the shipped finder's
boxes on 80 of them, whose sides vary by 8 % (standard deviation)."""
PEOPLE_EYES: Final = ((0.29, 0.29), (0.68, 0.29))
"""Eyes in the same pictures, fractions: medians of OpenCV's eye cascade on 150 of them. Taken for
everyone, since the cascade finds some groups' eyes more often than others'; they vary by 1 % of the
side up and down and 3 % across."""
COVERED_OTHER: Final = "covered_other"
UNLABELLED: Final = -1
"""Label of faces that belong to no class."""


@dataclass(frozen=True, slots=True)
class Person:
    """A bare face with the labels of its publisher; never trained on.

    Attributes:
        path: the picture, aligned by the eyes.
        age: in years, as the publisher labels it.
        gender: as above.
        group: as above.
    """

    path: Path
    age: int
    gender: str
    group: str


def read_people(root: Path) -> list[Person]:
    """The people of a folder with `faces.json`, for the evaluation alone.

    Raises:
        DataError: no such file, or not a list of objects with file, group, age and gender.
    """
    path = root / PEOPLE_FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        people = [
            Person(root / row["file"], int(row["age"]), str(row["gender"]), str(row["group"]))
            for row in rows
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"expected people with group, age and gender in {path}: {error}") from error
    if not people:
        raise DataError(f"expected people in {path}, got none")
    return people


def read_covered_other(root: Path, published_split: str) -> list[FaceSample]:
    """Faces covered by veils, scarves or balaclavas, which no class fits, of one part of a set."""
    return [
        FaceSample(path, UNLABELLED, root.name, published_split, None)
        for split_dir in sorted(root.iterdir() if root.is_dir() else ())
        if SPLITS.get(split_dir.name.lower()) == published_split
        for path in sorted((split_dir / COVERED_OTHER).glob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES
    ]


def named_test(split: Split, name: str) -> Sequence[FaceSample]:
    """A named test of a split, none where the split does not have it."""
    faces: Sequence[FaceSample] = getattr(split, name, ())
    return faces


def optional_part(module: str, name: str) -> Any | None:
    """A drawing tool of the augmentation, None where this version does not have it."""
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None
