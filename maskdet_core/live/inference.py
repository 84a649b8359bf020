"""A search and classifications of one frame, as far as they were due."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from maskdet_core.detector import MaskDetector
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.tracker import Box, match
from maskdet_core.types import FaceBox

MOST_LOOKS: Final = 6
"""Faces looked at in one round, longest waiting first: bounds the wait of other viewers."""


@dataclass(frozen=True, slots=True)
class Todo:
    """One round.

    Attributes:
        least_px: least height of faces to search for; None does no search.
        tracks: faces to look at, by identity: where they are in the frame, scored by the finder.
        then: where all faces are in the frame.
    """

    least_px: int | None
    tracks: dict[int, FaceBox]
    then: Mapping[int, Box]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a face says: ``p_with_mask`` is NaN where the network failed."""

    box: FaceBox
    p_with_mask: float
    is_face: bool


class Round:
    """A search and looks at one frame, as far as they were due.

    Attributes:
        matches: of the search, the found box of each face that is followed already.
        new_faces: of the search, those that are not, once looked at.
        looks: at faces that are followed, by identity.
    """

    def __init__(self, detector: MaskDetector, frame: LiveFrame, todo: Todo) -> None:
        """Do it; takes as long as it takes."""
        self.matches: dict[int, FaceBox] = {}
        new: list[FaceBox] = []
        if todo.least_px is not None:
            found = detector.find(frame.rgb, min_face_px=todo.least_px)
            self.matches, new = match(todo.then, found)
        followed = {
            track_id: self.matches.get(track_id, box) for track_id, box in todo.tracks.items()
        }
        boxes = [*followed.values(), *new[:MOST_LOOKS]]
        said = detector.classify(frame.rgb, boxes)
        looks = [
            Look(box, float(p), detector.is_face(box, float(p_face)))
            for box, p, p_face in zip(boxes, said.p_with_mask, said.p_face, strict=True)
        ]
        self.looks = dict(zip(followed, looks, strict=False))
        self.new_faces = [look for look in looks[len(followed) :] if look.is_face]
