"""Reference boxes of faces, in fractions of a picture and in px."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2

from maskdet_core.types import FaceBox, RgbImage
from train.errors import DataError

BOXES_FILE = "boxes.json"
"""In the folder of a picture set: for each picture a list of [x, y, w, h, score]."""

CROP_BOXES_FILE: Final = "boxes_px.json"
"""In the folder of a set of face crops: [x, y, w, h] in px, for crops wider than the face."""

SIDE_OVER_BOX = 1.14
"""Side of a finder's window over the geometric mean of a reference box's sides. The boxes are about
0.77 times as wide as high, so the window is as high as the box and takes in the ears: nearly all
that a 12k crop shows."""

Box = tuple[float, float, float, float]
"""Left, top, width and height in fractions of a picture; may reach past its edge."""


def read_boxes(root: Path) -> dict[str, list[list[float]]]:
    """Reference boxes of a picture set by picture name, [x, y, w, h, score] in fractions.

    Raises:
        DataError: no `boxes.json`, or not one list of boxes per picture.
    """
    boxes = _read_json(root / BOXES_FILE)
    if not isinstance(boxes, dict):
        raise DataError(f"expected one list of boxes per picture in {root / BOXES_FILE}")
    return boxes


def read_crop_boxes(root: Path) -> dict[str, Box]:
    """Face boxes of crops by picture name, in fractions of each crop.

    Raises:
        DataError: no `boxes_px.json`, not one box per picture, or a picture that cannot be read.
    """
    rows = _read_json(root / CROP_BOXES_FILE)
    boxes: dict[str, Box] = {}
    try:
        for name, (x, y, w, h) in rows.items():
            picture = cv2.imread(str(root / name))
            if picture is None:
                raise DataError(f"expected a picture, {root / name} cannot be decoded")
            height, width = picture.shape[:2]
            boxes[name] = (x / width, y / height, w / width, h / height)
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"expected one box per picture in {root / CROP_BOXES_FILE}") from error
    return boxes


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise DataError(f"expected face boxes as JSON in {path}: {error}") from error


def box_of(row: Sequence[float]) -> Box:
    """The box of a row of `boxes.json`, without its score."""
    return (row[0], row[1], row[2], row[3])


def box_px(box: Box, height_px: int, width_px: int) -> FaceBox:
    """A box in px, each number rounded, at least 1 px wide and high."""
    x, y, w, h = box
    return FaceBox(
        round(x * width_px),
        round(y * height_px),
        max(1, round(w * width_px)),
        max(1, round(h * height_px)),
    )


def boxes_px(boxes: Sequence[Box], image: RgbImage) -> list[FaceBox]:
    """Boxes in fractions of a picture, in px."""
    return [box_px(box, *image.shape[:2]) for box in boxes]


def box_size(side: float) -> tuple[float, float]:
    """Width and height of the face box that a finder's window of this side stands for."""
    mean = side / SIDE_OVER_BOX
    return mean * 0.877, mean / 0.877
