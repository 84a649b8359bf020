"""Limits on memory and processor time that a process sets itself, and why such a process ended."""

import signal
import sys
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Final

_WINDOWS_CRASHES: Final = frozenset(
    # access violation, illegal instruction, division by zero, stack overflow, damaged heap
    {0xC0000005, 0xC000001D, 0xC0000094, 0xC00000FD, 0xC0000374}
)


class Loss(Enum):
    """Why a process ended in the middle of its work."""

    CPU_TIME = "processor time"
    CRASH = "crash"
    KILLED = "killed"
    """By another process or the system, by an abort for lack of memory, or by an exit."""

    @classmethod
    def of(cls, exit_code: int | None) -> "Loss":
        """The loss that an exit code of a process stands for, negative for a signal."""
        if sys.platform == "win32":
            return cls.CRASH if exit_code in _WINDOWS_CRASHES else cls.KILLED
        if exit_code == -signal.SIGPROF:
            return cls.CPU_TIME
        if exit_code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL):
            return cls.CRASH
        return cls.KILLED


def limit_cpu(seconds: float) -> None:
    """End this process once it has used this much more processor time; 0 takes the limit away.

    The timer's signal ends the process in native code as well; unlike RLIMIT_CPU it can be set
    for each picture, and writes no core file. Nothing happens on Windows.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_data(n_bytes: int) -> None:
    """Limit this process to so much more memory than it holds now. Linux only."""
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text(encoding="ascii")
    held = int(status.split("VmData:")[1].split()[0]) * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = held + n_bytes
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    # a crash writes no memory of a picture to disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_first_when_memory_is_short() -> None:
    """Let the system end this process before others when it has no memory left. Linux only."""
    if sys.platform == "linux":
        # where /proc may not be written, the system decides by size
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
