"""What is asked of the worker, looks that it leaves out included."""

import pytest

from maskdet_core.live import AdmissionControl
from maskdet_core.live.workload import WINDOW_S, Workload
from tests.core.live.fakes import Clock


def worked(every_s: float, busy_s: float, n_done: int, n_missed: int) -> float:
    """Demand after ten seconds of inferences of one kind."""
    workload, now_s = Workload(0.0), 0.0
    while now_s < 10.0:
        workload.begin(now_s)
        workload.note_looks(n_done, 0, now_s)
        workload.end(now_s + busy_s)
        workload.note_looks(0, n_missed, now_s + busy_s)
        now_s += every_s
    return workload.demand(now_s)


def test_without_missed_looks_demand_is_the_busy_share() -> None:
    assert worked(0.25, 0.05, 4, 0) == pytest.approx(0.2, abs=0.02)


def test_missed_looks_count_as_if_they_had_been_done() -> None:
    assert worked(0.25, 0.05, 4, 4) == pytest.approx(0.4, abs=0.04)
    assert worked(1.0, 0.26, 1, 11) > 2.5


def test_an_inference_in_progress_counts() -> None:
    workload = Workload(0.0)
    workload.note_looks(1, 0, 0.0)
    workload.begin(0.0)
    for tenths in range(1, 80):
        workload.note_looks(0, 1, tenths / 10)
    assert workload.demand(8.0) > 10.0


def test_demand_ends_with_the_work() -> None:
    workload = Workload(0.0)
    assert workload.demand(0.0) == 0.0
    workload.begin(1.0)
    workload.note_looks(1, 5, 1.0)
    workload.end(2.0)
    assert workload.demand(2.0) > 0.5
    assert workload.demand(2.0 + WINDOW_S) == 0.0


def test_load_of_the_server_counts_what_it_cannot_do(clock: Clock) -> None:
    """Another program takes the processor: this one uses little of it while faces wait."""
    admission = AdmissionControl(
        n_cores=2, demand=lambda: 4.0, clock=clock, cpu_clock=lambda: 0.52 * clock.now
    )
    for _ in range(6):
        admission.acquire("a")
        clock.now += 1.0
    assert admission.load == 4.0
