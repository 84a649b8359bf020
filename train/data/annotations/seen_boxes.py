"""Boxes without a label that one person looked at: what a finder took for faces, rightly or not.

Nobody labelled every face of a crowd. Where training takes such a face for a negative, it unlearns
faces; where evaluation takes it for a false one, it counts a fault that is none.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from maskdet_core.faces.nms import Boxes
from train.errors import DataError

SEEN_BOXES_FILE: Final = Path(__file__).with_name("seen_boxes.json")
"""By picture, named from its set's folder on: lists of boxes, xywh in px, by what they show:
"face", "no_face", or "unclear". They are boxes of the shipped finder, at five sizes and mirrorings
of each picture, for which finder and network together came near to a face; in training pictures
"unclear" holds the faces too."""

_KINDS: Final = ("face", "no_face", "unclear")


@dataclass(frozen=True, slots=True)
class SeenBoxes:
    """The boxes of one picture.

    Attributes:
        face: faces that nobody labelled, xywh in px.
        no_face: what only looks like one.
        unclear: which of the two could not be told.
    """

    face: tuple[tuple[float, float, float, float], ...] = ()
    no_face: tuple[tuple[float, float, float, float], ...] = ()
    unclear: tuple[tuple[float, float, float, float], ...] = ()

    def faces_px(self) -> Boxes:
        """The faces, (N, 4)."""
        return _array(self.face)

    def possible_faces_px(self) -> Boxes:
        """What is or may be a face, (N, 4)."""
        return _array(self.face + self.unclear)

    def no_faces_px(self) -> Boxes:
        """What only looks like a face, (N, 4)."""
        return _array(self.no_face)


NOTHING_SEEN: Final = SeenBoxes()


def seen_boxes(picture: Path, path: Path = SEEN_BOXES_FILE) -> SeenBoxes:
    """What is known of one picture; nothing where nobody looked.

    Args:
        picture: its path, which ends as it is named in the file.
        path: the file.

    Raises:
        DataError: a file of another form.
    """
    by_picture = _read(path)
    names = ("/".join(picture.parts[-n:]) for n in range(2, len(picture.parts) + 1))
    return next((by_picture[name] for name in names if name in by_picture), NOTHING_SEEN)


@cache
def _read(path: Path) -> Mapping[str, SeenBoxes]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {name: _boxes(by_kind) for name, by_kind in rows.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"expected boxes by picture and kind in {path}: {error!r}") from error


def _boxes(by_kind: Mapping[str, Any]) -> SeenBoxes:
    unknown = sorted(set(by_kind) - set(_KINDS))
    if unknown:
        raise ValueError(f"expected {', '.join(_KINDS)}, got {unknown}")
    return SeenBoxes(**{kind: tuple(map(_box, boxes)) for kind, boxes in by_kind.items()})


def _box(values: Any) -> tuple[float, float, float, float]:
    x, y, w, h = (float(value) for value in values)
    return x, y, w, h


def _array(boxes: tuple[tuple[float, float, float, float], ...]) -> Boxes:
    return np.array(boxes, np.float64).reshape(-1, 4)
