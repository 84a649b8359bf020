"""A camera is read once for all, while someone looks, and takes one slot."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import av
import pytest

from maskdet_app.cameras.feed import CameraFeed, CameraFeeds
from maskdet_app.ops.settings.camera_settings import Camera
from maskdet_core import Verdict
from maskdet_core.alerts.events import PeopleCounts
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.draw.annotate import LABELS, LOOKING
from maskdet_core.live import AdmissionControl, InferenceWorker
from maskdet_core.pictures.decode import decode_photo
from maskdet_core.streams.reader import Connection, LiveImage
from maskdet_core.streams.source import parse_source
from tests.core.alerts.alerts import wait_for
from tests.core.video.painted import painted_detector, picture

CAMERA = Camera("Door", "door", parse_source("rtsp://me:s3cret@camera/live"))


class StubReader:
    """A camera that shows one person, ten times a second while it is connected."""

    def __init__(self) -> None:
        self.wears = "bare"
        self.is_open = True
        self.told: list[Connection] = [Connection("connected")]
        self.n_closed = 0

    def __enter__(self) -> "StubReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.n_closed += 1

    def newest(self, timeout_s: float) -> tuple[list[Connection], LiveImage | None]:
        time.sleep(0.02)
        told, self.told = self.told, []
        if not self.is_open:
            return told, None
        frame = av.VideoFrame.from_ndarray(picture((100, 80, self.wears, 1)), format="rgb24")
        return told, LiveImage(time.monotonic(), frame)

    def lose(self) -> None:
        self.is_open = False
        self.told.append(Connection("lost", "no picture in time"))


class Heard:
    """Channels that keep all."""

    def __init__(self) -> None:
        self.messages: list[AlertMessage] = []
        self.available: list[bool] = []
        self.n_closed = 0

    def send(self, message: AlertMessage) -> None:
        self.messages.append(message)

    def show(self, counts: PeopleCounts, n_alerting: int) -> None:
        """Not of interest."""

    def set_available(self, is_available: bool) -> None:
        self.available.append(is_available)

    def close(self) -> None:
        self.n_closed += 1


class Place:
    def __init__(self) -> None:
        self.reader, self.heard = StubReader(), Heard()
        self.worker = InferenceWorker()
        self.admission = AdmissionControl(1)
        self.n_opened = 0
        self.feeds: list[CameraFeed] = []

    def _opened(self, source: Any) -> StubReader:
        assert source is CAMERA.source
        self.n_opened += 1
        self.reader.told.append(Connection("connected"))
        return self.reader

    def channels(self, name: str) -> Any:
        assert name == "Door"
        return self.heard

    def feed(self, **options: Any) -> CameraFeed:
        made = CameraFeed(
            CAMERA,
            painted_detector(),
            self.worker,
            self.admission,
            self.channels,
            open_reader=self._opened,  # type: ignore[arg-type]
            **options,
        )
        self.feeds.append(made)
        return made


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    for feed in made.feeds:
        feed.close()
    made.worker.close()


def sees(feed: CameraFeed, verdict: Verdict) -> Callable[[], bool]:
    def look() -> bool:
        seen = feed.look(LABELS, LOOKING)
        return seen.picture is not None and seen.picture.counts()[verdict] == 1

    return look


def test_picture_and_counts_are_of_one_frame(place: Place) -> None:
    feed = place.feed()
    wait_for(sees(feed, Verdict.WITHOUT_MASK))
    seen = feed.look(LABELS, LOOKING)
    assert seen.state == "connected" and seen.picture is not None
    image = decode_photo(seen.picture.jpeg).image_rgb
    assert image.shape == (240, 320, 3)
    # the same picture for everybody who looks at it
    again = feed.look(LABELS, LOOKING)
    if again.picture is not None and again.picture.number == seen.picture.number:
        assert again.picture.jpeg is seen.picture.jpeg
    place.reader.wears = "mask"
    wait_for(sees(feed, Verdict.WITH_MASK))
    assert place.n_opened == 1


def test_who_leaves_ends_it_and_frees_its_slot(place: Place) -> None:
    feed = place.feed(linger_s=0.3)
    wait_for(lambda: place.admission.holds(feed))
    wait_for(lambda: feed.has_ended)
    feed.close()
    assert not place.admission.holds(feed)
    assert place.reader.n_closed == 1 and place.heard.n_closed == 1
    assert place.heard.available[-1] is False


def test_a_lost_camera_is_told_and_comes_back(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    feed = place.feed()
    wait_for(sees(feed, Verdict.WITHOUT_MASK))
    place.reader.lose()
    wait_for(lambda: feed.look(LABELS, LOOKING).state == "lost")
    seen = feed.look(LABELS, LOOKING)
    # the last picture stays, with its own counts
    assert seen.picture is not None and seen.picture.counts()[Verdict.WITHOUT_MASK] == 1
    assert "camera Door is lost: no picture in time" in caplog.text
    assert "s3cret" not in caplog.text
    place.reader.is_open = True
    wait_for(lambda: feed.look(LABELS, LOOKING).state == "connected")


def test_without_a_slot_it_waits_and_is_not_judged(place: Place) -> None:
    assert place.admission.acquire("viewer")
    feed = place.feed()
    wait_for(lambda: feed.look(LABELS, LOOKING).state == "full")
    assert feed.look(LABELS, LOOKING).picture is None
    place.admission.release("viewer")
    wait_for(sees(feed, Verdict.WITHOUT_MASK))


def test_a_person_raises_an_event_once(place: Place) -> None:
    feed = place.feed()
    wait_for(lambda: place.heard.messages or feed.look(LABELS, LOOKING) is None, 20)
    place.reader.wears = "mask"
    wait_for(lambda: len(place.heard.messages) == 2 or feed.look(LABELS, LOOKING) is None, 20)
    kinds = [message.alert.kind.value for message in place.heard.messages]
    assert kinds == ["no_mask", "all_masked"]
    assert {message.source for message in place.heard.messages} == {"Door"}
    assert {message.jpeg for message in place.heard.messages} == {None}


def test_a_face_is_sent_only_where_it_was_asked_for(place: Place) -> None:
    feed = place.feed(with_picture=True)
    wait_for(lambda: place.heard.messages or feed.look(LABELS, LOOKING) is None, 20)
    assert place.heard.messages[0].jpeg is not None


def test_everybody_shares_a_feed_and_a_new_one_follows_it(place: Place) -> None:
    feeds = CameraFeeds(lambda camera, detector: place.feed(linger_s=0.3))
    detector = painted_detector()
    first = feeds.of(CAMERA, detector)
    first.detector = detector
    assert feeds.of(CAMERA, detector) is first
    wait_for(lambda: first.has_ended)
    second = feeds.of(CAMERA, detector)
    assert second is not first and not second.has_ended
    feeds.close()
    assert second.has_ended


def test_a_frame_that_cannot_be_judged_ends_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = place.feed()
    wait_for(sees(feed, Verdict.WITHOUT_MASK))
    judge: Any = feed._judge
    n_failed = 0

    def fail(frame: object) -> None:
        nonlocal n_failed
        n_failed += 1
        raise RuntimeError("s3cret")

    monkeypatch.setattr(judge, "judge", fail)
    wait_for(lambda: n_failed >= 2 or feed.look(LABELS, LOOKING) is None)
    monkeypatch.undo()
    place.reader.wears = "mask"
    wait_for(sees(feed, Verdict.WITH_MASK))
