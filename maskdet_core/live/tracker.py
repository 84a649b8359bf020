"""The faces of one stream: moved by optical flow, corrected and classified by inference results."""

from typing import Final

import numpy as np

from maskdet_core.live.appearance import face_patch, has_changed
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.inference import FacePrediction, InferenceResult, InferenceTask
from maskdet_core.live.optical_flow import move_boxes
from maskdet_core.live.scheduler import FINE_EVERY, Scheduler
from maskdet_core.live.smoothing import VerdictSmoother
from maskdet_core.live.track import Track, Tracks
from maskdet_core.types import NO_PROBABILITIES, Detections, Face, FaceBox, Verdict

OUTDATED_S: Final = 2.0
"""A face that was last looked at longer ago than this is shown as being looked at."""
MAX_NOT_FACE: Final = 2
"""A track ends when so many predictions in a row are that it is no face; one that was never
predicted to be a face, at the first."""


class FaceTracker:
    """Tracks faces through frames of one size. Not thread-safe.

    `update` is fast and is called for each frame. When inference is due, `plan` says what to do on
    the newest frame, and `apply` brings the result to the frames that came meanwhile.
    """

    def __init__(self, fine_every: int = FINE_EVERY) -> None:
        """Begin without a frame and without a face.

        Args:
            fine_every: see `Scheduler`.
        """
        self._tracks = Tracks()
        self._scheduler = Scheduler(fine_every)
        self._newest: LiveFrame | None = None
        self._first_s: float | None = None

    def oldest_look_s(self, at_s: float) -> float | None:
        """When the face was looked at whose look is the oldest of those that still count.

        Args:
            at_s: now.

        Returns:
            None where no face has a verdict.
        """
        looks_s = [
            track.looked_at_s
            for track in self._tracks
            if track.looked_at_s is not None and _has_look(track, at_s)
        ]
        return min(looks_s, default=None)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks, oldest first; to be read, not changed."""
        return tuple(self._tracks)

    def can_follow(self, frame: LiveFrame) -> bool:
        """Whether a frame continues the stream: of the size of those before it, if any."""
        newest = self._newest
        return newest is None or (
            (newest.width_px, newest.height_px) == (frame.width_px, frame.height_px)
        )

    def update(self, frame: LiveFrame) -> None:
        """Move the faces to the next frame and note which of them have changed.

        Raises:
            ValueError: `can_follow` is False for the frame.
        """
        if not self.can_follow(frame):
            raise ValueError(f"another frame size: {frame.width_px}x{frame.height_px} px")
        before, self._newest = self._newest, frame
        if self._first_s is None:
            self._first_s = frame.received_s
        boxes = self._tracks.boxes()
        if before is None or not boxes:
            return
        moved = move_boxes(before.grey, frame.grey, np.stack([*boxes.values()]), frame.width_px)
        self._tracks.move(dict(zip(boxes, moved, strict=True)))
        self._tracks.end_outside(frame.width_px, frame.height_px)
        for track in self._tracks:
            patch = face_patch(frame.grey, track.box, frame.width_px)
            track.has_changed = track.has_changed or has_changed(track.patch, patch)

    def due_at_s(self, backoff: float) -> float:
        """When the next inference is due.

        Args:
            backoff: factor on all intervals, 1 or more.
        """
        return self._scheduler.due_at_s(self._tracks, backoff)

    def count_missed(self) -> int:
        """Looks that were missed since the last frame; see `Scheduler.count_missed`."""
        if self._newest is None:
            return 0
        return self._scheduler.count_missed(self._tracks, self._newest.received_s)

    def late_s(self) -> float:
        """How late the most overdue look is at the newest frame; see `Scheduler.late_s`."""
        if self._newest is None or self._first_s is None:
            return 0.0
        return self._scheduler.late_s(self._tracks, self._newest.received_s, self._first_s)

    def plan(self, frame: LiveFrame, min_face_px: int, backoff: float) -> InferenceTask:
        """What is due on the newest frame; counts as done with this call.

        Args:
            frame: the newest.
            min_face_px: the detector's least face height in such a frame.
            backoff: factor on all intervals, 1 or more.
        """
        return self._scheduler.plan(self._tracks, frame.received_s, min_face_px, backoff)

    def apply(
        self,
        frame: LiveFrame,
        task: InferenceTask,
        result: InferenceResult,
        min_confidence: float,
        *,
        two_classes: bool = False,
    ) -> None:
        """Bring the result of inference on an earlier frame to the newest one.

        Args:
            frame: that inference ran on.
            task: what was asked for.
            result: what was found.
            min_confidence: 0.5 <= c < 1.
            two_classes: see `decide`.
        """
        if task.min_face_px is not None:
            self._tracks.correct(result.matches, task.boxes, task.min_face_px, frame.received_s)
            for prediction in result.new_faces:
                new = self._start(prediction.box, frame)
                self._look(new, prediction, frame, min_confidence, two_classes)
            for box in result.not_looked_at:
                self._start(box, frame)
        for track_id, prediction in result.predictions.items():
            track = self._tracks.get(track_id)
            if track is None:
                continue
            is_first = track.looked_at_s is None
            self._look(track, prediction, frame, min_confidence, two_classes)
            track.patch = face_patch(frame.grey, task.boxes[track_id], frame.width_px)
            track.n_not_face = 0 if prediction.is_face else track.n_not_face + 1
            if track.n_not_face >= (1 if is_first else MAX_NOT_FACE):
                self._tracks.end(track)
        if task.min_face_px is not None:
            self._tracks.merge_duplicates()

    def detections(
        self, frame: LiveFrame, min_confidence: float, *, two_classes: bool = False
    ) -> Detections:
        """The faces to show on the newest frame, with their smoothed verdicts.

        A face that was not looked at in the last `OUTDATED_S` has no verdict and is in
        ``unjudged``.

        Args:
            frame: the newest.
            min_confidence: 0.5 <= c < 1.
            two_classes: see `decide`.
        """
        shown = self.faces(frame, min_confidence, two_classes=two_classes)
        looking = tuple(
            box
            for track in self._tracks
            if track.id not in shown
            and (box := track.face_box.clipped(frame.width_px, frame.height_px)) is not None
        )
        size = (frame.width_px, frame.height_px)
        return Detections(*size, tuple(shown.values()), looking, two_classes)

    def faces(
        self, frame: LiveFrame, min_confidence: float, *, two_classes: bool = False
    ) -> dict[int, Face]:
        """The faces of `detections` that have a verdict, by track id, oldest track first."""
        return {
            track.id: _to_face(track, box, frame, min_confidence, two_classes)
            for track in self._tracks
            if _has_look(track, frame.received_s)
            and (box := track.face_box.clipped(frame.width_px, frame.height_px)) is not None
        }

    def _start(self, box: FaceBox, frame: LiveFrame) -> Track:
        newest = frame if self._newest is None else self._newest
        box_then = np.array([box.xywh], float)
        box_now = move_boxes(frame.grey, newest.grey, box_then, frame.width_px)[0]
        track = self._tracks.start(box_now, box.score, frame.received_s)
        track.patch = face_patch(frame.grey, box_then[0], frame.width_px)
        return track

    @staticmethod
    def _look(
        track: Track,
        prediction: FacePrediction,
        frame: LiveFrame,
        min_confidence: float,
        two_classes: bool,
    ) -> None:
        if not _has_look(track, frame.received_s):
            # what was known is too old to hold back what is seen now
            track.smoother = VerdictSmoother()
        track.looked_at_s = frame.received_s
        track.scheduled_at_s = max(track.scheduled_at_s, frame.received_s)
        track.smoother.add(
            prediction.probabilities, frame.received_s, min_confidence, two_classes=two_classes
        )


def _has_look(track: Track, at_s: float) -> bool:
    return track.looked_at_s is not None and at_s - track.looked_at_s <= OUTDATED_S


def _to_face(
    track: Track, box: FaceBox, frame: LiveFrame, min_confidence: float, two_classes: bool
) -> Face:
    smoother = track.smoother
    predicted_at_s = smoother.predicted_at_s
    if predicted_at_s is None or frame.received_s - predicted_at_s > OUTDATED_S:
        # looked at, but the network failed
        return Face(box, *NO_PROBABILITIES, Verdict.NOT_SURE)
    verdict = smoother.verdict(min_confidence, two_classes=two_classes)
    return Face(box, *smoother.probabilities, verdict)
