"""When a viewer's next inference is due, and what it covers."""

import math
from typing import Final

from maskdet_core.live.inference import MAX_FACES_PER_TASK, InferenceTask
from maskdet_core.live.track import Track, Tracks
from maskdet_core.live.worker import OVERLOADED_BACKOFF

FINDER_INTERVAL_S: Final = 0.3
"""Between two runs of the finder for large faces, which are fast, while no face is tracked."""
FINDER_INTERVAL_TRACKED_S: Final = 0.5
"""The same while faces are tracked: then it corrects drift and finds new faces."""
FINE_EVERY: Final = 3
"""Every so many runs, the finder is asked for small faces as well."""
COARSE_FACTOR: Final = 2.0
"""In the other runs, the least face height is this many times the detector's."""
PREDICTION_INTERVAL_S: Final = 0.25
"""Between two predictions of a face that looks as before."""
QUICK_PREDICTION_INTERVAL_S: Final = 0.05
"""The same for one that has changed, or whose newest prediction disagrees with its label."""


class Scheduler:
    """Schedules one viewer's runs of the finder and predictions. Not thread-safe."""

    def __init__(self, fine_every: int = FINE_EVERY) -> None:
        """Everything is due at once.

        Args:
            fine_every: every so many runs of the finder it is asked for small faces as well.
        """
        self._fine_every = fine_every
        self._finder_ran_at_s = -math.inf
        self._finder_marked_at_s = -math.inf
        self._n_runs = 0

    def due_at_s(self, tracks: Tracks, backoff: float) -> float:
        """When the next inference is due.

        Args:
            tracks: the viewer's.
            backoff: factor on all intervals, 1 or more.
        """
        predictions = [_prediction_due_s(track, backoff) for track in tracks]
        return min([self._finder_due_s(tracks, backoff), *predictions])

    def plan(self, tracks: Tracks, now_s: float, min_face_px: int, backoff: float) -> InferenceTask:
        """What is due on the newest frame; counts as done with this call.

        Args:
            tracks: the viewer's, with their positions in that frame.
            now_s: when it arrived.
            min_face_px: the detector's least face height in such a frame.
            backoff: factor on all intervals, 1 or more.
        """
        finder_px = None
        if now_s >= self._finder_due_s(tracks, backoff):
            is_fine = self._n_runs % self._fine_every == 0
            finder_px = min_face_px if is_fine else round(COARSE_FACTOR * min_face_px)
            self._finder_ran_at_s = self._finder_marked_at_s = now_s
            self._n_runs += 1
        due = sorted(
            (track for track in tracks if _prediction_due_s(track, backoff) <= now_s),
            key=lambda track: track.scheduled_at_s,
        )[:MAX_FACES_PER_TASK]
        for track in due:
            track.scheduled_at_s = track.marked_at_s = now_s
            track.has_changed = False
        return InferenceTask(finder_px, {track.id: track.face_box for track in due}, tracks.boxes())

    def count_missed(self, tracks: Tracks, now_s: float) -> int:
        """Looks missed since the last frame: the next one was due before they were done.

        A look is a run of the finder or the prediction of one face, at the intervals without
        backoff. At most one of each is counted a frame: where no frames come, none is due.

        Args:
            tracks: the viewer's.
            now_s: when the newest frame arrived.
        """
        interval_s = _finder_interval_s(tracks)
        is_missed, self._finder_marked_at_s = _mark(self._finder_marked_at_s, now_s, interval_s)
        n_missed = int(is_missed)
        for track in tracks:
            is_missed, track.marked_at_s = _mark(track.marked_at_s, now_s, PREDICTION_INTERVAL_S)
            n_missed += is_missed
        return n_missed

    def late_s(self, tracks: Tracks, now_s: float, first_s: float) -> float:
        """How late the most overdue look is, at the intervals without backoff; 0 if none is.

        Args:
            tracks: the viewer's.
            now_s: when the newest frame arrived.
            first_s: when the first one arrived; the finder's first run is due since then.
        """
        # a face that nobody has looked at is due since it was found
        dues_s = [
            track.scheduled_at_s + PREDICTION_INTERVAL_S
            if math.isfinite(track.scheduled_at_s)
            else track.found_at_s
            for track in tracks
        ]
        due_s = first_s
        if math.isfinite(self._finder_ran_at_s):
            due_s = self._finder_ran_at_s + _finder_interval_s(tracks)
        return max(0.0, now_s - min([due_s, *dues_s]))

    def _finder_due_s(self, tracks: Tracks, backoff: float) -> float:
        return self._finder_ran_at_s + _finder_interval_s(tracks) * backoff


def _finder_interval_s(tracks: Tracks) -> float:
    return FINDER_INTERVAL_TRACKED_S if len(tracks) else FINDER_INTERVAL_S


def _mark(marked_at_s: float, now_s: float, interval_s: float) -> tuple[bool, float]:
    """Whether a look was missed since it was last done or counted as missed, and the new mark."""
    if not math.isfinite(marked_at_s):
        return False, now_s
    if now_s - marked_at_s < 2 * interval_s:
        return False, marked_at_s
    # what was due while no frame came is not counted later
    return True, max(marked_at_s + interval_s, now_s - interval_s)


def _prediction_due_s(track: Track, backoff: float) -> float:
    quick = track.has_changed or track.smoother.is_unsettled
    interval_s = QUICK_PREDICTION_INTERVAL_S if quick else PREDICTION_INTERVAL_S
    # A prediction costs a small part of a run of the finder: under load the finder backs off first.
    return track.scheduled_at_s + interval_s * max(1.0, backoff / OVERLOADED_BACKOFF)
