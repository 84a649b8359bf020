"""Number of cores and threads of this process, and the priority of its threads."""

import logging
import os
import threading
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
