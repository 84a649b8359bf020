"""One viewer's stream: frames in, frames with verdicts out. Knows frames, not browsers or pages.

`LiveProcessor.recv` is called for one frame after the other and takes a few ms. What takes long,
searching and judging, is done by the engine's worker on the newest frame that there is when this
viewer's turn comes. Between two searches the boxes follow the faces by optical flow, so that each
frame is drawn with boxes of its own.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from maskdet_core.detector import MaskDetector
from maskdet_core.draw.annotate import LABELS, Labels, annotate
from maskdet_core.live.admission import AdmissionControl
from maskdet_core.live.appearance import has_changed, view
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.inference import Look, Round, Todo
from maskdet_core.live.optical_flow import follow
from maskdet_core.live.scheduler import Schedule
from maskdet_core.live.stats import LiveStats, Meter, StreamStats
from maskdet_core.live.tracker import NO_FACE_LOOKS, Box, Track, Tracks
from maskdet_core.live.worker import InferenceWorker
from maskdet_core.types import Detections, Face, RgbImage, Verdict, validate_min_confidence

if TYPE_CHECKING:
    import av

_LOG = logging.getLogger(__name__)

LOG_EVERY_S: Final = 10.0
"""Least time between two log lines about failing frames."""
OUTDATED_S: Final = 2.0
"""A face that could not be looked at for so long is shown as "not sure"."""


class LiveProcessor:
    """Turns camera frames into annotated frames. `recv` never raises.

    `recv` may be called from one thread while others call everything else; none of these waits
    for a search or a look.
    """

    def __init__(
        self,
        detector: MaskDetector,
        worker: InferenceWorker,
        admission: AdmissionControl,
        min_confidence: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        meter: Meter | None = None,
    ) -> None:
        """Begin with empty statistics and without a place.

        Args:
            detector: shared with other viewers.
            worker: does the searching and judging.
            admission: a slot is acquired with the first frame and released by `stop`, or by itself
                when frames stop coming.
            min_confidence: 0.5 <= c < 1; None takes the detector's.
            clock: seconds, only ever rising; the engine's too.
            meter: counts what all streams do.

        Raises:
            ValueError: threshold out of range.
        """
        self._detector = detector
        self._worker = worker
        self._admission = admission
        self._min_confidence = validate_min_confidence(
            detector.min_confidence if min_confidence is None else min_confidence
        )
        self._clock = clock
        self._lock = threading.Lock()
        self._mirrored = False
        self._labels: Labels = LABELS
        self._tracks = Tracks()
        self._schedule = Schedule()
        self._newest: LiveFrame | None = None
        self._waiting: tuple[LiveFrame, dict[int, Box]] | None = None
        self._round_at_s: float | None = None
        self._last: tuple[LiveFrame, Detections] | None = None
        self._record = StreamStats(meter)
        self._logged_at: float | None = None

    @property
    def min_confidence(self) -> float:
        """The threshold that the next frame will use."""
        with self._lock:
            return self._min_confidence

    def set_min_confidence(self, min_confidence: float) -> None:
        """Use another threshold from the next frame on; the stream goes on.

        Raises:
            ValueError: threshold out of range; the old one stays.
        """
        checked = validate_min_confidence(min_confidence)
        with self._lock:
            self._min_confidence = checked

    def set_mirrored(self, mirrored: bool) -> None:
        """Whether left and right change places from the next frame on, as in a mirror."""
        with self._lock:
            if mirrored != self._mirrored:
                self._mirrored = mirrored
                self._forget()

    def set_labels(self, labels: Labels) -> None:
        """Write other words on the frames from the next picture on, in ASCII; see `annotate`."""
        self._labels = labels

    def recv(self, frame: "av.VideoFrame") -> "av.VideoFrame":
        """Take one frame of any size and pixel format and draw what is known of its faces.

        Returns:
            A new frame with the same pts and time base, or, where there is nothing to draw or
            anything failed, the frame that came in, untouched.
        """
        now = self._clock()
        self._record.came(now)
        try:
            if not self._admitted():
                return frame
            seen = self._follow(frame, now)
            shown = self._shown(seen)
            drawn = frame
            if len(shown) or self._mirrored:
                drawn = seen.redrawn(annotate(seen.rgb, shown, self._labels))
        except Exception as error:
            # An exception that leaves this callback ends the viewer's stream, so none may,
            # whatever the decoder or OpenCV raised.
            self._note_error(error)
            return frame
        with self._lock:
            self._last = (seen, shown)
        self._record.left(now, self._clock(), shown)
        self._worker.notify()
        return drawn

    def stop(self) -> None:
        """The stream has ended: give the place back and forget its faces. May be called again."""
        self._worker.unregister(self)
        self._admission.release(self)
        with self._lock:
            self._forget()
            self._last = None

    def picture(self) -> RgbImage | None:
        """The newest frame with its verdicts, uint8 RGB; None where there is none."""
        with self._lock:
            last = self._last
        return None if last is None else annotate(last[0].rgb, last[1], self._labels)

    def snapshot(self) -> LiveStats:
        """Statistics of this moment."""
        now = self._clock()
        with self._lock:
            looked = [at for t in self._tracks if (at := t.opinion.looked_at_s) is not None]
            oldest = min(looked) if looked else self._round_at_s
        age_s = None if oldest is None else now - oldest
        return self._record.stats(now, age_s)

    def due_at_s(self, backoff: float) -> float | None:
        """For the engine: when the next round is due; None while no new frame has come."""
        with self._lock:
            if self._waiting is None:
                return None
            return self._schedule.due_at_s(self._tracks, backoff)

    def work(self, backoff: float) -> None:
        """For the engine: search and judge the newest frame, as far as either is due."""
        with self._lock:
            if self._waiting is None:
                return
            frame, then = self._waiting
            self._waiting, tracks = None, self._tracks
            least_px = self._detector.min_face_px_in(frame.width_px, frame.height_px)
            todo = self._schedule.plan(self._tracks, then, frame, least_px, backoff)
            min_confidence = self._min_confidence
        try:
            done = Round(self._detector, frame, todo)
        except Exception as error:
            self._note_error(error)
            return
        with self._lock:
            # else the faces were forgotten meanwhile, and places in this frame mean nothing
            if self._tracks is tracks:
                self._apply(done, todo, frame, min_confidence)
            self._round_at_s = frame.at_s

    def _admitted(self) -> bool:
        admitted = self._admission.acquire(self)
        if admitted:
            self._worker.register(self)
        self._record.admitted(admitted)
        return admitted

    def _follow(self, frame: "av.VideoFrame", now: float) -> LiveFrame:
        """Carry the boxes to a new frame and lay it out for the engine."""
        with self._lock:
            seen = LiveFrame(frame, now, mirrored=self._mirrored)
            before = self._newest
            if before is not None and before.grey.shape == seen.grey.shape:
                self._move(before, seen)
            else:
                # another size: what was known of places holds no longer
                self._forget()
            self._newest = seen
            self._waiting = (seen, self._tracks.boxes())
            return seen

    def _move(self, before: LiveFrame, seen: LiveFrame) -> None:
        places = self._tracks.boxes()
        if places:
            moved = follow(before.grey, seen.grey, np.stack([*places.values()]), seen.width_px)
            self._tracks.move(dict(zip(places, moved, strict=True)))
            self._tracks.end_outside(seen.width_px, seen.height_px)
            for track in self._tracks:
                now = view(seen.grey, track.box, seen.width_px)
                track.changed = track.changed or has_changed(track.view, now)

    def _shown(self, seen: LiveFrame) -> Detections:
        with self._lock:
            faces = tuple(
                face
                for track in self._tracks
                if (face := _face(track, seen, self._min_confidence)) is not None
            )
        return Detections(seen.width_px, seen.height_px, faces)

    def _apply(self, done: Round, todo: Todo, frame: LiveFrame, min_confidence: float) -> None:
        """Bring what was seen in a frame to the newest one, which is later."""
        if todo.least_px is not None:
            self._tracks.correct(done.matches, todo.then, todo.least_px, frame.at_s)
            for look in done.new_faces:
                self._begin(look, frame, min_confidence)
            self._tracks.merge()
        for track_id, look in done.looks.items():
            track = self._tracks.get(track_id)
            if track is None:
                continue
            track.opinion.add(look.p_with_mask, frame.at_s, min_confidence)
            track.view = view(frame.grey, todo.then[track_id], frame.width_px)
            track.n_no_face = 0 if look.is_face else track.n_no_face + 1
            if track.n_no_face >= NO_FACE_LOOKS:
                self._tracks.end(track)

    def _begin(self, look: Look, frame: LiveFrame, min_confidence: float) -> None:
        now = self._newest
        if now is None:
            return
        at = np.array([look.box.xywh], float)
        track = self._tracks.begin(
            look.box, follow(frame.grey, now.grey, at, frame.width_px)[0], frame.at_s
        )
        track.looked_at_s = frame.at_s
        track.opinion.add(look.p_with_mask, frame.at_s, min_confidence)
        track.view = view(frame.grey, at[0], frame.width_px)

    def _forget(self) -> None:
        self._tracks = Tracks()
        self._schedule = Schedule()
        self._newest = self._waiting = None

    def _note_error(self, error: Exception) -> None:
        now = self._clock()
        n_errors = self._record.failed()
        with self._lock:
            silent = self._logged_at is not None and now - self._logged_at < LOG_EVERY_S
            if not silent:
                self._logged_at = now
        if not silent:
            # The type alone: a message could carry pixels or names from the stream.
            _LOG.warning("%d frames failed so far, last by %s", n_errors, type(error).__name__)


def _face(track: Track, seen: LiveFrame, min_confidence: float) -> Face | None:
    box = track.face_box().clipped(seen.width_px, seen.height_px)
    looked_at = track.opinion.looked_at_s
    if box is None:
        return None
    if looked_at is None or seen.at_s - looked_at > OUTDATED_S:
        return Face(box, math.nan, Verdict.NOT_SURE)
    return Face(box, track.opinion.p_with_mask, track.opinion.verdict(min_confidence))
