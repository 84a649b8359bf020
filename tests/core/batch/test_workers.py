"""Several processes, one list: in order, a bounded number on the way, and no silent end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maskdet_core.batch import workers
from maskdet_core.batch.workers import IN_FLIGHT_PER_JOB, in_order
from maskdet_core.errors import WorkerError
from tests.core.batch.fakes import DIE, RAISE, CountingSetUp, broken_set_up, is_born_deaf, set_up

ROOT = Path(__file__).parents[3]


def test_results_come_in_the_tasks_order() -> None:
    assert list(in_order(range(23), set_up, 2)) == [2 * value for value in range(23)]


def test_no_tasks_no_results() -> None:
    assert list(in_order([], set_up, 2)) == []


def test_never_more_on_the_way_than_the_bound() -> None:
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        for value in range(40):
            taken += 1
            yield value

    most = 0
    for n_back, _ in enumerate(in_order(tasks(), set_up, 2)):
        most = max(most, taken - n_back)
    assert most == 2 * IN_FLIGHT_PER_JOB


def test_each_process_sets_itself_up_once(tmp_path: Path) -> None:
    workers_ = set(in_order(range(30), CountingSetUp(tmp_path), 2))
    assert {int(path.name) for path in tmp_path.iterdir()} >= workers_
    assert len(list(tmp_path.iterdir())) == 2
    assert os.getpid() not in workers_


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_worker_that_dies_is_an_error_and_no_hang() -> None:
    got = []
    with pytest.raises(WorkerError, match="worker process ended unexpectedly"):
        for result in in_order([1, 2, 3, DIE, *range(5, 40)], set_up, 2):
            got.append(result)
    assert got == [2, 4, 6][: len(got)]


def test_a_worker_that_cannot_set_itself_up_is_an_error_and_no_hang() -> None:
    with pytest.raises(WorkerError, match="fewer than 2 jobs"):
        list(in_order(range(10), broken_set_up, 2))


def test_what_the_work_raises_comes_through() -> None:
    with pytest.raises(OSError, match="disk is full"):
        list(in_order([1, RAISE, 2], set_up, 2))


def test_workers_are_born_deaf_to_ctrl_c() -> None:
    # one that becomes so later dies with a traceback where the key is hit while it starts
    assert list(in_order(range(2), is_born_deaf, 1)) == [True, True]


def test_ctrl_c_reaches_the_parent_again_after_each_task() -> None:
    before = signal.getsignal(signal.SIGINT)
    for _ in in_order(range(3), set_up, 1):
        assert signal.getsignal(signal.SIGINT) is before


def test_cores_are_counted() -> None:
    assert 1 <= workers.n_cores() <= (os.cpu_count() or 1)


ORPHANS = """
import sys
from pathlib import Path
from maskdet_core.batch.workers import in_order
from tests.core.batch.fakes import CountingSetUp

for _ in in_order(range(10**9), CountingSetUp(Path(sys.argv[1])), 2):
    pass
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS, str(tmp_path)], cwd=ROOT)
    try:
        wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    pids = [path.name for path in tmp_path.iterdir()]
    wait_for(lambda: not any(is_running(pid) for pid in pids))


def is_running(pid: str) -> bool:
    try:
        # a dead one stays listed until somebody takes its status
        return Path("/proc", pid, "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(come_true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not come_true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
