"""Number of cores and threads of this process, and what its threads may take and have taken."""

import logging
import os
import threading
import time
from typing import Final

import cv2

_LOG = logging.getLogger(__name__)


def n_cores() -> int:
    """Cores that this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


N_THREADS: Final = min(2, n_cores())
"""Threads of LiteRT and of OpenCV, which do not run at the same time. More make one image little
faster and take cores from other viewers."""


def limit_opencv_threads(n_threads: int = N_THREADS) -> None:
    """Set how many threads OpenCV uses in this whole process.

    For programs only: the library never calls it on import or in a constructor.

    Args:
        n_threads: 1 or more.
    """
    cv2.setNumThreads(n_threads)


def lower_thread_priority(niceness: int) -> None:
    """Lower the calling thread's priority, where threads have one of their own (Linux).

    Threads and processes that it starts afterwards inherit it. It cannot be raised again.

    Args:
        niceness: 1, a little, to 19, the most.
    """
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        except OSError as error:
            _LOG.info("a thread keeps its priority: %s", error.strerror)


_BACKGROUND_NICENESS: Final = 5
"""As much as the thread that looks at cameras: with 10, a busy server never gets there."""
_background_cpu_s: Final[dict[int, float]] = {}
"""Processor seconds of each thread in the background when they were last read, by its clock."""


def work_in_background() -> None:
    """Let the calling thread give way to all others, and leave it out of `foreground_cpu_s`.

    For work that can wait and comes to an end, so that it never looks like the load of a server.
    Threads and processes that it starts afterwards inherit its priority alone.
    """
    lower_thread_priority(_BACKGROUND_NICENESS)
    if hasattr(time, "pthread_getcpuclockid"):
        _background_cpu_s[time.pthread_getcpuclockid(threading.get_ident())] = 0.0


def foreground_cpu_s() -> float:
    """Processor seconds of this process without its background threads.

    Where threads have no clock of their own (macOS, Windows), those are included.
    """
    process_s = time.process_time()
    for clock in list(_background_cpu_s):
        try:
            _background_cpu_s[clock] = time.clock_gettime(clock)
        except OSError:
            # the thread has ended: what it took stays part of the process's time
            continue
    return process_s - sum(_background_cpu_s.values())
