"""Judge the frames of a video track. Knows frames, not browsers or pages.

streamlit-webrtc's asynchronous mode calls `LiveProcessor.recv` on one thread and hands it the
newest frame only, so nothing queues up in here.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from maskdet_core.annotate import annotate
from maskdet_core.detector import MaskDetector
from maskdet_core.types import Detections, Verdict, check_min_confidence

if TYPE_CHECKING:
    import av

_LOG = logging.getLogger(__name__)

LOG_EVERY_S: Final = 10.0
"""Least time between two log lines about failing frames."""
RATE_WINDOW_S: Final = 2.0
"""The frame rate is the mean over this time."""
_MAX_FRAMES_IN_WINDOW: Final = 240


@dataclass(frozen=True, slots=True)
class LiveStats:
    """What a page shows beside the picture; a consistent copy.

    ``fps`` is frames a second handed back over the last `RATE_WINDOW_S`; ``latency_ms`` the time
    spent on the newest judged frame; ``verdict_age_s`` the time since it was judged (None before
    the first); counts and size belong to that frame.
    """

    frames_in: int = 0
    errors: int = 0
    fps: float = 0.0
    latency_ms: float = 0.0
    verdict_age_s: float | None = None
    n_with: int = 0
    n_without: int = 0
    n_not_sure: int = 0
    width_px: int = 0
    height_px: int = 0


class LiveProcessor:
    """Turns camera frames into annotated frames. `recv` never raises.

    `recv` may be called from one thread while others call `snapshot` and `set_min_confidence`;
    these two never wait for a frame in work.
    """

    def __init__(
        self,
        detector: MaskDetector,
        min_confidence: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with empty statistics.

        Args:
            detector: shared with other viewers.
            min_confidence: 0.5 <= c < 1; None takes the detector's.
            clock: seconds, only ever rising.

        Raises:
            ValueError: threshold out of range.
        """
        self._detector = detector
        self._min_confidence = check_min_confidence(
            detector.min_confidence if min_confidence is None else min_confidence
        )
        self._clock = clock
        self._lock = threading.Lock()
        self._frames_in = 0
        self._errors = 0
        self._latency_s = 0.0
        self._judged_at: float | None = None
        self._last: Detections | None = None
        self._finished: deque[float] = deque(maxlen=_MAX_FRAMES_IN_WINDOW)
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
        checked = check_min_confidence(min_confidence)
        with self._lock:
            self._min_confidence = checked

    def recv(self, frame: "av.VideoFrame") -> "av.VideoFrame":
        """Judge one frame of any size and pixel format and draw the verdicts.

        Returns:
            A new rgb24 frame with the same pts and time base, or, where anything failed, the
            frame that came in, untouched.
        """
        started = self._clock()
        with self._lock:
            self._frames_in += 1
            min_confidence = self._min_confidence
        try:
            image = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
            detections = self._detector.detect(image, min_confidence=min_confidence)
            drawn = type(frame).from_ndarray(annotate(image, detections), format="rgb24")
            drawn.pts = frame.pts
            if frame.time_base is not None:
                drawn.time_base = frame.time_base
        except Exception as error:
            # An exception that leaves this callback ends the viewer's stream, so none may,
            # whatever the decoder, OpenCV or the network raised.
            self._note_error(error)
            return frame
        self._note_frame(started, detections)
        return drawn

    def snapshot(self) -> LiveStats:
        """Statistics of this moment."""
        now = self._clock()
        with self._lock:
            recent = sum(1 for at in self._finished if now - at < RATE_WINDOW_S)
            found = self._last
            return LiveStats(
                frames_in=self._frames_in,
                errors=self._errors,
                fps=recent / RATE_WINDOW_S,
                latency_ms=self._latency_s * 1000.0,
                verdict_age_s=None if self._judged_at is None else now - self._judged_at,
                n_with=found.count(Verdict.WITH_MASK) if found is not None else 0,
                n_without=found.count(Verdict.WITHOUT_MASK) if found is not None else 0,
                n_not_sure=found.count(Verdict.NOT_SURE) if found is not None else 0,
                width_px=found.width_px if found is not None else 0,
                height_px=found.height_px if found is not None else 0,
            )

    def _note_frame(self, started: float, detections: Detections) -> None:
        now = self._clock()
        with self._lock:
            self._latency_s = now - started
            self._judged_at = now
            self._last = detections
            self._finished.append(now)

    def _note_error(self, error: Exception) -> None:
        now = self._clock()
        with self._lock:
            self._errors += 1
            n_errors = self._errors
            silent = self._logged_at is not None and now - self._logged_at < LOG_EVERY_S
            if not silent:
                self._logged_at = now
        if not silent:
            # The type alone: a message could carry pixels or names from the stream.
            _LOG.warning("%d frames failed so far, last by %s", n_errors, type(error).__name__)
