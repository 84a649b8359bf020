"""Processes as on a slower processor: stopped and continued many times a second.

All threads of a process stand still together, however many there are, and so do its children. Work
takes as many times as long, and a packet or a timer is noticed up to `PERIOD_S` later. Signals
reach all processes of the same user, so no rights are needed.

`slowed` runs this module as a process of its own, which wakes in time whatever the caller does.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from testbed.processes.process_tree import members

PERIOD_S: Final = 0.02
"""Of stopping and continuing: less than a frame at 30 a second."""
_LOOK_S: Final = 0.5
"""Between two looks for new children."""


@contextmanager
def slowed(share: float, pids: Sequence[int]) -> Iterator[None]:
    """Let processes and their descendants run for a share of the time, inside the block.

    Args:
        share: above 0 and below 1.
        pids: of processes that run until the end of the block.

    Raises:
        RuntimeError: one of them ended.
    """
    command = [
        sys.executable,
        "-m",
        "testbed.processes.slow_processor",
        str(share),
        *map(str, pids),
    ]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            has_ended = process.poll() is not None
            process.terminate()
            process.wait()
            _send(signal.SIGCONT, _all_members(pids))
    if has_ended:
        raise RuntimeError(f"expected the processes {pids} to run until the end")


def _alternate(share: float, pids: Sequence[int]) -> None:
    looked_s, reached = 0.0, list(pids)
    while all(Path(f"/proc/{pid}").exists() for pid in pids):
        began_s = time.monotonic()
        _send(signal.SIGCONT, reached)
        if began_s - looked_s > _LOOK_S:
            looked_s, reached = began_s, _all_members(pids)
        time.sleep(max(0.0, began_s + share * PERIOD_S - time.monotonic()))
        # a busy machine wakes this process late: then they have run for longer, and stop for longer
        ran_s = time.monotonic() - began_s
        _send(signal.SIGSTOP, reached)
        time.sleep(ran_s * (1.0 - share) / share)


def _all_members(pids: Iterable[int]) -> list[int]:
    return [member for pid in pids for member in members(pid)]


def _send(number: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


if __name__ == "__main__":
    _alternate(float(sys.argv[1]), [int(pid) for pid in sys.argv[2:]])
