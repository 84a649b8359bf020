"""Watch a source: verdicts as JSON lines, and alerts, for as long as it lasts."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from maskdet_core.alerts.channels import AlertChannels
from maskdet_core.alerts.events import Alert, AlertRules, AlertTracker
from maskdet_core.alerts.message import SCHEMA, AlertMessage, face_jpeg, time_text
from maskdet_core.detector import MaskDetector
from maskdet_core.live.error_log import LOG_INTERVAL_S
from maskdet_core.streams.reader import Connection, ReaderLimits, StreamReader
from maskdet_core.streams.source import StreamSource
from maskdet_core.types import RgbImage
from maskdet_core.video.events import PersonEvent, WatchedFrame
from maskdet_core.video.frame import SEARCH_PX, VideoFrame
from maskdet_core.video.reading import VideoReader
from maskdet_core.video.watcher import MAX_GAP_S, STEP_S, FaceWatcher, shrunk_face_px

EVERY_S: Final = 1.0
"""Longest time between two lines about people."""
SHORT_OUTAGE_S: Final = 60.0
"""After an outage of at most this the same people are expected: the stream's time stands still
meanwhile, so that whoever is at the same place and looks the same is the same person."""
OUTAGE_STEP_S: Final = MAX_GAP_S + 0.1
"""What the stream's time goes on by in a short outage: tracks end, and people may return."""
_TICK_S: Final = 0.5
"""Longest wait for a frame at once, so that a stop is noticed."""

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a source is watched.

    Attributes:
        name: of the source in lines and alerts; None takes the source's own.
        rules: which events people raise.
        every_s: longest time between two lines about people.
        min_face_px: height of the smallest face, px of the source's frames; None takes the
            detector's, or 1/24 of the longer side where it has none.
        with_picture: put a small picture of the face into alerts about a person.
        limits: times for live sources.
    """

    name: str | None = None
    rules: AlertRules = field(default_factory=AlertRules)
    every_s: float = EVERY_S
    min_face_px: int | None = None
    with_picture: bool = False
    limits: ReaderLimits = field(default_factory=ReaderLimits)


class Stop(Protocol):
    """Tells whether to go on; a `threading.Event` does."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


class StreamWatch:
    """Watches one source. Not thread-safe.

    for line in StreamWatch(detector, parse_source("rtsp://camera/stream")).lines(stop):
        print(json.dumps(line))
    """

    def __init__(
        self,
        detector: MaskDetector,
        source: StreamSource,
        channels: AlertChannels | None = None,
        options: WatchOptions | None = None,
        *,
        notify: Callable[[str], None] = lambda message: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a frame.

        Args:
            detector: finds and classifies; the preset "live" is meant for this.
            source: what to watch.
            channels: where alerts go; None for nowhere. The caller closes them.
            options: None takes the defaults.
            notify: is told of frames that cannot be checked.
            clock: monotonic seconds.
        """
        self._detector, self._source = detector, source
        self._channels = AlertChannels() if channels is None else channels
        self._options = WatchOptions() if options is None else options
        self._notify, self._clock = notify, clock
        self._name = self._options.name or source.name
        self._alerts = AlertTracker(self._options.rules)
        self._watcher: FaceWatcher | None = None
        self._shown: object = None
        self._shown_s = -math.inf
        self._told_s = -math.inf

    def lines(self, stop: Stop) -> Generator[Line, None, None]:
        """Watch until the end of a file, or until told to stop.

        Args:
            stop: set from elsewhere, noticed within half a second.

        Yields:
            JSON objects as docs/command-line.md says, each at the moment it is about.

        Raises:
            VideoError: a file cannot be read.
        """
        if self._source.is_live:
            yield from self._live_lines(stop)
        else:
            yield from self._file_lines(stop)
        self._channels.set_available(False)
        yield self._line("status", state="stopped" if stop.is_set() else "ended", reason=None)

    def _file_lines(self, stop: Stop) -> Iterator[Line]:
        # every frame that is due: nothing is lost by waiting for a file
        with VideoReader(Path(self._source.location)) as reader:
            yield self._connected(Connection("connected"))
            for frame in reader.frames(STEP_S):
                if stop.is_set():
                    return
                yield from self._checked(frame)
            yield from self._ended(reader.length_s)

    def _live_lines(self, stop: Stop) -> Iterator[Line]:
        time_of = _StreamTime()
        next_s = -math.inf
        with StreamReader(self._source, self._options.limits, clock=self._clock) as reader:
            while not stop.is_set():
                wait_s = min(_TICK_S, next_s - self._clock())
                if wait_s > 0:
                    time.sleep(wait_s)
                    if stop.is_set():
                        return
                connections, image = reader.newest(_TICK_S)
                for connection in connections:
                    yield self._connected(connection)
                if image is None:
                    continue
                next_s = image.received_s + STEP_S
                at_s = time_of.of(image.received_s, image.outage_s)
                shown = VideoFrame(at_s, image.frame.width, image.frame.height, image.frame)
                try:
                    yield from self._checked(shown)
                except Exception as error:
                    # whatever a decoder or OpenCV raises, the next frame may be better
                    self._tell(f"a frame cannot be checked ({type(error).__name__})")

    def _checked(self, frame: VideoFrame) -> Iterator[Line]:
        image = frame.scaled()
        if self._watcher is None:
            least_px = self._options.min_face_px or self._detector.min_face_px
            frame_px = frame.width_px, frame.height_px
            least_px = shrunk_face_px(least_px, frame_px, SEARCH_PX)
            self._watcher = FaceWatcher(self._detector, min_face_px=least_px)
        watched = self._watcher.add(frame.at_s, image)
        for alert in self._alerts.update(frame.at_s, watched.events):
            yield self._sent(alert, watched, image)
        self._channels.show(self._alerts.counts, self._alerts.n_alerting)
        people = _people(watched, frame)
        shown = [(one["person"], one["verdict"]) for one in people]
        now_s = frame.at_s
        if shown != self._shown or now_s - self._shown_s >= self._options.every_s:
            self._shown, self._shown_s = shown, now_s
            yield self._line(
                "people",
                at_s=round(now_s, 3),
                width=frame.width_px,
                height=frame.height_px,
                people=people,
                n_unjudged=len(watched.detections.boxes) - len(people),
                n_alerting=self._alerts.n_alerting,
            )

    def _ended(self, length_s: float) -> Iterator[Line]:
        events: tuple[PersonEvent, ...] = ()
        if self._watcher is not None:
            events = self._watcher.finish(length_s)
        for alert in self._alerts.update(length_s, events):
            yield self._sent(alert, None, None)

    def _sent(self, alert: Alert, watched: WatchedFrame | None, image: RgbImage | None) -> Line:
        jpeg = None
        if self._options.with_picture and watched is not None and image is not None:
            faces = dict(zip(watched.people, watched.detections.faces, strict=True))
            face = faces.get(alert.person) if alert.person is not None else None
            jpeg = None if face is None else face_jpeg(image, face.box)
        message = AlertMessage(alert, self._name, datetime.now(UTC), jpeg)
        self._channels.send(message)
        # the picture goes where it was asked for, not into a log
        line = message.to_json()
        del line["picture_jpeg_base64"]
        return {"schema": line.pop("schema"), "type": "alert", **line}

    def _connected(self, connection: Connection) -> Line:
        self._channels.set_available(connection.state == "connected")
        return self._line("status", state=connection.state, reason=connection.reason or None)

    def _line(self, kind: str, **values: Any) -> Line:
        return {
            "schema": SCHEMA,
            "type": kind,
            "time": time_text(datetime.now(UTC)),
            "source": self._name,
            **values,
        }

    def _tell(self, message: str) -> None:
        now_s = self._clock()
        if now_s - self._told_s >= LOG_INTERVAL_S:
            self._told_s = now_s
            self._notify(message)


class _StreamTime:
    """The time of a live source: real time since its first frame, short outages left out."""

    def __init__(self) -> None:
        self._received_s: float | None = None
        self._at_s = 0.0

    def of(self, received_s: float, outage_s: float) -> float:
        if self._received_s is not None:
            gap_s = received_s - self._received_s
            if 0 < outage_s <= SHORT_OUTAGE_S:
                gap_s = min(gap_s, OUTAGE_STEP_S)
            self._at_s += gap_s
        self._received_s = received_s
        return self._at_s


def _people(watched: WatchedFrame, frame: VideoFrame) -> list[Line]:
    """Those who certainly are people, with boxes in px of the source's frames."""
    faces = watched.detections.resized(frame.width_px, frame.height_px).faces
    return [
        {
            "person": person,
            "verdict": face.verdict.value,
            "p_with_mask": _rounded(face.p_with_mask),
            "p_worn_wrong": _rounded(face.p_worn_wrong),
            "p_without_mask": _rounded(face.p_without_mask),
            "box_xywh": list(face.box.xywh),
        }
        for person, face in zip(watched.people, faces, strict=True)
        if person is not None
    ]


def _rounded(p: float) -> float | None:
    return round(p, 4) if math.isfinite(p) else None
