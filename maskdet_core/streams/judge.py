"""What is said of a live source's frames: people followed, alerts raised and sent."""

from dataclasses import dataclass
from typing import Final

from maskdet_core.alerts.events import Alert, AlertRules
from maskdet_core.alerts.message import AlertMessage, face_jpeg
from maskdet_core.alerts.source import Outlet, SourceAlerts, no_picture
from maskdet_core.detector import MaskDetector
from maskdet_core.types import RgbImage
from maskdet_core.video.events import WatchedFrame
from maskdet_core.video.frame import SEARCH_PX, VideoFrame
from maskdet_core.video.watcher import MAX_GAP_S, FaceWatcher, shrunk_face_px

SHORT_OUTAGE_S: Final = 60.0
"""After an outage of at most this the same people are expected: the stream's time stands still
meanwhile, so that a person at the same place who looks the same is the same person."""
OUTAGE_STEP_S: Final = MAX_GAP_S + 0.1
"""What the stream's time goes on by in a short outage: tracks end, and people may return."""


@dataclass(frozen=True, slots=True)
class JudgedFrame:
    """A frame and what is known at it.

    Attributes:
        image_rgb: as it was searched, uint8 (H, W, 3), the longer side at most `SEARCH_PX`.
        watched: the people in it, with boxes in its px.
        alerts: what was sent.
    """

    image_rgb: RgbImage
    watched: WatchedFrame
    alerts: tuple[AlertMessage, ...]


class StreamJudge:
    """Follows the people of one source and sends its alerts. Not thread-safe."""

    def __init__(
        self,
        detector: MaskDetector,
        name: str,
        outlet: Outlet,
        rules: AlertRules | None = None,
        *,
        min_face_px: int | None = None,
        with_picture: bool = False,
    ) -> None:
        """Begin without a frame.

        Args:
            detector: finds and classifies; the preset "live" is meant for this.
            name: of the source in alerts.
            outlet: where alerts go.
            rules: None takes the defaults.
            min_face_px: height of the smallest face, px of the source's frames; None takes the
                detector's, or 1/24 of the longer side where it has none.
            with_picture: put a small picture of the face into alerts about a person.
        """
        self._detector, self._min_face_px = detector, min_face_px
        self._with_picture = with_picture
        self._alerts = SourceAlerts(name, outlet, rules)
        self._watcher: FaceWatcher | None = None

    @property
    def n_alerting(self) -> int:
        """People who have raised an event and have neither masked nor left for good."""
        return self._alerts.n_alerting

    def judge(self, frame: VideoFrame) -> JudgedFrame:
        """Take the next frame.

        Args:
            frame: its time is not before that of the frame before it.
        """
        image = frame.scaled()
        if self._watcher is None:
            least_px = self._min_face_px or self._detector.min_face_px
            frame_px = frame.width_px, frame.height_px
            least_px = shrunk_face_px(least_px, frame_px, SEARCH_PX)
            self._watcher = FaceWatcher(self._detector, min_face_px=least_px)
        watched = self._watcher.add(frame.at_s, image)

        def picture(alert: Alert) -> bytes | None:
            faces = dict(zip(watched.people, watched.detections.faces, strict=True))
            face = None if alert.person is None else faces.get(alert.person)
            return None if face is None else face_jpeg(image, face.box)

        wanted = picture if self._with_picture else no_picture
        sent = self._alerts.update(frame.at_s, watched.events, wanted)
        return JudgedFrame(image, watched, tuple(sent))

    def finish(self, end_s: float) -> list[AlertMessage]:
        """End all that is followed, as after the last frame; what that raises was sent."""
        events = () if self._watcher is None else self._watcher.finish(end_s)
        return self._alerts.update(end_s, events)


class StreamTime:
    """The time of a live source: real time since its first frame, short outages left out."""

    def __init__(self) -> None:
        """Begin without a frame."""
        self._received_s: float | None = None
        self._at_s = 0.0

    def of(self, received_s: float, outage_s: float) -> float:
        """The time of a frame, s since the first.

        Args:
            received_s: when it was received, monotonic seconds.
            outage_s: time that the source was lost just before it.
        """
        if self._received_s is not None:
            gap_s = received_s - self._received_s
            if 0 < outage_s <= SHORT_OUTAGE_S:
                gap_s = min(gap_s, OUTAGE_STEP_S)
            self._at_s += gap_s
        self._received_s = received_s
        return self._at_s
