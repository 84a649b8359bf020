"""Mapping in several processes: order, a bounded number in flight, and failures reported."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maskdet_core.batch.processes.limits import MAX_PHOTO_BYTES
from maskdet_core.batch.processes.workers import IN_FLIGHT_PER_JOB, map_in_order
from maskdet_core.errors import WorkerError
from maskdet_core.process_limits import Loss
from testbed.repository import REPO_ROOT
from tests.core.batch.fakes import (
    RAISE,
    CountingSetUp,
    broken_set_up,
    ignores_ctrl_c_from_its_start,
    set_up,
    set_up_allocate,
)


def lost(task: Any, loss: Loss) -> Any:
    """The task and why it was lost."""
    return task, loss


def test_results_come_in_the_tasks_order() -> None:
    assert list(map_in_order(range(23), set_up, 2, lost)) == [2 * value for value in range(23)]


def test_no_tasks_no_results() -> None:
    assert list(map_in_order([], set_up, 2, lost)) == []


def test_tasks_in_flight_are_bounded() -> None:
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        for value in range(40):
            taken += 1
            yield value

    most = 0
    for n_back, _ in enumerate(map_in_order(tasks(), set_up, 2, lost)):
        most = max(most, taken - n_back)
    assert most == 2 * IN_FLIGHT_PER_JOB


def test_each_process_is_set_up_once(tmp_path: Path) -> None:
    workers_ = set(map_in_order(range(30), CountingSetUp(tmp_path), 2, lost))
    assert {int(path.name) for path in tmp_path.iterdir()} >= workers_
    assert len(list(tmp_path.iterdir())) == 2
    assert os.getpid() not in workers_


def test_a_worker_that_fails_to_start_is_an_error_not_a_hang() -> None:
    with pytest.raises(WorkerError, match="fewer than 2 jobs"):
        list(map_in_order(range(10), broken_set_up, 2, lost))


def test_exceptions_of_the_function_are_raised() -> None:
    with pytest.raises(OSError, match="disk is full"):
        list(map_in_order([1, RAISE, 2], set_up, 2, lost))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows workers ignore it a little later")
def test_workers_ignore_ctrl_c_from_their_start() -> None:
    # otherwise Ctrl+C during their start ends them with a traceback
    assert list(map_in_order(range(2), ignores_ctrl_c_from_its_start, 1, lost)) == [True, True]


def test_ctrl_c_reaches_the_parent_again_after_each_task() -> None:
    before = signal.getsignal(signal.SIGINT)
    for _ in map_in_order(range(3), set_up, 1, lost):
        assert signal.getsignal(signal.SIGINT) is before


ORPHANS = """
import sys
from pathlib import Path
from maskdet_core.batch.processes.workers import map_in_order
from tests.core.batch.fakes import CountingSetUp

for _ in map_in_order(range(10**9), CountingSetUp(Path(sys.argv[1])), 2, print):
    pass
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS, str(tmp_path)], cwd=REPO_ROOT)
    try:
        wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    pids = [path.name for path in tmp_path.iterdir()]
    wait_for(lambda: not any(is_running(pid) for pid in pids))


def is_running(pid: str) -> bool:
    try:
        # a zombie stays listed until its parent reads its exit status
        return Path("/proc", pid, "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_worker_that_takes_too_much_memory_lives_on() -> None:
    sizes = [1000, MAX_PHOTO_BYTES + 10_000_000, 2000]
    assert list(map_in_order(sizes, set_up_allocate, 1, lost)) == [1000, "MemoryError", 2000]
