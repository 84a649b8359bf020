"""Workers that end in the middle of a task: that task is lost, and no other."""

import multiprocessing
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maskdet_core.batch.processes import workers
from maskdet_core.batch.processes.worker_process import WorkerProcess
from maskdet_core.batch.processes.workers import map_in_order
from maskdet_core.errors import ModelError, WorkerError
from maskdet_core.process_limits import Loss
from tests.core.batch.fakes import (
    HANG,
    CountingSetUp,
    FailingSetUp,
    RaisingSetUp,
    lengthen,
    set_up,
    set_up_act,
    set_up_fault_of_the_first_task,
)
from tests.core.batch.processes.test_workers import lost

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the signals are POSIX's")


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("spin", Loss.CPU_TIME),
        ("SIGSEGV", Loss.CRASH),
        ("SIGBUS", Loss.CRASH),
        ("SIGKILL", Loss.KILLED),
        ("abort", Loss.KILLED),
        ("exit", Loss.KILLED),
    ],
)
def test_only_the_task_at_fault_is_lost(task: str, loss: Loss, n_jobs: int) -> None:
    before, after = [f"a{i}" for i in range(5)], [f"b{i}" for i in range(12)]
    tasks = [*before, task, *after, task]
    results: list[Any] = list(map_in_order(tasks, set_up_act, n_jobs, lost, max_cpu_s=1.0))
    assert results == [*before, (task, loss), *after, (task, loss)]


def test_every_task_may_end_its_worker() -> None:
    results: list[Any] = list(map_in_order(["SIGKILL"] * 5, set_up_act, 2, lost))
    assert results == [("SIGKILL", Loss.KILLED)] * 5


def test_processor_time_is_limited_by_task() -> None:
    results = list(map_in_order(["work"] * 8, set_up_act, 1, lost, max_cpu_s=1.5))
    assert results == ["work"] * 8


def test_processor_time_is_limited_where_the_parent_ignores_the_signal() -> None:
    before = signal.signal(signal.SIGPROF, signal.SIG_IGN)
    try:
        results: list[Any] = list(map_in_order(["spin"], set_up_act, 1, lost, max_cpu_s=0.3))
    finally:
        signal.signal(signal.SIGPROF, before)
    assert results == [("spin", Loss.CPU_TIME)]


def test_a_crash_counts_in_a_process_that_did_nothing_else() -> None:
    tasks = ["a", "b", "c", "d"]
    assert list(map_in_order(tasks, set_up_fault_of_the_first_task, 1, lost)) == tasks


def test_a_process_that_ends_before_it_is_set_up_is_replaced(tmp_path: Path) -> None:
    assert list(map_in_order(["a", "b"], FailingSetUp(tmp_path, 2), 1, lost)) == ["a", "b"]


def test_processes_that_are_never_set_up_end_the_work(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="fewer than 1 jobs"):
        list(map_in_order(["a", "b"], FailingSetUp(tmp_path, 3), 1, lost))


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (ModelError("no network here"), ModelError, "no network here"),
        (MemoryError(), WorkerError, "cannot be set up .MemoryError.* fewer than 1 jobs"),
    ],
)
def test_exceptions_of_the_set_up_end_the_work(
    error: Exception, expected: type[Exception], message: str
) -> None:
    with pytest.raises(expected, match=message):
        list(map_in_order(["a"], RaisingSetUp(error), 1, lost))


def test_a_process_that_has_ended_takes_no_task() -> None:
    worker = WorkerProcess(set_up_act, 1.0)
    worker.end(0)
    assert not worker.send("a")
    assert worker.why_ended() is Loss.KILLED


def test_no_process_is_left_when_the_work_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_PATIENCE_S", 0.1)
    results = map_in_order([1, HANG, 2, HANG, *range(20)], set_up, 2, lost)
    assert next(results) == 2
    results.close()
    assert multiprocessing.active_children() == []


def test_workers_killed_at_any_moment_hurt_no_other(tmp_path: Path) -> None:
    n_kills, n_tasks = 10, 0

    def kill() -> None:
        pauses = random.Random(0)
        n_left = n_kills
        while n_left:
            time.sleep(pauses.uniform(0.01, 0.1))
            for child in multiprocessing.active_children():
                # once set up, so that it is hit in a task, or while it receives or sends
                mark = tmp_path / str(child.pid)
                if mark.exists() and n_left:
                    mark.unlink()
                    child.kill()
                    n_left -= 1

    def tasks() -> Iterator[str]:
        nonlocal n_tasks
        while killer.is_alive():
            n_tasks += 1
            yield str(n_tasks)

    killer = threading.Thread(target=kill)
    killer.start()
    n_results, losses = 0, []
    results: Iterator[Any] = map_in_order(tasks(), CountingSetUp(tmp_path, lengthen), 2, lost)
    for n_results, result in enumerate(results, 1):
        name, loss = (result, None) if isinstance(result, str) else result
        assert name.rstrip("x") == str(n_results)
        losses += [loss] if loss else []
    assert n_results == n_tasks
    assert set(losses) == {Loss.KILLED}
    assert len(losses) <= n_kills
