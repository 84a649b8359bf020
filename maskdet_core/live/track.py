"""Face tracks: identities, positions, and how the finder's boxes are matched to them."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.nms import DISTINCT_IOU, is_in_head, is_nested
from maskdet_core.live.appearance import Patch
from maskdet_core.live.smoothing import VerdictSmoother
from maskdet_core.types import FaceBox

MATCH_IOU: Final = 0.25
"""Least overlap of a finder's box and a track for both to be one face."""
CORRECTION: Final = 0.6
"""Share of the distance that a track moves towards the box found for it; the rest damps the jitter
of the cascade's scales and steps."""
DUPLICATE_IOU: Final = 0.5
"""Two tracks that overlap by at least this are at the same place: the older stays, with what is
known of it."""
MAX_MISSES: Final = 3
"""A track ends when so many runs of the finder in a row missed it that should have found it, and
`MIN_UNSEEN_S` have passed."""
MIN_UNSEEN_S: Final = 1.0
_SURELY_FOUND: Final = 1.25
"""The finder is sure to find faces this many times as high as the least height asked for."""

Box = NDArray[np.float64]
"""(4,) left, top, width and height in px; may reach past the frame's edge."""


@dataclass(slots=True)
class Track:
    """One face over time.

    Attributes:
        id: never reused.
        box: position in the newest frame.
        score: the finder's best so far.
        found_score: the finder's when it last found it.
        found_at_s: when the finder last found it.
        scheduled_at_s: when a prediction was last scheduled.
        marked_at_s: when a prediction was last scheduled or counted as missed.
        looked_at_s: when the frame arrived that the network last looked at, with or without an
            answer; None before the first look.
        smoother: its verdict over time.
        patch: its appearance at the last prediction.
        has_changed: whether its appearance has changed since.
        n_misses: runs of the finder in a row that missed it.
        n_not_face: predictions in a row that it is no face.
    """

    id: int
    box: Box
    score: float
    found_score: float
    found_at_s: float
    scheduled_at_s: float = -math.inf
    marked_at_s: float = -math.inf
    looked_at_s: float | None = None
    smoother: VerdictSmoother = field(default_factory=VerdictSmoother)
    patch: Patch | None = None
    has_changed: bool = False
    n_misses: int = 0
    n_not_face: int = 0

    @property
    def face_box(self) -> FaceBox:
        """Its box in whole px, with the finder's score."""
        return _to_face_box(self.box, self.score)


class Tracks:
    """The tracks of one stream. Not thread-safe."""

    def __init__(self) -> None:
        """Begin without a track."""
        self._tracks: dict[int, Track] = {}
        self._ids = itertools.count(1)

    def __iter__(self) -> Iterator[Track]:
        """The tracks, oldest first; they may be ended during the iteration."""
        return iter(list(self._tracks.values()))

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self._tracks)

    def get(self, track_id: int) -> Track | None:
        """The track of this id, None if it has ended."""
        return self._tracks.get(track_id)

    def boxes(self) -> dict[int, Box]:
        """A copy of all positions, by track id."""
        return {track.id: track.box.copy() for track in self}

    def move(self, boxes: Mapping[int, Box]) -> None:
        """Set positions by track id; ids of ended tracks are ignored."""
        for track_id, box in boxes.items():
            if (track := self._tracks.get(track_id)) is not None:
                track.box = box

    def correct(
        self,
        matches: Mapping[int, FaceBox],
        boxes_then: Mapping[int, Box],
        min_face_px: float,
        at_s: float,
    ) -> None:
        """Move tracks towards what the finder found; end those that it keeps missing.

        Args:
            matches: see `match`.
            boxes_then: where the tracks were in the frame that the finder ran on; the motion since
                then is kept.
            min_face_px: least face height that the finder was asked for.
            at_s: when that frame arrived.
        """
        for track_id, then in boxes_then.items():
            track = self._tracks.get(track_id)
            if track is None:
                continue
            found = matches.get(track_id)
            if found is not None:
                track.box = track.box + CORRECTION * (np.array(found.xywh, float) - then)
                track.box[2:] = np.maximum(track.box[2:], 1.0)
                track.score = max(track.score, found.score)
                track.found_score = found.score
                track.found_at_s, track.n_misses = at_s, 0
            elif then[3] >= _SURELY_FOUND * min_face_px:
                track.n_misses += 1
                if track.n_misses >= MAX_MISSES and at_s - track.found_at_s >= MIN_UNSEEN_S:
                    self.end(track)

    def start(self, box: Box, score: float, at_s: float) -> Track:
        """Start a track.

        Args:
            box: its position in the newest frame.
            score: the finder's.
            at_s: when the frame arrived that it was found in.
        """
        track = Track(next(self._ids), np.array(box, float), score, score, at_s, marked_at_s=at_s)
        self._tracks[track.id] = track
        return track

    def end(self, track: Track) -> None:
        """End a track; one that has ended already is no error."""
        self._tracks.pop(track.id, None)

    def end_outside(self, width_px: int, height_px: int) -> None:
        """End tracks whose centre has left a frame of this size."""
        for track in self:
            x, y = track.box[:2] + track.box[2:] / 2
            if not (0 <= x < width_px and 0 <= y < height_px):
                self.end(track)

    def merge_duplicates(self) -> None:
        """Where two tracks follow one person, keep one.

        Of two at the same place, the older stays. Of two that are nested, as a box around head and
        shoulders and one around the face are, the one stays that the finder was surer of. Of two
        that merely overlap more than two faces do, the older stays. One in the head of a surer
        face ends.
        """
        for older, younger in itertools.combinations(self, 2):
            if older.id not in self._tracks or younger.id not in self._tracks:
                continue
            older_box, younger_box = older.face_box, younger.face_box
            iou = older_box.iou(younger_box)
            nested = is_nested(older_box, younger_box)
            if nested and iou < DUPLICATE_IOU and younger.found_score > older.found_score:
                self.end(older)
            elif nested or iou >= DISTINCT_IOU or is_in_head(younger_box, older_box):
                self.end(younger)
            elif is_in_head(older_box, younger_box):
                self.end(older)


def match(
    boxes: Mapping[int, Box], found: Sequence[FaceBox]
) -> tuple[dict[int, FaceBox], list[FaceBox]]:
    """Match tracks and the finder's boxes greedily, largest overlap first.

    Args:
        boxes: positions of the tracks in the frame that the finder ran on, by track id.
        found: the finder's boxes.

    Returns:
        The box of each track that has one, by track id, and the boxes without a track.
    """
    pairs = sorted(
        (
            (_to_face_box(box).iou(candidate), track_id, i)
            for track_id, box in boxes.items()
            for i, candidate in enumerate(found)
        ),
        key=lambda pair: -pair[0],
    )
    matches: dict[int, FaceBox] = {}
    matched: set[int] = set()
    for iou, track_id, i in pairs:
        if iou >= MATCH_IOU and track_id not in matches and i not in matched:
            matches[track_id] = found[i]
            matched.add(i)
    return matches, [box for i, box in enumerate(found) if i not in matched]


def _to_face_box(box: Box, score: float = 0.0) -> FaceBox:
    x, y, w, h = box
    return FaceBox(round(x), round(y), max(1, round(w)), max(1, round(h)), score)
