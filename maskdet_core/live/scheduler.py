"""What is done when a viewer's turn comes: when it is due, what it covers, and doing it."""

import math
from collections.abc import Mapping
from typing import Final

from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.inference import MOST_LOOKS, Todo
from maskdet_core.live.tracker import Box, Track, Tracks
from maskdet_core.live.worker import OVERLOADED

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


class Schedule:
    """When one viewer's searches and looks are due. Not safe to share by threads."""

    def __init__(self) -> None:
        """Everything is due at once."""
        self._searched_s = -math.inf
        self._n_searches = 0

    def due_at_s(self, tracks: Tracks, backoff: float) -> float:
        """When the next of them is due, the times between rounds being stretched."""
        looks = [_due_s(track, backoff) for track in tracks]
        return min([self._search_due_s(tracks, backoff), *looks])

    def plan(
        self,
        tracks: Tracks,
        then: Mapping[int, Box],
        frame: LiveFrame,
        least_px: int,
        backoff: float,
    ) -> Todo:
        """What is due in a frame; it counts as done with this call.

        Args:
            tracks: the viewer's.
            then: where they are in the frame.
            frame: the newest.
            least_px: the detector's least face height in such a frame.
            backoff: of the times between rounds.
        """
        now = frame.at_s
        search_px = None
        if now >= self._search_due_s(tracks, backoff):
            fine = self._n_searches % FINE == 0
            search_px = least_px if fine else round(COARSE * least_px)
            self._searched_s = now
            self._n_searches += 1
        due = sorted(
            (t for t in tracks if t.id in then and _due_s(t, backoff) <= now),
            key=lambda track: track.looked_at_s,
        )
        for track in due[:MOST_LOOKS]:
            track.looked_at_s, track.changed = now, False
        return Todo(search_px, {t.id: t.face_box(then[t.id]) for t in due[:MOST_LOOKS]}, then)

    def _search_due_s(self, tracks: Tracks, backoff: float) -> float:
        return self._searched_s + (FOLLOWED_S if len(tracks) else SEARCH_S) * backoff


def _due_s(track: Track, backoff: float) -> float:
    quick = track.changed or track.opinion.restless
    # a look costs a small part of a search: under load searches give way first
    return track.looked_at_s + (QUICK_LOOK_S if quick else LOOK_S) * max(1.0, backoff / OVERLOADED)
