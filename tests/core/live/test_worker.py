"""The one worker: in turn, never two at once, rarer under load, and nobody ends it."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from maskdet_core import LiveEngine
from maskdet_core.live.worker import MAX_STRETCH

WAIT_S = 20.0


class Viewer:
    """Due every ``every_s``, and busy for ``busy_s`` each time."""

    def __init__(self, log: list["Viewer"], every_s: float = 0.0, busy_s: float = 0.001) -> None:
        self.log, self.every_s, self.busy_s = log, every_s, busy_s
        self.last_s = 0.0
        self.stretches: list[float] = []

    def due_at_s(self, stretch: float) -> float | None:
        return self.last_s + self.every_s * stretch

    def work(self, stretch: float) -> None:
        self.last_s = time.monotonic()
        self.stretches.append(stretch)
        self.log.append(self)
        time.sleep(self.busy_s)


class Broken(Viewer):
    def work(self, stretch: float) -> None:
        super().work(stretch)
        raise RuntimeError("secret")


def wait_for_rounds(log: list[Viewer], n: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while len(log) < n:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def engine() -> Iterator[LiveEngine]:  # type: ignore[override]
    made = LiveEngine()
    yield made
    made.close()


def test_viewers_are_served_in_turn(engine: LiveEngine) -> None:
    log: list[Viewer] = []
    viewers = [Viewer(log) for _ in range(4)]
    for viewer in viewers:
        engine.join(viewer)
        engine.join(viewer)
    engine.notify()
    wait_for_rounds(log, 60)
    served = log[20:60]
    assert [served.count(viewer) for viewer in viewers] == [10, 10, 10, 10]


def test_slow_viewer_does_not_take_the_turns_of_others(engine: LiveEngine) -> None:
    log: list[Viewer] = []
    slow, quick = Viewer(log, busy_s=0.05), Viewer(log)
    engine.join(slow)
    engine.join(quick)
    engine.notify()
    wait_for_rounds(log, 20)
    assert abs(log[4:20].count(slow) - log[4:20].count(quick)) <= 1


def test_failing_viewer_leaves_the_others_served(
    engine: LiveEngine, caplog: pytest.LogCaptureFixture
) -> None:
    log: list[Viewer] = []
    broken, sound = Broken(log, every_s=0.02), Viewer(log, every_s=0.02)
    engine.join(broken)
    engine.join(sound)
    engine.notify()
    wait_for_rounds(log, 20)
    assert log.count(sound) >= 5
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_who_has_left_is_served_no_more(engine: LiveEngine) -> None:
    log: list[Viewer] = []
    leaving, staying = Viewer(log), Viewer(log)
    engine.join(leaving)
    engine.join(staying)
    engine.notify()
    wait_for_rounds(log, 10)
    engine.leave(leaving)
    engine.leave(leaving)
    n = len(log)
    wait_for_rounds(log, n + 20)
    assert leaving not in log[n + 2 :]


def test_viewer_whose_session_is_gone_does_not_live_on(engine: LiveEngine) -> None:
    log: list[Viewer] = []
    viewer = Viewer([], every_s=0.01)
    gone = weakref.ref(viewer)
    other = Viewer(log, every_s=0.01)
    engine.join(viewer)
    engine.join(other)
    engine.notify()
    wait_for_rounds(log, 3)
    del viewer
    deadline = time.monotonic() + WAIT_S
    while gone() is not None:
        assert time.monotonic() < deadline
        gc.collect()
        time.sleep(0.01)


def test_overload_makes_rounds_rarer_and_rest_brings_them_back(engine: LiveEngine) -> None:
    log: list[Viewer] = []
    heavy = Viewer(log, every_s=0.01, busy_s=0.05)
    engine.join(heavy)
    engine.notify()
    deadline = time.monotonic() + WAIT_S
    while engine.stretch < 2.0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert 1.0 < max(heavy.stretches) <= MAX_STRETCH
    assert 0.0 < engine.load <= 1.0
    heavy.busy_s, heavy.every_s = 0.0, 0.2
    while engine.stretch > 1.5:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_close_ends_the_worker() -> None:
    before = set(threading.enumerate())
    engine = LiveEngine()
    (worker,) = set(threading.enumerate()) - before
    engine.close()
    assert not worker.is_alive()
