"""People with age, gender and group: to evaluate with, never to learn from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from train.data.boxes import Box, box_px
from train.data.datasets import PEOPLE_FILE
from train.data.images import face_crop, read_rgb
from train.errors import DataError

FRAME: Final[Box] = (-0.01, -0.07, 0.98, 0.98)
"""Where Maskdet's finder frames the faces in these pictures: the median of 127 of 130 finds. The
publisher cut them lower."""


@dataclass(frozen=True, slots=True)
class Person:
    """One bare face.

    Deliberately no `FaceSample`: neither a split nor a training takes it.

    Attributes:
        path: the face crop.
        age: in years, as the publisher labels it.
        gender: as above.
        group: as above.
    """

    path: Path
    age: int
    gender: str
    group: str


def read_people(root: Path) -> list[Person]:
    """The people of `faces.json`, in its order.

    Raises:
        DataError: no such file, or not what is expected in it.
    """
    path = root / PEOPLE_FILE
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        people = [
            Person(root / row["file"], int(row["age"]), str(row["gender"]), str(row["group"]))
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"expected file, age, gender and group of people in {path}: {error!r}"
        ) from error
    if not people:
        raise DataError(f"expected people, {path} names none")
    return people


def person_crop(person: Person) -> NDArray[np.uint8]:
    """The network's input as the finder would cut it: uint8 RGB (128, 128, 3).

    Raises:
        DataError: the picture cannot be read.
    """
    rgb = read_rgb(person.path)
    return face_crop(rgb, box_px(FRAME, *rgb.shape[:2]))
