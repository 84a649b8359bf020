"""Map a function over tasks in several processes, with the results in the tasks' order."""

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
from maskdet_core.process_limits import limit_data

IN_FLIGHT_PER_JOB: Final = 4
"""Tasks submitted ahead of the results: enough to keep the others busy while one is slow."""
MAX_WORKER_BYTES: Final = 1_000_000_000
"""Most memory of a worker beside what it holds once set up. A photo takes less than half; beyond it
an allocation fails, so that one photo is reported and the system ends no process."""

_T = TypeVar("_T")
_R = TypeVar("_R")
_function: Callable[[Any], Any] | None = None


def map_in_order(
    tasks: Iterable[_T], set_up: Callable[[], Callable[[_T], _R]], n_jobs: int
) -> Iterator[_R]:
    """Map a function over tasks in several processes.

    Args:
        tasks: consumed only a little ahead of the results, at most `IN_FLIGHT_PER_JOB` per process.
        set_up: called once in each process; returns the function. Both it and the tasks must be
            picklable.
        n_jobs: processes, 1 or more.

    Yields:
        The results, in the tasks' order.

    Raises:
        WorkerError: a process ended unexpectedly.
        Exception: whatever the function raised for a task.
    """
    # fork would copy locks that threads of OpenCV or of the runtime hold, and Windows has none
    pool = ProcessPoolExecutor(
        n_jobs, mp_context=get_context("spawn"), initializer=_initialise, initargs=(set_up,)
    )
    waiting: deque[Future[_R]] = deque()
    try:
        for task in tasks:
            # the pool starts its processes here, one per task until it has all of them
            with _interrupts_ignored():
                waiting.append(pool.submit(_call, task))
            if len(waiting) == IN_FLIGHT_PER_JOB * n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerError(
            f"a worker process ended unexpectedly, perhaps for lack of memory: try fewer than "
            f"{n_jobs} jobs"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that ignore Ctrl+C, which a terminal sends to all: the parent stops them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _initialise(set_up: Callable[[], Callable[[Any], Any]]) -> None:
    global _function
    # Windows processes do not inherit that they ignore it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _function = set_up()
    limit_data(MAX_WORKER_BYTES)


def _end_with_parent() -> None:
    """Exit when the parent is killed; the worker would wait for it forever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(task: Any) -> Any:
    if _function is None:
        raise RuntimeError("expected an initialised worker process, got one that is not")
    return _function(task)
