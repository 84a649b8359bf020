"""When the frames of a video file are shown, and which of them need not be decoded."""

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

if TYPE_CHECKING:
    from av.video.stream import VideoStream

MAX_LEAP_S: Final = 3600.0
"""A frame so much later than the one before it has a damaged time."""
_FALLBACK_FPS: Final = 25.0
"""Where neither times nor a rate are known."""
_MIN_LEFT_OUT: Final = 2.0
"""Frames for each that is wanted, from which on some need not be decoded."""


class FrameTimes:
    """The frames' times since the first one, by their timestamps."""

    def __init__(self, time_base: Fraction | None, fps: float | None) -> None:
        """Begin before the first frame.

        Args:
            time_base: seconds of a step of the timestamps; None where it is not known.
            fps: frames a second; None where it is not known.
        """
        self._step_s = 1.0 / (fps or _FALLBACK_FPS)
        self._time_base = time_base
        self._first_s: float | None = None
        self._last_s: float | None = None

    def of(self, frame: av.VideoFrame) -> float:
        """A frame's time; one without a usable timestamp follows the one before it."""
        stamp_s = frame.time
        if self._first_s is None or self._last_s is None:
            self._first_s, self._last_s = stamp_s or 0.0, 0.0
            return 0.0
        at_s = self._last_s + self._step_s if stamp_s is None else stamp_s - self._first_s
        if not self._last_s < at_s < self._last_s + MAX_LEAP_S:
            at_s = self._last_s + self._step_s
        self._last_s = at_s
        return at_s

    def duration_of(self, frame: av.VideoFrame) -> float:
        """How long a frame is shown."""
        if frame.duration and self._time_base:
            duration_s = float(frame.duration * self._time_base)
            if 0 < duration_s < 10 * max(1.0, self._step_s):
                return duration_s
        return self._step_s


class Pace:
    """Lets the decoder leave out frames that no other needs, while the rest are close enough.

    That saves a third to a half of the decoding. What is left may have gaps: then all are decoded.
    """

    def __init__(self, stream: "VideoStream", step_s: float, fps: float | None) -> None:
        """Let frames be left out where at least every second one is not wanted.

        Args:
            stream: its decoder is told.
            step_s: mean time between two wanted frames.
            fps: frames a second; None where it is not known.
        """
        self._codec = stream.codec_context
        self._max_gap_s = 1.25 * step_s
        self._last_s: float | None = None
        self._is_on = step_s * (fps or 0.0) >= _MIN_LEFT_OUT
        if self._is_on:
            self._codec.skip_frame = "NONREF"

    def note(self, at_s: float) -> None:
        """A frame was decoded."""
        if self._is_on and self._last_s is not None and at_s - self._last_s > self._max_gap_s:
            self._codec.skip_frame = "DEFAULT"
            self._is_on = False
        self._last_s = at_s
