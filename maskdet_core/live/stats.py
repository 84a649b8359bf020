"""What a live stream has been doing: rates, delays, counts by the second."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from maskdet_core.types import Detections, Verdict

RATE_WINDOW_S: Final = 2.0
"""Frame rates and delays are taken over this time."""
TIMELINE_S: Final = 120
"""Seconds that the timeline reaches back."""
_MAX_FRAMES: Final = 240


class Meter(Protocol):
    """Somebody who counts what all streams do. Called from several threads; must not raise."""

    def came(self) -> None:
        """A frame has come."""
        ...

    def left(self, delay_s: float, shown: Detections) -> None:
        """A frame was handed back with these faces, so long after it came."""
        ...

    def failed(self) -> None:
        """A frame or a look has failed."""
        ...

    def refused(self) -> None:
        """A stream found no place."""
        ...


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """The most faces of each verdict at once during one second, ``second`` since the start."""

    second: int
    n_with: int
    n_without: int
    n_not_sure: int


@dataclass(frozen=True, slots=True)
class LiveStats:
    """What a page shows beside the picture; a consistent copy.

    Attributes:
        frames_in: frames that came, all in all.
        errors: frames or looks that failed.
        fps_in: frames a second that came.
        fps: frames a second handed back.
        latency_ms: 95th percentile of the time from a frame's arrival to its being handed back.
        verdict_age_s: time since the oldest of the shown faces was looked at; with no face, since
            the last round; None before the first.
        n_with: faces now.
        width_px: of the newest frame.
        refused: whether the stream runs without verdicts because all places are taken.
        timeline: by second, oldest first.
    """

    frames_in: int = 0
    errors: int = 0
    fps_in: float = 0.0
    fps: float = 0.0
    latency_ms: float = 0.0
    verdict_age_s: float | None = None
    n_with: int = 0
    n_without: int = 0
    n_not_sure: int = 0
    width_px: int = 0
    height_px: int = 0
    refused: bool = False
    timeline: tuple[TimelinePoint, ...] = ()


class StreamStats:
    """Gathers the numbers of one stream. Safe to share by threads."""

    def __init__(self, meter: Meter | None = None) -> None:
        """Begin empty.

        Args:
            meter: is told everything too.
        """
        self._meter = meter
        self._lock = threading.Lock()
        self._refused = False
        self._frames_in = 0
        self._errors = 0
        self._came: deque[float] = deque(maxlen=_MAX_FRAMES)
        self._left: deque[tuple[float, float]] = deque(maxlen=_MAX_FRAMES)
        self._last: Detections | None = None
        self._began_at_s: float | None = None
        self._timeline: deque[TimelinePoint] = deque(maxlen=TIMELINE_S)

    def came(self, at_s: float) -> None:
        """A frame has come."""
        if self._meter is not None:
            self._meter.came()
        with self._lock:
            self._frames_in += 1
            self._came.append(at_s)

    def failed(self) -> int:
        """A frame or a look has failed; returns how many so far."""
        if self._meter is not None:
            self._meter.failed()
        with self._lock:
            self._errors += 1
            return self._errors

    def left(self, came_s: float, at_s: float, shown: Detections) -> None:
        """A frame was handed back with these faces on it."""
        if self._meter is not None:
            self._meter.left(at_s - came_s, shown)
        with self._lock:
            self._left.append((at_s, at_s - came_s))
            self._last = shown
            if self._began_at_s is None:
                self._began_at_s = at_s
            self._count(int(at_s - self._began_at_s), shown)

    def _count(self, second: int, shown: Detections) -> None:
        now = TimelinePoint(second, *(shown.count(verdict) for verdict in _ORDER))
        if self._timeline and self._timeline[-1].second == second:
            old = self._timeline.pop()
            now = TimelinePoint(
                second,
                max(old.n_with, now.n_with),
                max(old.n_without, now.n_without),
                max(old.n_not_sure, now.n_not_sure),
            )
        self._timeline.append(now)

    def admitted(self, admitted: bool) -> None:
        """Whether the stream has a place, asked with each frame."""
        with self._lock:
            news = self._refused == admitted
            self._refused = not admitted
        if news and not admitted and self._meter is not None:
            self._meter.refused()

    def stats(self, now_s: float, verdict_age_s: float | None) -> LiveStats:
        """All numbers of this moment."""
        with self._lock:
            n_came = sum(now_s - at < RATE_WINDOW_S for at in self._came)
            delays = [delay for at, delay in self._left if now_s - at < RATE_WINDOW_S]
            last = self._last
            n_with, n_without, n_not_sure = (
                (last.count(verdict) for verdict in _ORDER) if last is not None else (0, 0, 0)
            )
            return LiveStats(
                frames_in=self._frames_in,
                errors=self._errors,
                fps_in=n_came / RATE_WINDOW_S,
                fps=len(delays) / RATE_WINDOW_S,
                latency_ms=float(np.percentile(delays, 95)) * 1000.0 if delays else 0.0,
                verdict_age_s=verdict_age_s,
                n_with=n_with,
                n_without=n_without,
                n_not_sure=n_not_sure,
                width_px=last.width_px if last is not None else 0,
                height_px=last.height_px if last is not None else 0,
                refused=self._refused,
                timeline=tuple(self._timeline),
            )


_ORDER: Final = (Verdict.WITH_MASK, Verdict.WITHOUT_MASK, Verdict.NOT_SURE)
