"""Threads that decode and check the API's pictures, few enough to leave live viewers their frames.

Each has a decoder in a process that can be killed, and a detector on one thread. They run at the
lowest priority that still gets on, and one at a time while somebody is live.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from maskdet_core import MaskDetector, load_classifier
from maskdet_core.cpu import lower_thread_priority, n_cores
from maskdet_core.errors import TransientImageError
from maskdet_core.masks.loading import default_model_path
from maskdet_core.pictures.decode import DecodedPhoto
from maskdet_core.pictures.decoder_process import POLL_S, DecoderProcess
from maskdet_core.reasons import Problem

MAX_WORKERS: Final = 8
"""More would take memory, up to 300 MB each, and the Python parts of detection take turns."""
_NICENESS: Final = 10
"""Below the live viewers' inference, which has 5."""
_T = TypeVar("_T")
Work = Callable[[MaskDetector, DecodedPhoto], _T]


class GivenUpError(Exception):
    """Nobody waits for the result any more."""


class Station:
    """What one worker uses: a decoder process, and a detector once there is one."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self.decoder = DecoderProcess()
        self._detector: MaskDetector | None = None
        self._loaded_from: tuple[Path, float] | None = None

    def detector(self) -> MaskDetector:
        """This worker's detector, loaded again when the file has changed.

        Raises:
            MaskdetError: it cannot be loaded.
        """
        path = default_model_path()
        source = (path, _modified_at(path))
        if self._detector is None or self._loaded_from != source:
            # one thread: the other cores have workers of their own
            self._detector = MaskDetector.load(load_classifier(path, n_threads=1))
            self._loaded_from = source
        return self._detector


class PictureWorkers:
    """Works on pictures for requests, which share the workers picture by picture."""

    def __init__(
        self,
        n_viewers: Callable[[], int],
        *,
        n_workers: int | None = None,
        station: Callable[[], Station] = Station,
    ) -> None:
        """Start nothing yet.

        Args:
            n_viewers: gives the number of live viewers.
            n_workers: pictures at once without viewers; None for one a core, `MAX_WORKERS` at most.
            station: makes what each worker uses.
        """
        self.n_workers = n_workers or min(n_cores(), MAX_WORKERS)
        self._n_viewers = n_viewers
        self._executor = ThreadPoolExecutor(
            self.n_workers, "maskdet-api", initializer=lambda: lower_thread_priority(_NICENESS)
        )
        # the last used first: its decoder still runs
        self._stations: queue.LifoQueue[Station] = queue.LifoQueue()
        for _ in range(self.n_workers):
            self._stations.put(station())
        self._turns = threading.Condition()
        self._n_busy = 0
        self._is_closed = threading.Event()

    async def load(self) -> None:
        """Load a detector, so that a fault is known before the first picture.

        Raises:
            MaskdetError: it cannot be loaded.
        """
        await asyncio.get_running_loop().run_in_executor(self._executor, self._load)

    def submit(self, data: bytes, work: "Work[_T]", given_up: threading.Event) -> "Future[_T]":
        """Decode a picture and work on it.

        Args:
            data: content of the file.
            work: gets a detector and the decoded picture.
            given_up: ends the decoding at once when it is set, and the wait for a turn.

        Returns:
            What ``work`` returns, or raises; `GivenUpError`; `ImageError`, see `DecoderProcess`.
        """
        return self._executor.submit(self._work, data, work, given_up)

    def close(self) -> None:
        """Give up all work and end the decoders."""
        self._is_closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)
        idle = []
        with suppress(queue.Empty):
            while True:
                idle.append(self._stations.get_nowait())
        for station in idle:
            station.decoder.close()
            # a worker may wait for one, to be told that all has ended
            self._stations.put(station)

    def _load(self) -> None:
        with self._station() as station:
            station.detector()

    def _work(self, data: bytes, work: "Work[_T]", given_up: threading.Event) -> _T:
        def stop_if_given_up() -> None:
            if given_up.is_set() or self._is_closed.is_set():
                raise GivenUpError

        with self._turn(stop_if_given_up), self._station() as station:
            stop_if_given_up()
            decoded = station.decoder.decode_photo(data, stop_if_given_up)
            stop_if_given_up()
            try:
                return work(station.detector(), decoded)
            except MemoryError as error:
                raise TransientImageError(
                    "not enough memory to check the picture", Problem.NO_MEMORY
                ) from error

    @contextmanager
    def _station(self) -> Generator[Station, None, None]:
        station = self._stations.get()
        try:
            yield station
        finally:
            self._stations.put(station)
            # asked last: `close` sees those that are back by then
            if self._is_closed.is_set():
                station.decoder.close()

    @contextmanager
    def _turn(self, while_waiting: Callable[[], None]) -> Generator[None, None, None]:
        """One of few turns: all workers, or one while somebody is live."""
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


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
