"""Watch a source: verdicts as JSON lines, and alerts, for as long as it lasts."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from maskdet_core.alerts.channels import AlertChannels
from maskdet_core.alerts.events import AlertRules
from maskdet_core.alerts.message import SCHEMA, AlertMessage, time_text
from maskdet_core.detector import MaskDetector
from maskdet_core.live.error_log import LOG_INTERVAL_S
from maskdet_core.precision import probabilities_json, round_seconds
from maskdet_core.streams.judge import StreamJudge, StreamTime
from maskdet_core.streams.reader import Connection, ReaderLimits, StreamReader
from maskdet_core.streams.source import StreamSource
from maskdet_core.video.events import WatchedFrame
from maskdet_core.video.frame import VideoFrame
from maskdet_core.video.reading import VideoReader
from maskdet_core.video.watcher import STEP_S

EVERY_S: Final = 1.0
"""Longest time between two lines about people."""
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
        self._source = source
        self._channels = AlertChannels() if channels is None else channels
        self._options = WatchOptions() if options is None else options
        self._notify, self._clock = notify, clock
        self._name = self._options.name or source.name
        self._judge = StreamJudge(
            detector,
            self._name,
            self._channels,
            self._options.rules,
            min_face_px=self._options.min_face_px,
            with_picture=self._options.with_picture,
        )
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
            for message in self._judge.finish(reader.length_s):
                yield _alert_line(message)

    def _live_lines(self, stop: Stop) -> Iterator[Line]:
        time_of = StreamTime()
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
        judged = self._judge.judge(frame)
        for message in judged.alerts:
            yield _alert_line(message)
        people = _people(judged.watched, frame)
        shown = [(one["person"], one["verdict"]) for one in people]
        now_s = frame.at_s
        if shown != self._shown or now_s - self._shown_s >= self._options.every_s:
            self._shown, self._shown_s = shown, now_s
            yield self._line(
                "people",
                at_s=round_seconds(now_s),
                width=frame.width_px,
                height=frame.height_px,
                people=people,
                n_unjudged=len(judged.watched.detections.boxes) - len(people),
                n_alerting=self._judge.n_alerting,
            )

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


def _alert_line(message: AlertMessage) -> Line:
    # the picture goes where it was asked for, not into a log
    line = message.to_json()
    del line["picture_jpeg_base64"]
    return {"schema": line.pop("schema"), "type": "alert", **line}


def _people(watched: WatchedFrame, frame: VideoFrame) -> list[Line]:
    """Those who certainly are people, with boxes in px of the source's frames."""
    faces = watched.detections.resized(frame.width_px, frame.height_px).faces
    return [
        {
            "person": person,
            "verdict": face.verdict.value,
            **probabilities_json(face.probabilities),
            "box_xywh": list(face.box.xywh),
        }
        for person, face in zip(watched.people, faces, strict=True)
        if person is not None
    ]
