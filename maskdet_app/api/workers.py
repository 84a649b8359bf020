"""Processes that judge the API's pictures, few enough to leave live viewers their frames.

Each can be killed, and has a thread here that waits for it. They run at the lowest priority that
still gets on, and one at a time while a viewer is live.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from maskdet_core.batch.photos.judge_process import JudgeProcess
from maskdet_core.batch.photos.judging import JudgeOptions, JudgeTask, Row
from maskdet_core.cpu import lower_thread_priority, n_cores
from maskdet_core.masks.loading import default_model_path
from maskdet_core.pictures.picture_process import POLL_S

MAX_WORKERS: Final = 8
"""More would take memory, about 105 MB each and up to 1 GB with a picture."""
NICENESS: Final = 10
"""Below the live viewers' inference, which has 5."""


class GivenUpError(Exception):
    """Nobody waits for the result any more."""


class Station(Protocol):
    """What one worker uses: a `JudgeProcess`."""

    def load(self, model: Path, version: float, while_waiting: Callable[[], None]) -> None:
        """See `JudgeProcess.load`."""
        ...

    def judge(
        self,
        data: bytes,
        name: str,
        task: JudgeTask,
        options: JudgeOptions,
        while_waiting: Callable[[], None],
        *,
        model: Path,
        version: float,
    ) -> Row:
        """See `JudgeProcess.judge`."""
        ...

    def close(self) -> object:
        """End it; the next picture starts another."""
        ...


class PictureWorkers:
    """Works on pictures for requests, which share the workers picture by picture."""

    def __init__(
        self,
        n_viewers: Callable[[], int],
        *,
        n_workers: int | None = None,
        station: Callable[[], Station] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            n_viewers: gives the number of live viewers.
            n_workers: pictures at once without viewers; None for one a core, `MAX_WORKERS` at most.
            station: makes what each worker uses; None takes `JudgeProcess`.
        """
        self.n_workers = n_workers or min(n_cores(), MAX_WORKERS)
        self._n_viewers = n_viewers
        self._executor = ThreadPoolExecutor(
            self.n_workers, "maskdet-api", initializer=lambda: lower_thread_priority(NICENESS)
        )
        # the last used first: its process still runs
        self._stations: queue.LifoQueue[Station] = queue.LifoQueue()
        for _ in range(self.n_workers):
            self._stations.put(JudgeProcess() if station is None else station())
        self._turns = threading.Condition()
        self._n_busy = 0
        self._is_closed = threading.Event()
        self._loaded: tuple[Path, float] | None = None

    async def load(self) -> None:
        """Load a detector, so that a fault is known before the first picture.

        Raises:
            MaskdetError: it cannot be loaded.
        """
        # not each time, which would have every request wait for a worker twice
        if self._loaded != _model():
            await asyncio.get_running_loop().run_in_executor(self._executor, self._load)

    def submit(
        self,
        data: bytes,
        name: str,
        task: JudgeTask,
        options: JudgeOptions,
        given_up: threading.Event,
    ) -> "Future[Row]":
        """Decode a picture and judge it.

        Args:
            data: content of the file.
            name: of the picture.
            task: what to do with it.
            options: how.
            given_up: ends the work at once when it is set, and the wait for a turn.

        Returns:
            The row; or `GivenUpError`, or an error of `JudgeProcess.judge`.
        """
        return self._executor.submit(self._work, data, name, task, options, given_up)

    def close(self) -> None:
        """Give up all work and end the processes."""
        self._is_closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)
        idle = []
        with suppress(queue.Empty):
            while True:
                idle.append(self._stations.get_nowait())
        for station in idle:
            station.close()
            # a worker may wait for one, to be told that all has ended
            self._stations.put(station)

    def _load(self) -> None:
        model, version = _model()
        with self._station() as station:
            station.load(model, version, self._stop_if_closed)
        self._loaded = (model, version)

    def _stop_if_closed(self) -> None:
        if self._is_closed.is_set():
            raise GivenUpError

    def _work(
        self,
        data: bytes,
        name: str,
        task: JudgeTask,
        options: JudgeOptions,
        given_up: threading.Event,
    ) -> Row:
        def stop_if_given_up() -> None:
            if given_up.is_set() or self._is_closed.is_set():
                raise GivenUpError

        with self._turn(stop_if_given_up), self._station() as station:
            model, version = _model()
            return station.judge(
                data, name, task, options, stop_if_given_up, model=model, version=version
            )

    @contextmanager
    def _station(self) -> Generator[Station, None, None]:
        station = self._stations.get()
        try:
            yield station
        finally:
            self._stations.put(station)
            # asked last: `close` sees those that are back by then
            if self._is_closed.is_set():
                station.close()

    @contextmanager
    def _turn(self, while_waiting: Callable[[], None]) -> Generator[None, None, None]:
        """One of few turns: all workers, or one while a viewer is live."""
        with self._turns:
            while self._n_busy >= (1 if self._n_viewers() else self.n_workers):
                while_waiting()
                self._turns.wait(POLL_S)
            self._n_busy += 1
        try:
            yield
        finally:
            with self._turns:
                self._n_busy -= 1
                self._turns.notify()


def _model() -> tuple[Path, float]:
    """The network in use, and when its file was changed."""
    path = default_model_path()
    try:
        return path, path.stat().st_mtime
    except OSError:
        return path, 0.0
