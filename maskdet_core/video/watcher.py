"""Follow people through frames with times, of a film or of a stream: who is seen when, and how.

The core of video files and of streams. It knows frames and times, neither files nor clocks: faces
are searched for and classified at the rate that the live page uses, by the frames' own times, and
between two looks they are moved by optical flow. What was noticed late is dated back.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from maskdet_core.detector import MaskDetector, min_face_px_in
from maskdet_core.live.appearance import Patch, face_patch
from maskdet_core.live.frame import ArrayFrame, LiveFrame
from maskdet_core.live.inference import run_inference
from maskdet_core.live.track import Box, Track
from maskdet_core.live.tracker import FaceTracker
from maskdet_core.types import (
    Detections,
    Face,
    RgbImage,
    Verdict,
    validate_min_confidence,
    validate_rgb,
)
from maskdet_core.video.events import EventKind, PersonEvent, WatchedFrame
from maskdet_core.video.history import History
from maskdet_core.video.identity import RETURN_S, Departed, returned

STEP_S: Final = 0.1
"""Time between two frames that suffices: nothing is looked at more often, and optical flow follows
faces from one to the next."""
MAX_GAP_S: Final = 2.0
"""After a longer time without a frame all faces are new."""
MIN_LOOKS: Final = 2
"""Looks that take a face for one before it counts as a person: false alarms rarely last."""
_CUT_SIZE: Final = (32, 18)
_CUT_CORRELATION: Final = 0.4
"""Less correlation between two frames is a cut: within a scene it is 0.8 and more, also while the
camera pans by a tenth of the picture."""
_EVEN: Final = 4.0
"""Standard deviation of brightness below which a picture, such as black, has nothing to compare."""
_N_LOOKS_KEPT: Final = 16


@dataclass(slots=True)
class _Followed:
    """A track, as far as it concerns a person.

    Attributes:
        since_s: when the face came into view.
        seen_s: when it was last taken for a face.
        box: its newest position.
        patch: its newest appearance.
        looks_s: times of the newest looks that took it for a face.
        n_looks: how many there were.
        person: number once it counts as a person.
        verdict: the newest.
    """

    since_s: float
    seen_s: float
    box: Box
    patch: Patch | None
    verdict: Verdict
    looks_s: deque[float] = field(default_factory=lambda: deque(maxlen=_N_LOOKS_KEPT))
    n_looks: int = 0
    person: int | None = None


def shrunk_face_px(
    min_face_px: int | None, frame_px: tuple[int, int], max_side_px: int
) -> int | None:
    """The height of the smallest face in a frame that is shrunk before it is searched.

    Args:
        min_face_px: the same in the whole frame, px; None stays None.
        frame_px: width and height of the whole frame.
        max_side_px: longer side of the shrunk frame, which is never larger than the whole one.
    """
    if min_face_px is None:
        return None
    return max(1, math.floor(min_face_px * min(1.0, max_side_px / max(frame_px))))


class FaceWatcher:
    """Follows people through frames with times. Not thread-safe.

        watcher = FaceWatcher(MaskDetector.load(preset="live"))
        for event in watcher.events(frames):  # pairs (time in s, RGB image)
            print(event.at_s, event.person, event.kind, event.verdict)

    `add` and `finish` are the same frame by frame, for those who need what is known at each frame.
    Memory is bounded whatever the number of frames. All frames have to be of moderate size, such as
    960 px wide: the whole frame is searched, and those of the last 1.5 s are kept. About ten a
    second are enough (`STEP_S`); more make boxes smoother.
    """

    def __init__(
        self,
        detector: MaskDetector,
        *,
        min_confidence: float | None = None,
        two_classes: bool | None = None,
        min_face_px: int | None = None,
    ) -> None:
        """Begin without a frame.

        Args:
            detector: finds and classifies; the preset "live" is meant for this.
            min_confidence: 0.5 <= c < 1; None takes the detector's.
            two_classes: see `decide`; None takes the detector's.
            min_face_px: height of the smallest face in the frames, px; None takes the detector's,
                or 1/24 of the longer side where it has none, and at least 24.

        Raises:
            ValueError: a number out of its range.
        """
        self._detector = detector
        self._min_confidence = validate_min_confidence(
            detector.min_confidence if min_confidence is None else min_confidence
        )
        self._two_classes = detector.two_classes if two_classes is None else two_classes
        self._min_face_px = detector.min_face_px if min_face_px is None else min_face_px
        self._tracker = FaceTracker(fine_every=1)
        self._history = History(detector)
        self._newest: LiveFrame | None = None
        self._followed: dict[int, _Followed] = {}
        self._departed: list[Departed] = []
        self._n_people = 0

    @property
    def n_people(self) -> int:
        """Different people seen so far."""
        return self._n_people

    def events(self, frames: Iterable[tuple[float, RgbImage]]) -> Iterator[PersonEvent]:
        """Follow people through all frames of a source.

        Args:
            frames: time in s, never decreasing, and pixels, uint8 (H, W, 3), RGB. Taken one by
                one, as the events are asked for.

        Yields:
            What happens, as soon as it is known; in the end that all have left.

        Raises:
            ValueError: as `add`.
        """
        for at_s, image_rgb in frames:
            yield from self.add(at_s, image_rgb).events
        yield from self.finish()

    def add(self, at_s: float, image_rgb: RgbImage) -> WatchedFrame:
        """Take the next frame: tens of ms where faces are due, a few ms elsewhere.

        Args:
            at_s: its time, not before that of the frame before it.
            image_rgb: uint8 (H, W, 3), channels red, green, blue; not changed, copied.

        Raises:
            ValueError: another dtype or shape, or a time before the newest frame's.
        """
        validate_rgb(image_rgb)
        before, frame = self._newest, ArrayFrame(image_rgb, at_s)
        events: list[PersonEvent] = []
        if before is not None:
            if at_s < before.received_s:
                raise ValueError(f"expected a time of {before.received_s} s or later, got {at_s}")
            if not self._tracker.can_follow(frame) or _is_break(before, frame):
                events += self._restart(before.received_s)
        self._newest = frame
        tracker = self._tracker
        tracker.update(frame)
        if tracker.due_at_s(1.0) <= at_s:
            self._infer(frame)
        faces = tracker.faces(frame, self._min_confidence, two_classes=self._two_classes)
        tracks = {track.id: track for track in tracker.tracks}
        self._history.add(frame, {track.id: track.box.copy() for track in tracks.values()})
        events += self._end(self._followed.keys() - tracks.keys(), at_s)
        for track_id, face in faces.items():
            events += self._follow(tracks[track_id], face, frame)
        waiting = {
            track_id: box
            for track_id, track in tracks.items()
            if track_id not in faces
            and (box := track.face_box.clipped(frame.width_px, frame.height_px)) is not None
        }
        shown = Detections(
            frame.width_px,
            frame.height_px,
            tuple(faces.values()),
            tuple(waiting.values()),
            self._two_classes,
        )
        people = tuple(self._followed[track_id].person for track_id in faces)
        return WatchedFrame(at_s, shown, people, tuple(events), (*faces, *waiting))

    def finish(self, end_s: float | None = None) -> tuple[PersonEvent, ...]:
        """End all that is still followed, as after the last frame. The next frame begins anew.

        Args:
            end_s: when the last frame ends; None takes its time.
        """
        if self._newest is None:
            return ()
        at_s = self._newest.received_s if end_s is None else end_s
        events = self._restart(at_s)
        self._newest = None
        return tuple(events)

    def _infer(self, frame: LiveFrame) -> None:
        least_px = self._min_face_px or min_face_px_in(frame.width_px, frame.height_px)
        task = self._tracker.plan(frame, least_px, 1.0)
        result = run_inference(self._detector, frame, task)
        self._tracker.apply(
            frame, task, result, self._min_confidence, two_classes=self._two_classes
        )

    def _follow(self, track: Track, face: Face, frame: LiveFrame) -> Iterator[PersonEvent]:
        """Note what has become of a face; yield what that means for its person."""
        at_s, one = frame.received_s, self._followed.get(track.id)
        if one is None:
            since_s = self._history.first_seen_s(frame, track.box)
            one = _Followed(since_s, at_s, track.box, track.patch, face.verdict)
            self._followed[track.id] = one
        one.box = track.box
        looked_s = track.looked_at_s
        if looked_s is not None and track.n_not_face == 0 and looked_s not in one.looks_s:
            one.looks_s.append(looked_s)
            one.n_looks += 1
            one.seen_s = looked_s
            one.patch = face_patch(frame.grey, track.box, frame.width_px)
        if one.person is None:
            one.verdict = face.verdict
            if one.n_looks >= MIN_LOOKS:
                yield self._welcome(one)
        elif face.verdict is not one.verdict:
            one.verdict = face.verdict
            changed_s = self._changed_s(track, one)
            yield PersonEvent(EventKind.VERDICT, one.person, changed_s, face.verdict)

    def _welcome(self, one: _Followed) -> PersonEvent:
        """A face counts as a person: one who has just left, or a new one."""
        before = returned(self._departed, one.since_s, one.box, one.patch)
        if before is None:
            self._n_people += 1
            one.person = self._n_people
        else:
            self._departed.remove(before)
            one.person = before.person
            one.since_s = max(one.since_s, before.at_s)
        return PersonEvent(EventKind.APPEARED, one.person, one.since_s, one.verdict)

    def _changed_s(self, track: Track, one: _Followed) -> float:
        since_s = track.smoother.shown_since_s
        if since_s is None:
            return one.seen_s
        before_s = max((at_s for at_s in one.looks_s if at_s < since_s), default=one.since_s)
        changed_s = self._history.changed_s(
            track.id,
            one.verdict,
            before_s,
            since_s,
            self._min_confidence,
            two_classes=self._two_classes,
        )
        return max(changed_s, one.since_s)

    def _end(self, track_ids: Iterable[int], at_s: float) -> Iterator[PersonEvent]:
        self._departed = [one for one in self._departed if at_s - one.at_s <= 2 * RETURN_S]
        for track_id in sorted(track_ids):
            one = self._followed.pop(track_id)
            if one.person is not None:
                last_s = self._history.last_seen_s(track_id, one.seen_s, at_s)
                yield self._farewell(one, last_s)

    def _farewell(self, one: _Followed, at_s: float) -> PersonEvent:
        person = one.person or 0
        self._departed.append(Departed(person, at_s, one.box, one.patch))
        return PersonEvent(EventKind.LEFT, person, at_s, one.verdict)

    def _restart(self, end_s: float) -> list[PersonEvent]:
        """End all tracks, as at a cut: who was seen until then was seen to the end."""
        events: list[PersonEvent] = []
        for one in self._followed.values():
            if one.person is None and one.n_looks:
                events.append(self._welcome(one))
            if one.person is not None:
                events.append(self._farewell(one, end_s))
        self._followed.clear()
        self._history.clear()
        self._tracker = FaceTracker(fine_every=1)
        return events


def _is_break(before: LiveFrame, now: LiveFrame) -> bool:
    """Whether two frames are of different scenes, so that nothing can be followed."""
    if now.received_s - before.received_s > MAX_GAP_S:
        return True
    one, other = (
        cv2.resize(frame.grey, _CUT_SIZE, interpolation=cv2.INTER_AREA).astype(np.float64)
        for frame in (before, now)
    )
    one, other = one - one.mean(), other - other.mean()
    if min(one.std(), other.std()) < _EVEN:
        return False
    return float((one * other).mean() / (one.std() * other.std())) < _CUT_CORRELATION
