"""Decode mutated image files: none may crash the decoder, or exceed its memory or time.

Seeds are small files of each format and colour type. A mutation changes bytes, lengths and sizes,
and cuts, repeats or moves parts. Mutants are decoded in a process with a limit on its memory; one
that kills it, takes too long or raises anything but ImageError is written to ``--keep``.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from testbed.pictures import hostile
from testbed.repository import REPO_ROOT

SEED_PX: Final = 48
MAX_DECODE_S: Final = 10.0
"""Wall-clock time for a mutant; a shared machine may be slow."""
_PROCESS_S: Final = 0.25
"""Wall-clock time for each mutant of a batch on top, far above the mean."""
BATCH: Final = 200
"""Mutants for one process."""
_NUMBERS: Final = (0, 1, 2, 7, 8, 127, 128, 255, 256, 4095, 7070, 16383, 32767, 65535)


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("fuzz", help="decode mutated files within limits of memory and time")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    parser.add_argument("--keep", type=Path, default=Path("test-output"), help="for what failed")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Mutate and decode; 1 where a file failed."""
    seeds = list(hostile.seeds(SEED_PX).values())
    rng = random.Random(options.seed)
    deadline = time.monotonic() + options.seconds
    n_files = n_decoded = n_failed = 0
    with tempfile.TemporaryDirectory(prefix="maskdet-") as name:
        folder = Path(name)
        while time.monotonic() < deadline:
            paths = [folder / f"{index}" for index in range(BATCH)]
            for path in paths:
                path.write_bytes(mutated(rng.choice(seeds), rng))
            for path, outcome in decode_limited(paths, deadline):
                n_files += 1
                n_decoded += outcome.startswith("decoded")
                if outcome.startswith("failed"):
                    n_failed += 1
                    options.keep.mkdir(parents=True, exist_ok=True)
                    kept = options.keep / f"fuzz-{options.seed}-{n_files}"
                    kept.write_bytes(path.read_bytes())
                    print(f"{kept}: {outcome}")
    print(f"{n_files} files: {n_decoded} decoded, {n_failed} failed, the others refused")
    return 1 if n_failed else 0


def decode_limited(paths: list[Path], deadline: float) -> list[tuple[Path, str]]:
    """Decode files in a process with limits, in another one after each that kills it.

    Args:
        paths: the files.
        deadline: of `time.monotonic`, after which no other process is started.

    Returns:
        The files with their outcomes, as in `testbed.processes.decoding_cost.Cost`.
    """
    outcomes: list[tuple[Path, str]] = []
    while len(outcomes) < len(paths) and (not outcomes or time.monotonic() < deadline):
        left = paths[len(outcomes) :]
        command = [
            sys.executable,
            "-m",
            "testbed.processes.decoding_cost",
            "--limited",
            *map(str, left),
        ]
        stdout, ending = _run_limited(command, MAX_DECODE_S + _PROCESS_S * len(left))
        rows = [json.loads(line) for line in stdout.splitlines()]
        for path, row in zip(left, rows, strict=False):
            outcome = row["outcome"]
            if row["seconds"] > MAX_DECODE_S:
                outcome = f"failed: took {row['seconds']:.1f} s"
            outcomes.append((path, outcome))
        if len(rows) < len(left):
            outcomes.append((left[len(rows)], f"failed: {ending}"))
    return outcomes


def _run_limited(command: list[str], limit_s: float) -> tuple[str, str]:
    """Output of a process, which is killed after a time, and how it ended."""
    process = subprocess.Popen(
        command, cwd=REPO_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        stdout, stderr = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, _ = process.communicate()
        # the killed process may have left half a line
        return stdout[: stdout.rfind("\n") + 1], f"no outcome within {limit_s:.0f} s"
    return stdout, f"status {process.returncode} {stderr[-300:]}"


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change a file in one to four places."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        rng.choice(_MUTATIONS)(content, rng)
    return bytes(content)


def _flip(content: bytearray, rng: random.Random) -> None:
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _number(content: bytearray, rng: random.Random) -> None:
    n_bytes = rng.choice((1, 2, 4))
    at = rng.randrange(min(len(content), 400) + 1)
    value = rng.choice(_NUMBERS) % 256**n_bytes
    content[at : at + n_bytes] = value.to_bytes(n_bytes, rng.choice(("big", "little")))


def _cut(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) + 1)
    del content[at : at + rng.randint(1, 64)]


def _truncate(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content) + 1) :]


def _repeat(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) + 1)
    content[at:at] = content[at : at + rng.randint(1, 200)] * rng.choice((1, 2, 50, 2000))


def _move(content: bytearray, rng: random.Random) -> None:
    at, to = rng.randrange(len(content) + 1), rng.randrange(len(content) + 1)
    content[to:to] = content[at : at + rng.randint(1, 100)]


_MUTATIONS: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    _flip,
    _number,
    _number,
    _cut,
    _truncate,
    _repeat,
    _move,
)
