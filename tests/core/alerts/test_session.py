"""A live session's people raise alerts, each once, by what the visitor is shown."""

import json

import av
import pytest

from maskdet_core import LiveProcessor
from maskdet_core.alerts.events import AlertRules, PeopleCounts
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.alerts.session import SessionAlerts
from maskdet_core.live import AdmissionControl
from tests.core.live.fakes import Clock, ManualWorker
from tests.core.video.painted import Painted, painted_detector, picture

RULES = AlertRules(hold_s=1.0, clear_s=1.0, forget_s=1.0)


class Heard:
    """An outlet that keeps all."""

    def __init__(self) -> None:
        self.messages: list[AlertMessage] = []
        self.shown: list[tuple[PeopleCounts, int]] = []
        self.available: list[bool] = []

    def send(self, message: AlertMessage) -> None:
        self.messages.append(message)

    def show(self, counts: PeopleCounts, n_alerting: int) -> None:
        self.shown.append((counts, n_alerting))

    def set_available(self, is_available: bool) -> None:
        self.available.append(is_available)

    @property
    def kinds(self) -> list[str]:
        return [message.alert.kind.value for message in self.messages]


class Session:
    def __init__(self) -> None:
        self.clock, self.heard, self.n_names = Clock(), Heard(), 0
        admission = AdmissionControl(1, clock=self.clock, cpu_clock=lambda: 0.0)
        self.processor = LiveProcessor(
            painted_detector(), ManualWorker(), admission, clock=self.clock
        )
        self.processor.set_observer(SessionAlerts(self._name, self.heard, RULES))

    def _name(self) -> str:
        self.n_names += 1
        return f"live {self.n_names}"

    def run(self, seconds: float, *people: Painted) -> None:
        frame = av.VideoFrame.from_ndarray(picture(*people), format="rgb24")
        for _ in range(round(10 * seconds)):
            self.processor.recv(frame)
            due_s = self.processor.due_at_s(1.0)
            if due_s is not None and due_s <= self.clock.now:
                self.processor.infer(1.0)
            self.clock.now += 0.1


@pytest.fixture
def session() -> Session:
    return Session()


def test_a_person_raises_each_event_once(session: Session) -> None:
    session.run(4.0, (100, 80, "bare", 1))
    assert session.heard.kinds == ["no_mask"]
    session.run(4.0, (100, 80, "mask", 1))
    assert session.heard.kinds == ["no_mask", "all_masked"]
    session.run(3.0, (100, 80, "bare", 1))
    assert session.heard.kinds == ["no_mask", "all_masked", "no_mask"]
    assert {message.alert.person for message in session.heard.messages} == {1, None}
    assert {message.source for message in session.heard.messages} == {"live 1"}
    # never with a picture of a face, on any channel
    told = [message.to_json() for message in session.heard.messages]
    assert {one["picture_jpeg_base64"] for one in told} == {None}
    json.dumps(told)
    assert session.heard.shown[-1] == (PeopleCounts(without_mask=1), 1)


def test_a_flicker_raises_nothing(session: Session) -> None:
    for _ in range(4):
        session.run(0.6, (100, 80, "bare", 1))
        session.run(1.5, (100, 80, "mask", 1))
    assert session.heard.kinds == []


def test_a_change_of_the_mirror_keeps_the_alarm_of_who_is_there(session: Session) -> None:
    session.run(3.0, (128, 80, "bare", 1))
    session.processor.set_mirrored(True)
    session.run(3.0, (128, 80, "bare", 1))
    assert session.heard.kinds == ["no_mask"]


def test_a_stream_that_ends_begins_with_new_people(session: Session) -> None:
    session.run(2.0, (100, 80, "bare", 1))
    session.processor.stop()
    assert session.heard.available == [True, False]
    session.run(2.0, (100, 80, "bare", 1))
    assert session.heard.kinds == ["no_mask", "no_mask"]
    assert [message.source for message in session.heard.messages] == ["live 1", "live 2"]


def test_without_an_observer_nothing_leaves(session: Session) -> None:
    session.processor.set_observer(None)
    session.run(3.0, (100, 80, "bare", 1))
    assert session.heard.messages == []


@pytest.mark.parametrize("failing", ["frame", "send"])
def test_an_observer_that_fails_changes_no_picture(
    session: Session, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("s3cret")

    target: object = session.heard if failing == "send" else session.processor._observer
    monkeypatch.setattr(target, failing, fail)
    session.run(2.0, (100, 80, "bare", 1))
    stats = session.processor.snapshot()
    assert stats.frame is not None and len(stats.frame.detections.faces) == 1
    assert stats.errors > 0
