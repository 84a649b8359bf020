"""Matching of a finder's boxes with the reference boxes of people."""

from typing import Final

from maskdet_core.types import FaceBox

FOUND_IOU: Final = 0.35
"""A person counts as found by one box that overlaps the reference box at least so much."""


def take_best(free: list[FaceBox], person: FaceBox) -> FaceBox | None:
    """Remove from `free` and return the box that overlaps the person most.

    None where no box reaches `FOUND_IOU`.
    """
    match = max(free, key=person.iou, default=None)
    if match is None or person.iou(match) < FOUND_IOU:
        return None
    free.remove(match)
    return match
