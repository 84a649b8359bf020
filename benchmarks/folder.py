"""How fast a folder of photos is checked, by one process and by all cores, and in what memory.

Whole runs of ``python -m maskdet_core check DIR --out …``, start included, in turn on the same
photos, medians. Processor time, of all processes together, shows whether they are in each
other's way. Memory is the greatest that any one process held: the command itself, and a worker
where there are some. The same with four times as many files, which are the same photos under
further names, shows whether it grows with the folder. Linux only, by /proc.
"""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.linked_photos import link_photos
from maskdet_core.command_line.command import EXIT_OK, EXIT_SOME_UNREADABLE
from maskdet_core.command_line.inputs import list_pictures
from maskdet_core.cpu import n_cores
from testbed.processes.process_tree import status_fields

MORE: Final = 4
_ROUNDS: Final = 3
_SAMPLE_S: Final = 0.05


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("folder", help="photos a second from a folder, and memory")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument("--photos", type=int, default=200, metavar="N", help="how many of them")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run took: time, processor time, most memory of the command and of a worker (or 0)."""

    seconds: float
    cpu_s: float
    command_mb: float
    worker_mb: float


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where the folder holds too few photos."""
    found = list(list_pictures([options.folder]))
    n = options.photos
    if len(found) < n:
        print(f"expected {n} photos or more in {options.folder}, found {len(found)}")
        return 2
    chosen = sorted(random.Random(0).sample(found, n))
    ways = sorted({1, n_cores()})
    with tempfile.TemporaryDirectory() as folder:
        few = link_photos(Path(folder) / "few", chosen)
        many = link_photos(Path(folder) / "many", chosen * MORE)
        runs: dict[int, list[Run]] = {n_jobs: [] for n_jobs in ways}
        for i in range(options.rounds):
            for n_jobs in ways:
                runs[n_jobs].append(_checked(few, Path(folder) / f"{i}-{n_jobs}", n_jobs))
        longer = {
            n_jobs: _checked(many, Path(folder) / f"many-{n_jobs}", n_jobs) for n_jobs in ways[-1:]
        }
    alone_s = statistics.median(one.seconds for one in runs[1])
    for n_jobs in ways:
        ratio = alone_s / statistics.median(one.seconds for one in runs[n_jobs])
        print(f"{_words(n, n_jobs, runs[n_jobs])}, {ratio:.2f} x")
    for n_jobs, one in longer.items():
        print(_words(MORE * n, n_jobs, [one]))
    return 0


def _checked(photos: Path, out: Path, n_jobs: int) -> Run:
    command = [sys.executable, "-m", "maskdet_core", "check", str(photos), "--out", str(out)]
    before_s, began_s = _children_cpu_s(), time.perf_counter()
    process = subprocess.Popen([*command, "--jobs", str(n_jobs)], stderr=subprocess.PIPE, text=True)
    command_kb, worker_kb = 0, 0
    while process.poll() is None:
        command_kb = max(command_kb, _peak_kb(process.pid))
        worker_kb = max([worker_kb, *map(_peak_kb, _workers(process.pid))])
        time.sleep(_SAMPLE_S)
    seconds = time.perf_counter() - began_s
    said = process.communicate()[1]
    if process.returncode not in (EXIT_OK, EXIT_SOME_UNREADABLE):
        raise RuntimeError(f"expected exit status 0 or 1, got {process.returncode}: {said}")
    return Run(seconds, _children_cpu_s() - before_s, command_kb / 1024, worker_kb / 1024)


def _children_cpu_s() -> float:
    """Processor time of the processes that have ended, and of what those started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _workers(pid: int) -> list[int]:
    """Children that work; the first is Python's own, which keeps count of what they share."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in children.split()[1:]]


def _peak_kb(pid: int) -> int:
    """Most memory that a process has held, 0 where it has ended."""
    try:
        # a process that has ended but was not waited for has no memory
        return int(status_fields(pid).get("VmHWM", "0").split()[0])
    except OSError:
        return 0


def _words(n_photos: int, n_jobs: int, runs: Sequence[Run]) -> str:
    rate = n_photos / statistics.median(one.seconds for one in runs)
    cpu_ms = 1000 * statistics.median(one.cpu_s for one in runs) / n_photos
    worker_mb = max(one.worker_mb for one in runs)
    return (
        f"{n_photos} photos, {n_jobs} process{'es' if n_jobs > 1 else ''}: {rate:.1f} a "
        f"second, {cpu_ms:.0f} ms of processor time each, at most "
        f"{max(one.command_mb for one in runs):.0f} MB"
        + (f" and {worker_mb:.0f} MB a worker" if worker_mb else "")
    )
