"""The inference worker: fair, one inference at a time, backs off under load, survives failures."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from maskdet_core.live import InferenceWorker
from maskdet_core.live.worker import MAX_BACKOFF

WAIT_S = 20.0


class FakeViewer:
    """Due every ``every_s``; each inference takes ``busy_s`` and is noted in ``log``."""

    def __init__(
        self, log: list["FakeViewer"], every_s: float = 0.0, busy_s: float = 0.001
    ) -> None:
        self.log, self.every_s, self.busy_s = log, every_s, busy_s
        self.last_s = 0.0
        self.backoffs: list[float] = []

    def due_at_s(self, backoff: float) -> float | None:
        return self.last_s + self.every_s * backoff

    def infer(self, backoff: float) -> None:
        self.last_s = time.monotonic()
        self.backoffs.append(backoff)
        self.log.append(self)
        time.sleep(self.busy_s)


class BrokenViewer(FakeViewer):
    def infer(self, backoff: float) -> None:
        super().infer(backoff)
        raise RuntimeError("secret")


def wait_for(log: list[FakeViewer], n: int) -> None:
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
    log: list[FakeViewer] = []
    viewers = [FakeViewer(log) for _ in range(4)]
    for viewer in viewers:
        worker.register(viewer)
        worker.register(viewer)
    worker.notify()
    wait_for(log, 60)
    served = log[20:60]
    assert [served.count(viewer) for viewer in viewers] == [10, 10, 10, 10]


def test_slow_viewer_does_not_starve_others(worker: InferenceWorker) -> None:
    log: list[FakeViewer] = []
    slow, quick = FakeViewer(log, busy_s=0.05), FakeViewer(log)
    worker.register(slow)
    worker.register(quick)
    worker.notify()
    wait_for(log, 20)
    assert abs(log[4:20].count(slow) - log[4:20].count(quick)) <= 1


def test_failing_viewer_leaves_the_others_served(
    worker: InferenceWorker, caplog: pytest.LogCaptureFixture
) -> None:
    log: list[FakeViewer] = []
    broken, healthy = BrokenViewer(log, every_s=0.02), FakeViewer(log, every_s=0.02)
    worker.register(broken)
    worker.register(healthy)
    worker.notify()
    wait_for(log, 20)
    assert log.count(healthy) >= 5
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_unregistered_viewer_is_not_served(worker: InferenceWorker) -> None:
    log: list[FakeViewer] = []
    leaving, staying = FakeViewer(log), FakeViewer(log)
    worker.register(leaving)
    worker.register(staying)
    worker.notify()
    wait_for(log, 10)
    worker.unregister(leaving)
    worker.unregister(leaving)
    n = len(log)
    wait_for(log, n + 20)
    assert leaving not in log[n + 2 :]


@pytest.mark.parametrize("n_others", [0, 1])
def test_worker_does_not_keep_a_viewer_alive(worker: InferenceWorker, n_others: int) -> None:
    log: list[FakeViewer] = []
    viewer = FakeViewer([], every_s=0.01)
    others = [FakeViewer(log, every_s=0.01) for _ in range(n_others)]
    gone = weakref.ref(viewer)
    for registered in (viewer, *others):
        worker.register(registered)
    worker.notify()
    wait_for(viewer.log, 3)
    viewer.log = []
    del viewer, registered
    deadline = time.monotonic() + WAIT_S
    while gone() is not None:
        assert time.monotonic() < deadline
        gc.collect()
        time.sleep(0.01)


def test_backoff_grows_under_load_and_shrinks_when_idle(worker: InferenceWorker) -> None:
    log: list[FakeViewer] = []
    heavy = FakeViewer(log, every_s=0.01, busy_s=0.05)
    worker.register(heavy)
    worker.notify()
    deadline = time.monotonic() + WAIT_S
    while worker.backoff < 2.0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert 1.0 < max(heavy.backoffs) <= MAX_BACKOFF
    assert 0.0 < worker.load <= 1.0
    heavy.busy_s, heavy.every_s = 0.0, 0.2
    while worker.backoff > 1.5:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_close_ends_the_thread() -> None:
    before = set(threading.enumerate())
    worker = InferenceWorker()
    (thread,) = set(threading.enumerate()) - before
    worker.close()
    assert not thread.is_alive()
    assert worker.is_closed


def test_a_viewer_freed_by_the_worker_may_close_it(worker: InferenceWorker) -> None:
    class LastReference(FakeViewer):
        def infer(self, backoff: float) -> None:
            held.clear()

    held = [LastReference([], every_s=0.01)]
    weakref.finalize(held[0], worker.close)
    worker.register(held[0])
    worker.notify()
    deadline = time.monotonic() + WAIT_S
    while not worker.is_closed:
        assert time.monotonic() < deadline
        time.sleep(0.01)
