"""What is done when a viewer's turn comes: when it is due, what it covers, and doing it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from maskdet_core.detector import MaskDetector
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.tracker import Box, Track, Tracks, match
from maskdet_core.live.worker import STRAINED
from maskdet_core.types import FaceBox

SEARCH_S: Final = 0.3
"""Time between two searches for large faces, which are quick, while there is no face."""
FOLLOWED_S: Final = 0.5
"""The same while faces are followed: these need it only against drift."""
FINE: Final = 3
"""Every so many searches, small faces are asked for as well."""
COARSE: Final = 2.0
"""A quick search asks for faces this much larger than the detector's least."""
LOOK_S: Final = 0.25
"""Time between two looks at a face that keeps its looks."""
QUICK_LOOK_S: Final = 0.05
"""The same for one that has changed, or whose newest look disagrees with its label."""
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


class Schedule:
    """When one viewer's searches and looks are due. Not safe to share by threads."""

    def __init__(self) -> None:
        """Everything is due at once."""
        self._searched_s = -math.inf
        self._n_searches = 0

    def due_at_s(self, tracks: Tracks, stretch: float) -> float:
        """When the next of them is due, the times between rounds being stretched."""
        looks = [_due_s(track, stretch) for track in tracks]
        return min([self._search_due_s(tracks, stretch), *looks])

    def plan(
        self,
        tracks: Tracks,
        then: Mapping[int, Box],
        frame: LiveFrame,
        least_px: int,
        stretch: float,
    ) -> Todo:
        """What is due in a frame; it counts as done with this call.

        Args:
            tracks: the viewer's.
            then: where they are in the frame.
            frame: the newest.
            least_px: the detector's least face height in such a frame.
            stretch: of the times between rounds.
        """
        now = frame.at_s
        search_px = None
        if now >= self._search_due_s(tracks, stretch):
            fine = self._n_searches % FINE == 0
            search_px = least_px if fine else round(COARSE * least_px)
            self._searched_s = now
            self._n_searches += 1
        due = sorted(
            (t for t in tracks if t.id in then and _due_s(t, stretch) <= now),
            key=lambda track: track.looked_at_s,
        )
        for track in due[:MOST_LOOKS]:
            track.looked_at_s, track.changed = now, False
        return Todo(search_px, {t.id: t.face_box(then[t.id]) for t in due[:MOST_LOOKS]}, then)

    def _search_due_s(self, tracks: Tracks, stretch: float) -> float:
        return self._searched_s + (FOLLOWED_S if len(tracks) else SEARCH_S) * stretch


def _due_s(track: Track, stretch: float) -> float:
    quick = track.changed or track.opinion.restless
    # a look costs a small part of a search: under load searches give way first
    return track.looked_at_s + (QUICK_LOOK_S if quick else LOOK_S) * max(1.0, stretch / STRAINED)


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
