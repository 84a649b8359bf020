"""Places of live viewers: bounded, fair to those who have one, given back without being asked."""

import threading

import pytest

from maskdet_core.live import AdmissionControl
from maskdet_core.live.admission import LEASE_S
from tests.core.live.fakes import Clock


class Cpu:
    """Processor seconds that grow with the clock at so many cores' worth a viewer."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.per_viewer, self.viewers = clock, 0.3, 0
        self._used, self._at = 0.0, clock.now

    def __call__(self) -> float:
        self._used += (self.clock.now - self._at) * self.per_viewer * self.viewers
        self._at = self.clock.now
        return self._used


def test_viewer_beyond_the_limit_waits_until_a_place_is_given_back(clock: Clock) -> None:
    admission = AdmissionControl(2, clock=clock)
    assert admission.acquire("a")
    assert admission.acquire("b")
    assert not admission.acquire("c")
    assert not admission.has_capacity
    assert (admission.n_active, admission.capacity) == (2, 2)
    admission.release("a")
    admission.release("a")
    assert admission.has_capacity
    assert admission.acquire("c")
    assert not admission.acquire("a")
    assert admission.holds("c")
    assert not admission.holds("a")


def test_place_without_frames_is_free_within_the_stated_bound(clock: Clock) -> None:
    admission = AdmissionControl(1, clock=clock)
    assert admission.acquire("gone")
    for _ in range(20):
        clock.now += 0.9 * LEASE_S
        assert admission.acquire("gone")
        assert not admission.acquire("next")
    clock.now += 1.1 * LEASE_S
    assert admission.acquire("next")
    assert not admission.acquire("gone")


@pytest.mark.parametrize(("cores_a_viewer", "fit"), [(0.1, 17), (0.3, 5), (0.5, 3), (5.0, 1)])
def test_without_a_limit_as_many_fit_as_the_processor_serves(
    clock: Clock, cores_a_viewer: float, fit: int
) -> None:
    cpu = Cpu(clock)
    cpu.per_viewer = cores_a_viewer
    admission = AdmissionControl(n_cores=2, clock=clock, cpu_clock=cpu)
    viewers: list[int] = []
    for newcomer in range(40):
        for _ in range(12):
            for viewer in viewers:
                assert admission.acquire(viewer)
            clock.now += 0.5
        if admission.acquire(newcomer):
            viewers.append(newcomer)
            cpu.viewers = len(viewers)
    assert len(viewers) == fit


def test_load_is_the_share_of_all_cores(clock: Clock) -> None:
    cpu = Cpu(clock)
    cpu.viewers = 1
    admission = AdmissionControl(n_cores=2, clock=clock, cpu_clock=cpu)
    for _ in range(12):
        admission.acquire("a")
        clock.now += 0.5
    assert admission.load == pytest.approx(0.15)


def test_one_place_is_never_given_to_two() -> None:
    admission = AdmissionControl(3)
    start = threading.Barrier(16)
    admitted: list[int] = []

    def come(who: int) -> None:
        start.wait()
        for _ in range(200):
            if admission.acquire(who):
                admitted.append(who)

    threads = [threading.Thread(target=come, args=(who,)) for who in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(admitted)) == admission.n_active == 3


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be 1 or more"):
        AdmissionControl(limit)


def test_strained_worker_gets_no_viewer_more_though_the_processor_has_time(clock: Clock) -> None:
    cpu = Cpu(clock)
    overloaded = False
    admission = AdmissionControl(
        overloaded=lambda: overloaded, n_cores=2, clock=clock, cpu_clock=cpu
    )
    assert admission.acquire("a")
    cpu.viewers = 1
    for _ in range(12):
        admission.acquire("a")
        clock.now += 0.5
    assert admission.has_capacity
    overloaded = True
    assert not admission.acquire("b")
    assert admission.capacity == admission.n_active == 1
    admission.release("a")
    assert admission.acquire("b")
