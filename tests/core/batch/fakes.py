"""Functions for worker processes, which import them from here, and folder checks on stubs."""

import csv
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskdet_core import FaceBox
from maskdet_core.batch.photos.check import PhotoCheckConfig, PhotoChecker, PhotoTask
from maskdet_core.batch.photos.crops import CropCheckConfig
from maskdet_core.batch.photos.folder import JOURNAL, Results, VerdictCounts, check_folder
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.command_line.command import Row

BOX = FaceBox(20, 10, 24, 30)
RAISE = -2
HANG = -3
SIGINT_HANDLER_AT_START = signal.getsignal(signal.SIGINT)
"""In a worker, which imports this module before any of our own code runs there."""


def double(value: int) -> int:
    """Twice the value; some take longer, so that results are ready out of order."""
    if value == RAISE:
        raise OSError("the disk is full")
    if value == HANG:
        time.sleep(1000)
    time.sleep(0.05 if value % 4 == 0 else 0)
    return 2 * value


def set_up() -> Callable[[int], int]:
    return double


def act(task: str) -> str:
    """Do what the task names: `spin`, `abort`, `exit`, a signal's name; or return the task."""
    if task == "spin":
        # in one call of native code, which sees no signal handler of Python's
        sum(range(10**9))
    elif task == "work":
        end_s = time.process_time() + 0.3
        while time.process_time() < end_s:
            pass
    elif task == "abort":
        os.abort()
    elif task == "exit":
        os._exit(7)
    elif task.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, task))
        # a signal may come a moment later
        time.sleep(10)
    return task


def lengthen(task: str) -> str:
    """The task with so much after it that it takes several writes to send."""
    return task + 300_000 * "x"


def set_up_act() -> Callable[[str], str]:
    return act


def set_up_fault_of_the_first_task() -> Callable[[str], str]:
    """A function that crashes for each further task, as after damage to the memory."""
    done: list[str] = []

    def function(task: str) -> str:
        if done:
            act("SIGSEGV")
        done.append(task)
        return task

    return function


@dataclass(frozen=True)
class FailingSetUp:
    """Ends the first processes that are set up, so many times."""

    folder: Path
    n_times: int

    def __call__(self) -> Callable[[str], str]:
        if len(list(self.folder.iterdir())) < self.n_times:
            (self.folder / str(os.getpid())).touch()
            os._exit(3)
        return act


@dataclass(frozen=True)
class RaisingSetUp:
    error: Exception

    def __call__(self) -> Callable[[str], str]:
        raise self.error


def act_on(path: Path) -> None:
    """Do what a picture's name says, such as ``2-SIGSEGV.jpg``; SIGKILL only once."""
    what = path.stem.partition("-")[2]
    mark = path.with_suffix(".killed")
    if what and not mark.exists():
        if what == "SIGKILL":
            mark.touch()
        act(what)


class FaultyChecker:
    """Checks photos, and does what their names say."""

    def __init__(self, checker: PhotoChecker) -> None:
        self._checker = checker
        self.settings = checker.settings

    def __call__(self, task: PhotoTask) -> PhotoReport:
        act_on(task.path)
        return self._checker(task)


class FaultyCheckConfig(PhotoCheckConfig):
    def load(self, n_threads: int = 1) -> Any:
        return FaultyChecker(super().load(n_threads))


class FaultyCropCheckConfig(CropCheckConfig):
    def load(self) -> Callable[[Path], Row]:
        function = super().load()

        def faulty(path: Path) -> Row:
            act_on(path)
            return function(path)

        return faulty


def ignores_ctrl_c_from_its_start() -> Callable[[int], bool]:
    return lambda value: SIGINT_HANDLER_AT_START is signal.SIG_IGN


def allocate(n_bytes: int) -> int | str:
    """Fill memory; the name of the error where that fails."""
    try:
        return len(bytearray(n_bytes))
    except MemoryError as error:
        return type(error).__name__


def set_up_allocate() -> Callable[[int], int | str]:
    return allocate


def broken_set_up() -> Callable[[int], int]:
    os._exit(3)


def process_of_task(task: object) -> int:
    return os.getpid()


@dataclass(frozen=True)
class CountingSetUp:
    """Records each process that is set up; by default each task returns the process that did it."""

    folder: Path
    function: Callable[[Any], Any] = process_of_task

    def __call__(self) -> Callable[[Any], Any]:
        (self.folder / str(os.getpid())).touch()
        return self.function


def map_in_this_process(
    tasks: Iterable[Any], set_up: Callable[[], Callable[[Any], Any]], n_jobs: int, lost: object
) -> Iterator[Any]:
    """For fakes, which other processes do not have."""
    function = set_up()
    for task in tasks:
        yield function(task)


class Stub:
    """A detector that sees given boxes in every photo, and how many photos it was shown."""

    def __init__(self, classifier: Any, finder: Any) -> None:
        self.classifier, self.finder = classifier, finder
        self.values: dict[str, Any] = {}

    @property
    def n_checked(self) -> int:
        return len(self.finder.asked_px)


def run(photos: list[Path], results: Results, **check: Any) -> VerdictCounts:
    return check_folder(photos, PhotoCheckConfig(**check), results, 1)


def table(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines(), strict=True))


def journal_rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / JOURNAL).read_text().splitlines()[1:]]
