"""Functions for worker processes, which import them from here, and folder checks on stubs."""

import csv
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskdet_core import FaceBox
from maskdet_core.batch.folder import JOURNAL, Results, VerdictCounts, check_folder
from maskdet_core.batch.photo import PhotoCheckConfig

BOX = FaceBox(20, 10, 24, 30)
DIE = -1
RAISE = -2
SIGINT_HANDLER_AT_START = signal.getsignal(signal.SIGINT)
"""In a worker, which imports this module before any of our own code runs there."""


def double(value: int) -> int:
    """Twice the value; some take longer, so that results are ready out of order."""
    if value == DIE:
        os.kill(os.getpid(), signal.SIGKILL)
    if value == RAISE:
        raise OSError("the disk is full")
    time.sleep(0.05 if value % 4 == 0 else 0)
    return 2 * value


def set_up() -> Callable[[int], int]:
    return double


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


@dataclass(frozen=True)
class CountingSetUp:
    """Records each process that is set up; each task returns the process that did it."""

    folder: Path

    def __call__(self) -> Callable[[int], int]:
        (self.folder / str(os.getpid())).touch()
        return lambda value: os.getpid()


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
