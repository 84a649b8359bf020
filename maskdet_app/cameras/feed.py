"""One network camera, read and judged once for all visitors, while there are some.

A thread keeps the newest frame. The inference worker judges it in turn with the live viewers, and
less often under load; the camera takes one of their slots. Memory: two frames and a few JPEGs.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Literal

from maskdet_app.ops.settings.camera_settings import Camera
from maskdet_core import MaskDetector, Verdict, encode_jpeg
from maskdet_core.alerts.channels import AlertChannels
from maskdet_core.draw.annotate import LabelMemory, Labels, annotate
from maskdet_core.live import AdmissionControl, InferenceWorker
from maskdet_core.live.error_log import ErrorLog
from maskdet_core.streams.judge import JudgedFrame, StreamJudge, StreamTime
from maskdet_core.streams.reader import Connection, LiveImage, StreamReader
from maskdet_core.streams.source import StreamSource
from maskdet_core.types import Detections
from maskdet_core.video.frame import VideoFrame
from maskdet_core.video.watcher import STEP_S

LINGER_S: Final = 10.0
"""A camera that nobody has looked at for so long is let go; a page asks several times a second."""
_TICK_S: Final = 0.5
"""Longest wait for a frame at once, so that an end is noticed."""
_MAX_LANGUAGES: Final = 4
_LOG: Final = logging.getLogger(__name__)

State = Literal["connecting", "connected", "lost", "full"]
"""``full``: there is no slot for the camera beside the live viewers."""


@dataclass(frozen=True, slots=True)
class CameraPicture:
    """The newest judged frame: picture and counts come from it.

    Attributes:
        number: from 1.
        age_s: time since it was received.
        detections: the faces in it.
        jpeg: with its verdicts drawn.
    """

    number: int
    age_s: float
    detections: Detections
    jpeg: bytes

    def counts(self) -> dict[Verdict, int]:
        """Faces by verdict."""
        return {verdict: self.detections.count(verdict) for verdict in Verdict}


@dataclass(frozen=True, slots=True)
class CameraView:
    """What a visitor sees of a camera at one moment.

    Attributes:
        state: of the connection.
        since_s: how long it has been so.
        picture: None before the first.
    """

    state: State
    since_s: float
    picture: CameraPicture | None


@dataclass(slots=True)
class _Drawn:
    """The newest picture in one language; its labels stay where they were."""

    number: int
    jpeg: bytes
    memory: LabelMemory


class CameraFeed:
    """Reads and judges one camera until nobody looks any more. Thread-safe.

    A `maskdet_core.live.worker.Viewer`.
    """

    def __init__(
        self,
        camera: Camera,
        detector: MaskDetector,
        worker: InferenceWorker,
        admission: AdmissionControl,
        open_channels: Callable[[str], AlertChannels],
        *,
        with_picture: bool = False,
        linger_s: float = LINGER_S,
        open_reader: Callable[[StreamSource], StreamReader] = StreamReader,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread.

        Args:
            camera: what to watch.
            detector: finds and classifies; the live page's.
            worker: runs the inference in its thread.
            admission: a slot is acquired with the first frame and released at the end.
            open_channels: gives where the alerts of a camera of this name go; closed at the end.
            with_picture: put a small picture of the face into alerts.
            linger_s: time after the last look until all ends.
            open_reader: starts a reader of the camera's source.
            clock: monotonic seconds.
        """
        self.camera, self.detector = camera, detector
        self._worker, self._admission, self._clock = worker, admission, clock
        self._open_channels, self._open_reader = open_channels, open_reader
        self._with_picture, self._linger_s = with_picture, linger_s
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._looked_s = clock()
        self._state: State = "connecting"
        self._since_s = clock()
        self._pending: tuple[LiveImage, float] | None = None
        self._judged_s = -STEP_S
        self._newest: tuple[int, float, JudgedFrame] | None = None
        self._drawn: dict[Hashable, _Drawn] = {}
        self._judge: StreamJudge | None = None
        self._errors, self._n_errors = ErrorLog(clock), 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera-feed", daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether it has let the camera go; look at another one."""
        return not self._thread.is_alive() or self._stop.is_set()

    def look(self, labels: Labels, looking: str) -> CameraView:
        """What there is to see, and that somebody is looking.

        Args:
            labels: words that are drawn; see `annotate`.
            looking: see `annotate`.
        """
        now_s = self._clock()
        with self._lock:
            self._looked_s = now_s
            state, since_s, newest = self._state, now_s - self._since_s, self._newest
        if newest is None:
            return CameraView(state, since_s, None)
        number, received_s, judged = newest
        jpeg = self._jpeg(number, judged, labels, looking)
        detections = judged.watched.detections
        picture = CameraPicture(number, now_s - received_s, detections, jpeg)
        return CameraView(state, since_s, picture)

    def stop_soon(self) -> None:
        """Let the camera go, without waiting for it."""
        self._stop.set()

    def close(self) -> None:
        """Let the camera go."""
        self._stop.set()
        self._thread.join()

    def due_at_s(self, backoff: float) -> float | None:
        """For the worker: when inference is due; None while there is no new frame."""
        with self._lock:
            return None if self._pending is None else self._judged_s + STEP_S * backoff

    def infer(self, backoff: float) -> None:
        """For the worker: judge the newest frame."""
        del backoff
        with self._lock:
            pending, self._pending = self._pending, None
            judge = self._judge
            self._judged_s = self._clock()
        if pending is None or judge is None:
            return
        image, at_s = pending
        frame = image.frame
        try:
            judged = judge.judge(VideoFrame(at_s, frame.width, frame.height, frame))
        except Exception as error:
            # whatever a decoder or OpenCV raises, the next frame may be better
            self._n_errors += 1
            self._errors.note(error, self._n_errors)
            return
        with self._lock:
            number = 1 if self._newest is None else self._newest[0] + 1
            self._newest = (number, image.received_s, judged)

    def _run(self) -> None:
        name = self.camera.name
        channels = self._open_channels(name)
        self._judge = StreamJudge(self.detector, name, channels, with_picture=self._with_picture)
        _LOG.info("camera %s is watched", name)
        try:
            with self._open_reader(self.camera.source) as reader:
                self._read(reader, StreamTime(), channels)
        finally:
            self._stop.set()
            self._worker.unregister(self)
            self._admission.release(self)
            channels.set_available(False)
            channels.close()
            _LOG.info("camera %s is let go", name)

    def _read(self, reader: StreamReader, time_of: StreamTime, channels: AlertChannels) -> None:
        while not self._stop.is_set() and self._clock() - self._looked_s < self._linger_s:
            connections, image = reader.newest(_TICK_S)
            for connection in connections:
                self._note(connection)
                channels.set_available(connection.state == "connected")
            if image is None:
                continue
            at_s = time_of.of(image.received_s, image.outage_s)
            if not self._admission.acquire(self):
                self._set_state("full")
                self._worker.unregister(self)
                continue
            self._set_state("connected")
            self._worker.register(self)
            with self._lock:
                self._pending = (image, at_s)
            self._worker.notify()
            # frames between two that are judged are not looked at
            self._stop.wait(max(0.0, image.received_s + STEP_S - self._clock()))

    def _note(self, connection: Connection) -> None:
        if connection.state == "lost":
            _LOG.warning("camera %s is lost: %s", self.camera.name, connection.reason)
            self._set_state("lost")

    def _set_state(self, state: State) -> None:
        with self._lock:
            if state != self._state:
                self._state, self._since_s = state, self._clock()

    def _jpeg(self, number: int, judged: JudgedFrame, labels: Labels, looking: str) -> bytes:
        key = (tuple(labels.items()), looking)
        # drawn once for all who look in one language; the others wait for it
        with self._drawing:
            drawn = self._drawn.get(key)
            if drawn is not None and drawn.number >= number:
                return drawn.jpeg
            memory = LabelMemory() if drawn is None else drawn.memory
            if drawn is None and len(self._drawn) >= _MAX_LANGUAGES:
                self._drawn.clear()
            shown = judged.watched.detections
            image = annotate(judged.image_rgb, shown, labels, looking=looking, memory=memory)
            jpeg = encode_jpeg(image)
            self._drawn[key] = _Drawn(number, jpeg, memory)
            return jpeg


class CameraFeeds:
    """The feeds of a server: one for each camera that somebody looks at. Thread-safe."""

    def __init__(self, start: Callable[[Camera, MaskDetector], CameraFeed]) -> None:
        """Begin without one.

        Args:
            start: makes a feed.
        """
        self._start = start
        self._lock = threading.Lock()
        self._feeds: dict[str, CameraFeed] = {}

    def of(self, camera: Camera, detector: MaskDetector) -> CameraFeed:
        """The feed of a camera; starts one where none runs.

        Args:
            camera: what to watch.
            detector: of a feed that is started.
        """
        with self._lock:
            feed = self._feeds.get(camera.code)
            if feed is not None and (feed.camera != camera or feed.detector is not detector):
                # other settings, or another network: its thread ends by itself soon
                feed.stop_soon()
                feed = None
            if feed is None or feed.has_ended:
                feed = self._feeds[camera.code] = self._start(camera, detector)
            return feed

    def close(self) -> None:
        """Let all cameras go."""
        with self._lock:
            feeds = list(self._feeds.values())
            self._feeds.clear()
        for feed in feeds:
            feed.stop_soon()
        for feed in feeds:
            feed.close()
