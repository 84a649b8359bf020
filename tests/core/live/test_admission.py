"""Admission control: bounded, stable for admitted viewers, slots expire by themselves."""

import threading

import pytest

from maskdet_core.live import AdmissionControl
from maskdet_core.live.admission import LEASE_S
from tests.core.live.fakes import Clock


class Cpu:
    """Processor seconds, growing with the clock by ``per_viewer`` cores' worth a viewer."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.per_viewer, self.viewers = clock, 0.3, 0
        self._used, self._at = 0.0, clock.now

    def __call__(self) -> float:
        self._used += (self.clock.now - self._at) * self.per_viewer * self.viewers
        self._at = self.clock.now
        return self._used


def test_viewer_beyond_the_limit_is_rejected_until_a_slot_is_released(clock: Clock) -> None:
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


def test_slot_without_frames_expires_after_the_lease(clock: Clock) -> None:
    admission = AdmissionControl(1, clock=clock)
    assert admission.acquire("gone")
    for _ in range(20):
        clock.now += 0.9 * LEASE_S
        assert admission.acquire("gone")
        assert not admission.acquire("next")
    clock.now += 1.1 * LEASE_S
    assert admission.acquire("next")
    assert not admission.acquire("gone")


@pytest.mark.parametrize(("cores_per_viewer", "fit"), [(0.1, 17), (0.3, 5), (0.5, 3), (5.0, 1)])
def test_without_a_limit_the_measured_cost_decides(
    clock: Clock, cores_per_viewer: float, fit: int
) -> None:
    cpu = Cpu(clock)
    cpu.per_viewer = cores_per_viewer
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


def test_threads_never_get_more_slots_than_there_are() -> None:
    admission = AdmissionControl(3)
    start = threading.Barrier(16)
    admitted: list[int] = []

    def try_often(viewer: int) -> None:
        start.wait()
        for _ in range(200):
            if admission.acquire(viewer):
                admitted.append(viewer)

    threads = [threading.Thread(target=try_often, args=(viewer,)) for viewer in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(admitted)) == admission.n_active == 3


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_below_one_is_an_error(limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be 1 or more"):
        AdmissionControl(limit)


def test_overloaded_worker_gets_no_new_viewer_though_the_processor_has_time(clock: Clock) -> None:
    cpu = Cpu(clock)
    overloaded = False
    admission = AdmissionControl(
        is_overloaded=lambda: overloaded, n_cores=2, clock=clock, cpu_clock=cpu
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
