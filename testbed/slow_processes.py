"""Processes on a slower processor: they are stopped for most of each tenth of a second."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

_PERIOD_S: Final = 0.1
"""That of a container with a limited processor (``cpu.max`` of Linux)."""


@contextmanager
def slowed(processes: Sequence[int], share: float) -> Iterator[None]:
    """Let processes run for a share of the time, all at the same moments.

    Args:
        processes: their ids.
        share: above 0; 1 leaves the processes alone.

    Raises:
        ValueError: share out of range.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"expected a share above 0 and up to 1, got {share}")
    if share == 1.0:
        yield
        return
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            _send(processes, signal.SIGSTOP)
            is_over.wait((1.0 - share) * _PERIOD_S)
            _send(processes, signal.SIGCONT)
            is_over.wait(share * _PERIOD_S)

    thread = threading.Thread(target=work, name="slowed")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _send(processes: Sequence[int], kind: signal.Signals) -> None:
    for process in processes:
        # ended meanwhile
        with suppress(ProcessLookupError):
            os.kill(process, kind)
