"""The newest frames, to date back what is only noticed later: an appearance, a change, an end."""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from maskdet_core.detector import MaskDetector
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.optical_flow import move_boxes
from maskdet_core.live.track import Box
from maskdet_core.types import FaceBox, Verdict, decide

SPAN_S: Final = 1.5
"""Time that is kept. A face is searched for every 0.3 to 0.5 s, and its end is noticed
within 1 s."""
STEP_S: Final = 0.08
"""Least time between two frames kept: times are right to 0.1 s, and memory is bounded."""
PRESENT: Final = 0.5
"""Least probability of a face where one was a moment before or after."""


class _Past(NamedTuple):
    frame: LiveFrame
    boxes: Mapping[int, Box]


class History:
    """Frames of the last `SPAN_S`, all of one size, with the positions of the tracks in them."""

    def __init__(self, detector: MaskDetector, min_confidence: float, *, two_classes: bool) -> None:
        """Begin empty.

        Args:
            detector: says whether a face is where it should be.
            min_confidence: see `decide`.
            two_classes: see `decide`.
        """
        self._detector = detector
        self._min_confidence, self._two_classes = min_confidence, two_classes
        self._past: deque[_Past] = deque()

    def add(self, frame: LiveFrame, boxes: Mapping[int, Box]) -> None:
        """Keep a frame, unless it follows another too closely.

        Args:
            frame: the newest.
            boxes: positions of the tracks in it, by track id.
        """
        if self._past and frame.received_s - self._past[-1].frame.received_s < STEP_S:
            return
        self._past.append(_Past(frame, boxes))
        while frame.received_s - self._past[0].frame.received_s > SPAN_S:
            self._past.popleft()

    def clear(self) -> None:
        """Forget all frames."""
        self._past.clear()

    def first_seen_s(self, frame: LiveFrame, box: Box) -> float:
        """When a face came into view that is now found.

        Args:
            frame: that it was found in.
            box: where.
        """
        first_s, later = frame.received_s, frame
        for past in reversed(self._past):
            at_s = past.frame.received_s
            if at_s >= frame.received_s:
                continue
            box = move_boxes(later.grey, past.frame.grey, box[None], frame.width_px)[0]
            if not self._is_face(past.frame, box):
                return (at_s + first_s) / 2
            first_s, later = at_s, past.frame
        return first_s

    def last_seen_s(self, track_id: int, seen_s: float, end_s: float) -> float:
        """When a face went out of view whose track has ended.

        Args:
            track_id: of the track.
            seen_s: when it was last seen for certain.
            end_s: when it was found to be gone.
        """
        last_s = seen_s
        for past in self._past:
            at_s = past.frame.received_s
            if not seen_s < at_s < end_s:
                continue
            box = past.boxes.get(track_id)
            if box is None or not self._is_face(past.frame, box):
                return (last_s + at_s) / 2
            last_s = at_s
        return (last_s + end_s) / 2

    def changed_s(self, track_id: int, verdict: Verdict, before_s: float, since_s: float) -> float:
        """When a face changed.

        Args:
            track_id: of its track.
            verdict: what it changed to.
            before_s: when it was last looked at before the change.
            since_s: when it was first looked at after the change.
        """
        first_s = since_s
        for past in reversed(self._past):
            at_s = past.frame.received_s
            box = past.boxes.get(track_id)
            if box is None or not before_s < at_s < since_s:
                continue
            predicted = self._detector.classify(past.frame.rgb, [_face_box(box)])
            now = decide(predicted[0], self._min_confidence, two_classes=self._two_classes)
            if now is not verdict:
                return (at_s + first_s) / 2
            first_s = at_s
        return (max(before_s, 0.0) + first_s) / 2

    def _is_face(self, frame: LiveFrame, box: Box) -> bool:
        face = _face_box(box)
        if face.clipped(frame.width_px, frame.height_px) is None:
            return False
        return float(self._detector.classify(frame.rgb, [face]).p_face[0]) >= PRESENT


def _face_box(box: Box) -> FaceBox:
    x, y, w, h = (round(float(side)) for side in np.asarray(box))
    return FaceBox(x, y, max(1, w), max(1, h))
