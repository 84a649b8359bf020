"""Map a function over tasks in several processes, with the results in the tasks' order.

A task that ends its process costs that process alone: another takes its place, and the other tasks
go on.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any, Final, Generic, TypeVar

from maskdet_core.batch.processes.limits import MAX_CPU_S
from maskdet_core.batch.processes.worker_process import Message, WorkerProcess
from maskdet_core.errors import MaskdetError, WorkerError
from maskdet_core.process_limits import Loss

IN_FLIGHT_PER_JOB: Final = 4
"""Tasks taken ahead of the results: enough to keep the others busy while one is slow."""
_MAX_FAILED_STARTS: Final = 3
"""Processes in a row that end before they are set up; then more of them would not help."""
_PATIENCE_S: Final = 5.0
"""Time that tasks under way get to finish when the work is stopped."""
_MAX_JOBS_WINDOWS: Final = 30
"""Windows waits for at most 63 objects at once, and a worker has two."""

_T = TypeVar("_T")
_R = TypeVar("_R")


def map_in_order(
    tasks: Iterable[_T],
    set_up: Callable[[], Callable[[_T], _R]],
    n_jobs: int,
    lost: Callable[[_T, Loss], _R],
    *,
    max_cpu_s: float = MAX_CPU_S,
) -> Generator[_R, None, None]:
    """Map a function over tasks in several processes.

    The processes import the main module of the program, which must guard its own work with
    ``if __name__ == "__main__"``.

    Args:
        tasks: consumed only a little ahead of the results, at most `IN_FLIGHT_PER_JOB` per process.
        set_up: called once in each process; returns the function. It, the tasks and the results
            must be picklable.
        n_jobs: processes, 1 or more.
        lost: called in this process for a task whose process ended; returns what stands for its
            result.
        max_cpu_s: most processor time for a task; no limit on Windows.

    Yields:
        The results, in the tasks' order.

    Raises:
        WorkerError: processes cannot be started or set up.
        MaskdetError: what ``set_up`` raised.
        Exception: whatever the function raised for a task.
    """
    crew = Crew(set_up, n_jobs, lost, max_cpu_s)
    try:
        yield from crew.map(tasks)
    finally:
        crew.close()


@dataclass(slots=True)
class _Job(Generic[_T, _R]):
    """A task, and its outcome once there is one."""

    task: _T
    outcome: tuple[_R] | None = None
    error: Exception | None = None


class Crew(Generic[_T, _R]):
    """Worker processes, each with at most one task, and the tasks that wait for one."""

    def __init__(
        self,
        set_up: Callable[[], Callable[[_T], _R]],
        n_jobs: int,
        lost: Callable[[_T, Loss], _R],
        max_cpu_s: float = MAX_CPU_S,
    ) -> None:
        """Take the arguments of `map_in_order`; processes start with the first task."""
        self._set_up, self._lost, self._max_cpu_s = set_up, lost, max_cpu_s
        self._n_jobs = n_jobs if sys.platform != "win32" else min(n_jobs, _MAX_JOBS_WINDOWS)
        self._jobs: dict[WorkerProcess, _Job[_T, _R] | None] = {}
        self._pending: deque[_Job[_T, _R]] = deque()
        self._n_failed = 0

    def warm_up(self) -> None:
        """Start a process, if there is none, while the first task is on its way.

        Raises:
            WorkerError: it cannot be started.
        """
        if not self._jobs:
            self._started()

    def map(self, tasks: Iterable[_T]) -> Generator[_R, None, None]:
        """Yield the results of tasks, in their order; see `map_in_order`."""
        waiting: deque[_Job[_T, _R]] = deque()
        for task in tasks:
            waiting.append(self._submit(task))
            if len(waiting) == IN_FLIGHT_PER_JOB * self._n_jobs:
                yield self._result_of(waiting.popleft())
        while waiting:
            yield self._result_of(waiting.popleft())

    def _submit(self, task: _T) -> _Job[_T, _R]:
        job: _Job[_T, _R] = _Job(task)
        self._pending.append(job)
        self._hand_out()
        return job

    def _result_of(self, job: _Job[_T, _R]) -> _R:
        # also when this result is there: others may have come, and their workers wait
        self._take_messages(0)
        while job.outcome is None and job.error is None:
            self._take_messages(None)
        if job.outcome is None:
            raise job.error or RuntimeError("expected an outcome, got none")
        return job.outcome[0]

    def close(self) -> None:
        """End the processes; those with a task get a moment to finish it."""
        for worker in self._jobs:
            worker.dismiss()
        deadline_s = time.monotonic() + _PATIENCE_S
        try:
            for worker in self._jobs:
                worker.end(max(0.0, deadline_s - time.monotonic()))
        finally:
            # a second Ctrl+C
            for worker in self._jobs:
                worker.end(0)

    def _hand_out(self) -> None:
        """Give waiting tasks to workers without one, and to new ones up to the number of jobs.

        A worker with a task gets no second one: while it sends a large result it reads nothing,
        and this process would wait for it forever.
        """
        while self._pending:
            idle = [one for one, job in self._jobs.items() if job is None and not one.has_ended]
            if not idle and len(self._jobs) >= self._n_jobs:
                return
            worker = idle[0] if idle else self._started()
            self._give(worker, self._pending.popleft())

    def _started(self) -> WorkerProcess:
        try:
            worker = WorkerProcess(self._set_up, self._max_cpu_s)
        except OSError as error:
            raise WorkerError(
                f"cannot start a worker process ({error}): try fewer than {self._n_jobs} jobs"
            ) from error
        self._jobs[worker] = None
        return worker

    def _give(self, worker: WorkerProcess, job: _Job[_T, _R]) -> None:
        if worker.send(job.task):
            self._jobs[worker] = job
        else:
            # its end is noticed with the next messages
            self._pending.appendleft(job)

    def _take_messages(self, timeout_s: float | None) -> None:
        workers = {sign: worker for worker in self._jobs for sign in worker.signs}
        signs: list[Any] = wait(list(workers), timeout_s)
        for worker in dict.fromkeys(workers[sign] for sign in signs):
            message = worker.receive()
            if message is None:
                self._replace(worker)
            else:
                self._note(worker, *message)
        self._hand_out()

    def _note(self, worker: WorkerProcess, message: Message, value: Any) -> None:
        if message is Message.READY:
            worker.is_ready = True
            self._n_failed = 0
            return
        if message is Message.NOT_SET_UP:
            if isinstance(value, MaskdetError):
                raise value
            raise WorkerError(
                f"a worker process cannot be set up ({type(value).__name__}: {value}): try fewer "
                f"than {self._n_jobs} jobs"
            ) from value
        job, self._jobs[worker] = self._jobs[worker], None
        if job is None:
            raise RuntimeError("expected the result of a task, got one without a task")
        worker.n_done += 1
        if message is Message.RAISED:
            job.error = value
        else:
            job.outcome = (value,)

    def _replace(self, worker: WorkerProcess) -> None:
        """Settle the task in which a process ended."""
        loss = worker.why_ended()
        job = self._jobs.pop(worker)
        self._n_failed += not worker.is_ready
        if self._n_failed == _MAX_FAILED_STARTS:
            raise WorkerError(
                "worker processes end before they are set up, perhaps for lack of memory: try "
                f"fewer than {self._n_jobs} jobs"
            )
        if job is None:
            return
        if not worker.is_ready:
            self._pending.appendleft(job)
        elif loss is Loss.CRASH and worker.n_done:
            # an earlier task may have damaged the memory: this one counts in a new process
            self._give(self._started(), job)
        else:
            job.outcome = (self._lost(job.task, loss),)
