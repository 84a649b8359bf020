"""Read a live source on a thread of its own: the newest frame wins, and a lost one is reopened."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import av

from maskdet_core.alerts.delivery import backoff_s
from maskdet_core.streams.source import StreamSource
from maskdet_core.video.formats import CODECS
from maskdet_core.video.limits import MAX_PIXELS
from maskdet_core.video.reading import MAX_DAMAGED

if TYPE_CHECKING:
    from av.container import InputContainer

OPEN_S: Final = 15.0
"""Time to open a source: a camera that sleeps needs some seconds, and HLS reads several files."""
READ_S: Final = 10.0
"""Without a packet for so long the source is lost."""
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 30.0
"""Between two tries to open it; doubling in between."""
STEADY_S: Final = 10.0
"""A source that lasted so long is opened again as after its first loss."""
_LATE_S: Final = 0.2
_MAX_EARLY_S: Final = 30.0
"""Bounds of the difference between frames' own times and the clock that is made up for by waiting;
segments last up to ten seconds, and some are read ahead."""
_STOP_S: Final = 2.0
"""Time for the thread to end; it may be in the middle of opening."""


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """Times of a reader; see the constants of this module."""

    open_s: float = OPEN_S
    read_s: float = READ_S
    first_wait_s: float = FIRST_WAIT_S
    max_wait_s: float = MAX_WAIT_S


@dataclass(frozen=True, slots=True)
class Connection:
    """That a source was opened or lost.

    Attributes:
        state: which.
        reason: why it was lost, without secrets.
    """

    state: Literal["connected", "lost"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LiveImage:
    """A decoded frame.

    Attributes:
        received_s: when it was decoded, by the reader's clock.
        frame: its pixels; converted only when asked for.
        outage_s: time without frames just before it, if the source had been lost.
    """

    received_s: float
    frame: av.VideoFrame = field(repr=False)
    outage_s: float = 0.0


class StreamReader:
    """Keeps the newest frame of a live source. One thread may call its methods.

    with StreamReader(source) as reader:
        connections, image = reader.newest(timeout_s=1.0)
    """

    def __init__(
        self,
        source: StreamSource,
        limits: ReaderLimits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread.

        Args:
            source: a live one.
            limits: None takes the defaults.
            clock: monotonic seconds.
        """
        self._source = source
        self._limits = ReaderLimits() if limits is None else limits
        self._clock = clock
        self._changed = threading.Condition()
        self._image: LiveImage | None = None
        self._connections: list[Connection] = []
        self._told: Connection | None = None
        self._stop = threading.Event()
        self._lost_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="stream-reader", daemon=True)
        self._thread.start()

    def __enter__(self) -> "StreamReader":
        """The reader."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def newest(self, timeout_s: float) -> tuple[list[Connection], LiveImage | None]:
        """What there is to know since the last call; waits where there is nothing.

        Args:
            timeout_s: longest wait.

        Returns:
            That the source was opened or lost, in order, at most the two newest; and the newest
            frame, None where there is no new one.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._image or self._connections, timeout_s)
            connections, image = self._connections, self._image
            self._connections, self._image = [], None
            return connections, image

    def close(self) -> None:
        """End; a connection that is just being opened is left to itself."""
        self._stop.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        n_lost = 0
        while not self._stop.is_set():
            opened_s: float | None = None
            try:
                container = self._opened()
                try:
                    opened_s = self._clock()
                    self._tell(Connection("connected"))
                    self._read(container)
                    reason = "the source has ended"
                finally:
                    container.close()
            except (av.FFmpegError, OSError) as error:
                reason = _reason(error)
            except _UnusableError as error:
                reason = str(error)
            except Exception as error:
                # whatever the decoder raises, the next connection may be better
                reason = f"cannot be read ({type(error).__name__})"
            if self._stop.is_set():
                return
            now_s = self._clock()
            lasted_s = 0.0 if opened_s is None else now_s - opened_s
            n_lost = 1 if lasted_s >= STEADY_S else n_lost + 1
            if self._lost_s is None:
                self._lost_s = now_s
            self._tell(Connection("lost", reason))
            first_s, max_s = self._limits.first_wait_s, self._limits.max_wait_s
            self._stop.wait(backoff_s(n_lost, first_s, max_s, random.random()))

    def _opened(self) -> "InputContainer":
        limits = self._limits
        return av.open(
            self._source.location,
            "r",
            format=self._source.ffmpeg_format(),
            options=self._source.ffmpeg_options(),
            timeout=(limits.open_s, limits.read_s),
        )

    def _read(self, container: "InputContainer") -> None:
        stream = next(iter(container.streams.video), None)
        if stream is None or stream.codec_context is None:
            raise _UnusableError("the source holds no video")
        codec = stream.codec_context.codec.canonical_name
        if codec not in CODECS | {"rawvideo"}:
            raise _UnusableError(f"expected one of the codecs {', '.join(sorted(CODECS))}")
        # threads that work on several frames at once would keep each back for as many
        stream.thread_type = "SLICE"
        playout = _Playout() if "hls" in container.format.name.split(",") else None
        n_damaged = 0
        for packet in container.demux(stream):
            if self._stop.is_set():
                return
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                n_damaged += 1
                if n_damaged >= MAX_DAMAGED:
                    raise
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    n_damaged = 0
                    if playout is not None and frame.time is not None:
                        self._stop.wait(playout.wait_s(frame.time, self._clock()))
                    self._keep(frame)

    def _keep(self, frame: av.VideoFrame) -> None:
        if frame.width * frame.height > MAX_PIXELS:
            raise _UnusableError(f"frames of {frame.width}x{frame.height} px are too large")
        now_s = self._clock()
        outage_s = 0.0 if self._lost_s is None else now_s - self._lost_s
        with self._changed:
            # a gap that its first frame tells of is not lost with that frame
            if self._image is not None:
                outage_s = max(outage_s, self._image.outage_s)
            self._image = LiveImage(now_s, frame, outage_s)
            self._changed.notify_all()
        self._lost_s = None

    def _tell(self, connection: Connection) -> None:
        with self._changed:
            if connection.state == "lost":
                self._image = None
            if connection == self._told:
                return
            self._told = connection
            self._connections = [*self._connections, connection][-2:]
            self._changed.notify_all()


class _Playout:
    """Spreads the frames of a source that sends some seconds at once, as HLS does.

    Otherwise only the last frame of each segment would be seen.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None

    def wait_s(self, stamp_s: float, now_s: float) -> float:
        """How long to hold a frame back.

        Args:
            stamp_s: its own time.
            now_s: the time.
        """
        offset_s = now_s - stamp_s
        if self._offset_s is None:
            self._offset_s = offset_s
        early_s = self._offset_s - offset_s
        if early_s < -_LATE_S or early_s > _MAX_EARLY_S:
            # late: play on from here, or each further segment would come too late as well;
            # far too early: the times have leapt
            self._offset_s, early_s = offset_s, 0.0
        return max(0.0, early_s)


class _UnusableError(Exception):
    """The source can be opened, and is of no use."""


def _reason(error: Exception) -> str:
    """Why, without the address, which may hold a password."""
    if isinstance(error, (av.error.ExitError, TimeoutError)):
        return "no picture in time"
    return str(getattr(error, "strerror", None) or type(error).__name__)
