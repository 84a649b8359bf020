"""People with age, gender and group: to evaluate with, never to learn from."""

import json
from dataclasses import dataclass
from pathlib import Path

from train.data.datasets import PEOPLE_FILE
from train.errors import DataError


@dataclass(frozen=True, slots=True)
class Person:
    """One bare face, framed as the finder frames faces.

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
