"""The one worker: in turn, never two at once, rarer under load, and nobody ends it."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from maskdet_core.live import InferenceWorker
from maskdet_core.live.worker import MAX_BACKOFF

WAIT_S = 20.0


class Viewer:
    """Due every ``every_s``, and busy for ``busy_s`` each time."""

    def __init__(self, log: list["Viewer"], every_s: float = 0.0, busy_s: float = 0.001) -> None:
        self.log, self.every_s, self.busy_s = log, every_s, busy_s
        self.last_s = 0.0
        self.stretches: list[float] = []

    def due_at_s(self, backoff: float) -> float | None:
        return self.last_s + self.every_s * backoff

    def work(self, backoff: float) -> None:
        self.last_s = time.monotonic()
        self.stretches.append(backoff)
        self.log.append(self)
        time.sleep(self.busy_s)


class Broken(Viewer):
    def work(self, backoff: float) -> None:
        super().work(backoff)
        raise RuntimeError("secret")


def wait_for_rounds(log: list[Viewer], n: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while len(log) < n:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def worker() -> Iterator[InferenceWorker]:  # type: ignore[override]
    made = InferenceWorker()
    yield made
    made.close()


def test_viewers_are_served_in_turn(worker: InferenceWorker) -> None:
    log: list[Viewer] = []
    viewers = [Viewer(log) for _ in range(4)]
    for viewer in viewers:
        worker.register(viewer)
        worker.register(viewer)
    worker.notify()
    wait_for_rounds(log, 60)
    served = log[20:60]
    assert [served.count(viewer) for viewer in viewers] == [10, 10, 10, 10]


def test_slow_viewer_does_not_take_the_turns_of_others(worker: InferenceWorker) -> None:
    log: list[Viewer] = []
    slow, quick = Viewer(log, busy_s=0.05), Viewer(log)
    worker.register(slow)
    worker.register(quick)
    worker.notify()
    wait_for_rounds(log, 20)
    assert abs(log[4:20].count(slow) - log[4:20].count(quick)) <= 1


def test_failing_viewer_leaves_the_others_served(
    worker: InferenceWorker, caplog: pytest.LogCaptureFixture
) -> None:
    log: list[Viewer] = []
    broken, sound = Broken(log, every_s=0.02), Viewer(log, every_s=0.02)
    worker.register(broken)
    worker.register(sound)
    worker.notify()
    wait_for_rounds(log, 20)
    assert log.count(sound) >= 5
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_who_has_left_is_served_no_more(worker: InferenceWorker) -> None:
    log: list[Viewer] = []
    leaving, staying = Viewer(log), Viewer(log)
    worker.register(leaving)
    worker.register(staying)
    worker.notify()
    wait_for_rounds(log, 10)
    worker.unregister(leaving)
    worker.unregister(leaving)
    n = len(log)
    wait_for_rounds(log, n + 20)
    assert leaving not in log[n + 2 :]


def test_viewer_whose_session_is_gone_does_not_live_on(worker: InferenceWorker) -> None:
    log: list[Viewer] = []
    viewer = Viewer([], every_s=0.01)
    gone = weakref.ref(viewer)
    other = Viewer(log, every_s=0.01)
    worker.register(viewer)
    worker.register(other)
    worker.notify()
    wait_for_rounds(log, 3)
    del viewer
    deadline = time.monotonic() + WAIT_S
    while gone() is not None:
        assert time.monotonic() < deadline
        gc.collect()
        time.sleep(0.01)


def test_overload_makes_rounds_rarer_and_rest_brings_them_back(worker: InferenceWorker) -> None:
    log: list[Viewer] = []
    heavy = Viewer(log, every_s=0.01, busy_s=0.05)
    worker.register(heavy)
    worker.notify()
    deadline = time.monotonic() + WAIT_S
    while worker.backoff < 2.0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert 1.0 < max(heavy.stretches) <= MAX_BACKOFF
    assert 0.0 < worker.load <= 1.0
    heavy.busy_s, heavy.every_s = 0.0, 0.2
    while worker.backoff > 1.5:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_close_ends_the_worker() -> None:
    before = set(threading.enumerate())
    worker = InferenceWorker()
    (thread,) = set(threading.enumerate()) - before
    worker.close()
    assert not thread.is_alive()
