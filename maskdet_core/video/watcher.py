"""Follow people through frames with times, of a film or of a stream: who is seen when, and how.

The core of video files and of streams. It knows frames and times, neither files nor clocks: faces
are searched for and classified at the rate that the live page uses, by the frames' own times, and
between two looks they are moved by optical flow. What was noticed late is dated back.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Final

import cv2
import numpy as np

from maskdet_core.detector import MaskDetector, min_face_px_in
from maskdet_core.live.frame import ArrayFrame, LiveFrame
from maskdet_core.live.inference import run_inference
from maskdet_core.live.tracker import FaceTracker
from maskdet_core.types import (
    Detections,
    RgbImage,
    validate_min_confidence,
    validate_rgb,
)
from maskdet_core.video.events import PersonEvent, WatchedFrame
from maskdet_core.video.history import History
from maskdet_core.video.people import PeopleFollower

STEP_S: Final = 0.1
"""Time between two frames that suffices: nothing is looked at more often, and optical flow follows
faces from one to the next."""
MAX_GAP_S: Final = 2.0
"""After a longer time without a frame all faces are new."""
_CUT_SIZE: Final = (32, 18)
_CUT_CORRELATION: Final = 0.4
"""Less correlation between two frames is a cut: within a scene it is 0.8 and more, also while the
camera pans by a tenth of the picture."""
_EVEN: Final = 4.0
"""Standard deviation of brightness below which a picture, such as black, has nothing to compare."""


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
        history = History(detector, self._min_confidence, two_classes=self._two_classes)
        self._people = PeopleFollower(history)
        self._newest: LiveFrame | None = None

    @property
    def n_people(self) -> int:
        """Different people seen so far."""
        return self._people.n_people

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
        tracks = tracker.tracks
        events += self._people.update(frame, tracks, faces)
        waiting = {
            track.id: box
            for track in tracks
            if track.id not in faces
            and (box := track.face_box.clipped(frame.width_px, frame.height_px)) is not None
        }
        shown = Detections(
            frame.width_px,
            frame.height_px,
            tuple(faces.values()),
            tuple(waiting.values()),
            self._two_classes,
        )
        people = tuple(self._people.person(track_id) for track_id in faces)
        return WatchedFrame(at_s, shown, people, tuple(events), (*faces, *waiting))

    def finish(self, end_s: float | None = None) -> tuple[PersonEvent, ...]:
        """End all that is still followed, as after the last frame. The next frame starts again.

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

    def _restart(self, end_s: float) -> list[PersonEvent]:
        """End all tracks, as at a cut."""
        self._tracker = FaceTracker(fine_every=1)
        return self._people.restart(end_s)


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
