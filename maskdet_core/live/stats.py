"""Statistics of a live stream: frame rates, latency, counts by the second."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from maskdet_core.live.snapshot import FrameSnapshot
from maskdet_core.types import Detections, Verdict

RATE_WINDOW_S: Final = 2.0
"""Frame rates and latency are taken over this time."""
TIMELINE_S: Final = 120
"""Seconds that the timeline covers."""
_MAX_FRAMES: Final = 240
_ORDER: Final = (
    Verdict.WITH_MASK,
    Verdict.WITHOUT_MASK,
    Verdict.NOT_SURE,
    Verdict.WORN_WRONG,
)


class Meter(Protocol):
    """Counts over all streams, as monitoring does. Called from several threads; must not raise."""

    def frame_received(self) -> None:
        """A frame has arrived."""
        ...

    def frame_sent(self, latency_s: float, shown: Detections) -> None:
        """A frame was returned with these faces, so long after it arrived."""
        ...

    def frame_failed(self) -> None:
        """A frame or inference on one has failed."""
        ...

    def viewer_rejected(self) -> None:
        """A stream got no slot."""
        ...


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """The most faces of each verdict at once during one second, ``second`` since the start."""

    second: int
    n_with: int
    n_without: int
    n_not_sure: int
    n_worn_wrong: int = 0


@dataclass(frozen=True, slots=True)
class LiveStats:
    """Statistics of one moment; a consistent copy.

    Attributes:
        frames_in: frames received since the start.
        errors: frames, or inferences on them, that failed.
        fps_in: frames received a second.
        fps: frames returned a second.
        latency_ms: 95th percentile of the time from a frame's arrival to its return.
        frame: what the newest frame returned shows; None before the first. All that is said of
            faces is taken from it, so that it fits the picture.
        frame_age_s: time since that frame arrived; None before the first.
        rejected: whether the stream runs without verdicts because it has no slot.
        timeline: by second, oldest first.
    """

    frames_in: int = 0
    errors: int = 0
    fps_in: float = 0.0
    fps: float = 0.0
    latency_ms: float = 0.0
    frame: FrameSnapshot | None = None
    frame_age_s: float | None = None
    rejected: bool = False
    timeline: tuple[TimelinePoint, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """Faces with this verdict on the newest frame; 0 before the first."""
        return 0 if self.frame is None else self.frame.count(verdict)


class StreamStats:
    """Collects the statistics of one stream. Thread-safe."""

    def __init__(self, meter: Meter | None = None) -> None:
        """Begin empty.

        Args:
            meter: is told everything as well.
        """
        self._meter = meter
        self._lock = threading.Lock()
        self._rejected = False
        self._n_received = 0
        self._n_errors = 0
        self._received_s: deque[float] = deque(maxlen=_MAX_FRAMES)
        self._sent: deque[tuple[float, float]] = deque(maxlen=_MAX_FRAMES)
        self._started_at_s: float | None = None
        self._timeline: deque[TimelinePoint] = deque(maxlen=TIMELINE_S)

    def frame_received(self, at_s: float) -> int:
        """A frame has arrived; returns its number in the stream, from 1."""
        if self._meter is not None:
            self._meter.frame_received()
        with self._lock:
            self._n_received += 1
            self._received_s.append(at_s)
            return self._n_received

    def frame_failed(self) -> int:
        """A frame or inference on one has failed; returns how many so far."""
        if self._meter is not None:
            self._meter.frame_failed()
        with self._lock:
            self._n_errors += 1
            return self._n_errors

    def frame_sent(self, received_s: float, at_s: float, shown: Detections) -> None:
        """A frame was returned with these faces."""
        latency_s = at_s - received_s
        if self._meter is not None:
            self._meter.frame_sent(latency_s, shown)
        with self._lock:
            self._sent.append((at_s, latency_s))
            if self._started_at_s is None:
                self._started_at_s = at_s
            self._count(int(at_s - self._started_at_s), shown)

    def admitted(self, admitted: bool) -> None:
        """Whether the stream has a slot; called for each frame."""
        with self._lock:
            is_new = self._rejected == admitted
            self._rejected = not admitted
        if is_new and not admitted and self._meter is not None:
            self._meter.viewer_rejected()

    def snapshot(self, now_s: float, frame: FrameSnapshot | None) -> LiveStats:
        """All statistics of this moment.

        Args:
            now_s: this moment.
            frame: see `LiveStats`.
        """
        with self._lock:
            n_received = sum(now_s - at_s < RATE_WINDOW_S for at_s in self._received_s)
            latencies_s = [
                latency_s for at_s, latency_s in self._sent if now_s - at_s < RATE_WINDOW_S
            ]
            return LiveStats(
                frames_in=self._n_received,
                errors=self._n_errors,
                fps_in=n_received / RATE_WINDOW_S,
                fps=len(latencies_s) / RATE_WINDOW_S,
                latency_ms=float(np.percentile(latencies_s, 95)) * 1000.0 if latencies_s else 0.0,
                frame=frame,
                frame_age_s=None if frame is None else max(0.0, now_s - frame.received_s),
                rejected=self._rejected,
                timeline=tuple(self._timeline),
            )

    def _count(self, second: int, shown: Detections) -> None:
        now = TimelinePoint(second, *(shown.count(verdict) for verdict in _ORDER))
        if self._timeline and self._timeline[-1].second == second:
            old = self._timeline.pop()
            now = TimelinePoint(
                second,
                max(old.n_with, now.n_with),
                max(old.n_without, now.n_without),
                max(old.n_not_sure, now.n_not_sure),
                max(old.n_worn_wrong, now.n_worn_wrong),
            )
        self._timeline.append(now)
