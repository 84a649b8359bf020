"""Several processes on one list of tasks, with the results in the tasks' order."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any, Final, TypeVar

from maskdet_core.errors import WorkerError

IN_FLIGHT_PER_JOB: Final = 4
"""Tasks handed out and not yet taken back: enough for the others to go on while one is slow."""

_T = TypeVar("_T")
_R = TypeVar("_R")
_work: Callable[[Any], Any] | None = None


def in_order(
    tasks: Iterable[_T], set_up: Callable[[], Callable[[_T], _R]], n_jobs: int
) -> Iterator[_R]:
    """Work on tasks in several processes.

    Args:
        tasks: taken only a little ahead of the results, at most `IN_FLIGHT_PER_JOB` a process.
        set_up: called once in each process; answers what does a task. Both it and the tasks must
            be picklable.
        n_jobs: processes, 1 or more.

    Yields:
        The results, in the tasks' order.

    Raises:
        WorkerError: a process ended unasked.
        Exception: what the work raised for a task.
    """
    # fork would copy locks that threads of OpenCV or of the runtime hold, and Windows has none
    pool = ProcessPoolExecutor(
        n_jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(set_up,)
    )
    waiting: deque[Future[_R]] = deque()
    try:
        for task in tasks:
            # the pool starts its processes here, one a task until it has them all
            with _interrupts_ignored():
                waiting.append(pool.submit(_do, task))
            if len(waiting) == IN_FLIGHT_PER_JOB * n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerError(
            f"a worker process ended unexpectedly, perhaps for want of memory: try fewer than "
            f"{n_jobs} jobs"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let processes be born deaf to Ctrl+C, which a terminal sends to all: the parent ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _begin(set_up: Callable[[], Callable[[Any], Any]]) -> None:
    global _work
    # Windows hands the deafness down to nobody
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work = set_up()


def _end_with_parent() -> None:
    """A parent that was killed takes nothing back; its workers would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: Any) -> Any:
    if _work is None:
        raise RuntimeError("expected a process that was set up, got one that was not")
    return _work(task)
