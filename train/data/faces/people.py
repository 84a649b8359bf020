"""People with age, gender and group: to evaluate with, never to learn from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from train.data.annotations.boxes import Box, box_px
from train.data.faces.datasets import PEOPLE_FILE
from train.data.faces.images import IMAGE_SIZE_PX, face_crop
from train.errors import DataError

FRAME: Final[Box] = (-0.01, -0.07, 0.98, 0.98)
"""Where Maskdet's finder frames the faces in these pictures: the median of 127 of 130 finds. The
publisher cut them lower."""

EYES: Final = ((0.29, 0.29), (0.68, 0.29))
"""Both eyes in these pictures, which are aligned by landmarks, fractions: medians of OpenCV's
eye cascade on 150 of them. Taken for everyone, since the cascade finds some groups' eyes more often
than others'; they vary by 1 % of the side up and down and 3 % across."""


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


def person_crop(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The network's input as the finder would cut it from a person's picture.

    Args:
        rgb: the picture, uint8 (H, W, 3).

    Returns:
        uint8 RGB (128, 128, 3).
    """
    return face_crop(rgb, box_px(FRAME, *rgb.shape[:2]))


def eyes_in_crop() -> tuple[tuple[float, float], tuple[float, float]]:
    """Both eyes in what `person_crop` returns, px."""
    left, top, side, _ = FRAME
    (lx, ly), (rx, ry) = (
        ((x - left) / side * IMAGE_SIZE_PX, (y - top) / side * IMAGE_SIZE_PX) for x, y in EYES
    )
    return (lx, ly), (rx, ry)
