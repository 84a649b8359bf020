"""Faces with an identity from frame to frame. Knows boxes and times, not pictures."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.live.appearance import View
from maskdet_core.live.smoothing import VerdictSmoother
from maskdet_core.types import FaceBox

SAME_FACE_IOU: Final = 0.25
"""A found box and a track that share at least this are one face."""
CORRECTION: Final = 0.6
"""Share of the way that a track goes towards the box found for it; the rest calms the jitter of
the cascade's scales and steps."""
ONE_FACE_IOU: Final = 0.5
"""Two tracks that share more than this follow one face."""
MISSES: Final = 3
"""A track ends when so many searches in a row that could have seen it did not, and
`UNSEEN_S` have passed."""
UNSEEN_S: Final = 1.0
NO_FACE_LOOKS: Final = 2
"""A track ends when so many looks in a row say that it is no face."""
_CLEARLY_SEEN: Final = 1.25
"""A search is sure to see faces this much larger than the least it asks for."""

Box = NDArray[np.float64]
"""(4,) left, top, width and height in px; may reach past the picture."""


@dataclass(slots=True)
class Track:
    """One face over time.

    Attributes:
        id: never used again.
        box: where it is now.
        score: of the finder, at its best.
        seen_at_s: when a search last found it.
        looked_at_s: when a look was last begun; the opinion knows of those that succeeded.
        opinion: its verdict over time.
        view: what it looked like at the last look.
        changed: whether it has looked different since.
    """

    id: int
    box: Box
    score: float
    seen_at_s: float
    looked_at_s: float = -math.inf
    opinion: VerdictSmoother = field(default_factory=VerdictSmoother)
    view: View | None = None
    changed: bool = False
    n_misses: int = 0
    n_no_face: int = 0

    def face_box(self, at: Box | None = None) -> FaceBox:
        """Its box in whole px, now or where it was."""
        return _face_box(self.box if at is None else at, self.score)


class Tracks:
    """The faces of one stream. Not safe to share by threads."""

    def __init__(self) -> None:
        """Begin without a face."""
        self._tracks: dict[int, Track] = {}
        self._ids = itertools.count(1)

    def __iter__(self) -> Iterator[Track]:
        """The tracks, oldest first; they may end while one iterates."""
        return iter(list(self._tracks.values()))

    def __len__(self) -> int:
        """Number of faces."""
        return len(self._tracks)

    def get(self, track_id: int) -> Track | None:
        """The track of this identity, None if it has ended."""
        return self._tracks.get(track_id)

    def boxes(self) -> dict[int, Box]:
        """A copy of where each face is now."""
        return {track.id: track.box.copy() for track in self}

    def move(self, boxes: Mapping[int, Box]) -> None:
        """Put tracks to new places; ids that have ended are passed over."""
        for track_id, box in boxes.items():
            if (track := self._tracks.get(track_id)) is not None:
                track.box = box

    def correct(
        self,
        matches: Mapping[int, FaceBox],
        then: Mapping[int, Box],
        least_px: float,
        now_s: float,
    ) -> None:
        """Bring tracks in line with what a search found, and end those it keeps missing.

        Args:
            matches: see `match`.
            then: where the tracks were in that frame; they have moved since, and keep that motion.
            least_px: least face height that the search asked for.
            now_s: when the searched frame came.
        """
        for track_id, place in then.items():
            track = self._tracks.get(track_id)
            if track is None:
                continue
            box = matches.get(track_id)
            if box is not None:
                track.box = track.box + CORRECTION * (np.array(box.xywh, float) - place)
                track.box[2:] = np.maximum(track.box[2:], 1.0)
                track.score = max(track.score, box.score)
                track.seen_at_s, track.n_misses = now_s, 0
            elif place[3] >= _CLEARLY_SEEN * least_px:
                track.n_misses += 1
                if track.n_misses >= MISSES and now_s - track.seen_at_s >= UNSEEN_S:
                    self.end(track)

    def begin(self, box: FaceBox, at: Box, now_s: float) -> Track:
        """A new face.

        Args:
            box: as it was found.
            at: where it is by now.
            now_s: when the searched frame came.
        """
        track = Track(next(self._ids), np.array(at, float), box.score, now_s)
        self._tracks[track.id] = track
        return track

    def end(self, track: Track) -> None:
        """Forget a face; one that has ended already is no error."""
        self._tracks.pop(track.id, None)

    def end_outside(self, width_px: int, height_px: int) -> None:
        """Forget faces whose middle has left a picture of this size."""
        for track in self:
            x, y = track.box[:2] + track.box[2:] / 2
            if not (0 <= x < width_px and 0 <= y < height_px):
                self.end(track)

    def merge(self) -> None:
        """Where two tracks have run onto one face, keep the elder."""
        for elder, younger in itertools.combinations(self, 2):
            if elder.face_box().iou(younger.face_box()) >= ONE_FACE_IOU:
                self.end(younger)


def match(
    then: Mapping[int, Box], found: Sequence[FaceBox]
) -> tuple[dict[int, FaceBox], list[FaceBox]]:
    """Pair tracks and found boxes, most overlap first.

    Returns:
        The box of each track that has one, and the boxes left over.
    """
    pairs = sorted(
        (
            (_face_box(place).iou(box), track_id, i)
            for track_id, place in then.items()
            for i, box in enumerate(found)
        ),
        key=lambda pair: -pair[0],
    )
    matches: dict[int, FaceBox] = {}
    taken: set[int] = set()
    for iou, track_id, i in pairs:
        if iou >= SAME_FACE_IOU and track_id not in matches and i not in taken:
            matches[track_id] = found[i]
            taken.add(i)
    return matches, [box for i, box in enumerate(found) if i not in taken]


def _face_box(box: Box, score: float = 0.0) -> FaceBox:
    x, y, w, h = box
    return FaceBox(round(x), round(y), max(1, round(w)), max(1, round(h)), score)
