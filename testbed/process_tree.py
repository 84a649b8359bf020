"""Memory and processor time of a server and its child processes, from /proc (Linux only)."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SAMPLE_S: Final = 0.05
_MB: Final = 1_000_000
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class TreeUsage:
    """Resources of a process and its descendants.

    Attributes:
        rss_mb: sum of resident memory, in units of 1,000,000 bytes; pages that processes share
            count once for each.
        cpu_s: processor time, with that of children that ended and were waited for.
    """

    rss_mb: float
    cpu_s: float


def usage(pid: int) -> TreeUsage:
    """The resources of a process and its descendants now."""
    rss_bytes = ticks = 0
    for member in _members(pid):
        try:
            fields = stat_fields((_PROC / str(member) / "stat").read_text())
        except OSError:
            # ended meanwhile
            continue
        # utime, stime, cutime, cstime; resident pages
        ticks += sum(int(field) for field in fields[11:15])
        rss_bytes += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return TreeUsage(rss_bytes / _MB, ticks / os.sysconf("SC_CLK_TCK"))


def stat_fields(line: str) -> list[str]:
    """Fields of ``/proc/PID/stat`` after the name, which may hold spaces and parentheses."""
    return line.rpartition(")")[2].split()


def _members(pid: int) -> Sequence[int]:
    members = [pid]
    for member in members:
        for path in _PROC.glob(f"{member}/task/*/children"):
            try:
                members += [int(child) for child in path.read_text().split()]
            except OSError:
                continue
    return members


class Peak:
    """Peak resident memory of a process tree inside a `with` block, sampled."""

    def __init__(self, pid: int) -> None:
        """Start with the current value."""
        self._pid, self._stop = pid, threading.Event()
        self.rest_mb = self.rss_mb = usage(pid).rss_mb
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Peak":
        """Start sampling."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.rss_mb = max(self.rss_mb, usage(self._pid).rss_mb)
