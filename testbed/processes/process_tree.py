"""Memory and processor time of a server and its child processes, from /proc (Linux only)."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MB: Final = 1_000_000
_PROC: Final = Path("/proc")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class TreeUsage:
    """Resources of a process and its descendants.

    Attributes:
        rss_mb: resident memory, in units of 1,000,000 bytes. Pages of files, which processes of
            one program share, count once: those of the process that maps most.
        cpu_s: processor time, with that of children that ended and were waited for.
    """

    rss_mb: float
    cpu_s: float


def usage(pid: int) -> TreeUsage:
    """The resources of a process and its descendants now."""
    own_bytes = file_bytes = ticks = 0
    for member in members(pid):
        try:
            fields = stat_fields((_PROC / str(member) / "stat").read_text())
            _, resident, shared, *_ = (_PROC / str(member) / "statm").read_text().split()
        except OSError:
            # ended meanwhile
            continue
        # utime, stime, cutime, cstime
        ticks += sum(int(field) for field in fields[11:15])
        own_bytes += (int(resident) - int(shared)) * _PAGE_BYTES
        file_bytes = max(file_bytes, int(shared) * _PAGE_BYTES)
    return TreeUsage((own_bytes + file_bytes) / _MB, ticks / os.sysconf("SC_CLK_TCK"))


def stat_fields(line: str) -> list[str]:
    """Fields of ``/proc/PID/stat`` after the name, which may hold spaces and parentheses."""
    return line.rpartition(")")[2].split()


def status_fields(pid: int) -> dict[str, str]:
    """Lines of ``/proc/PID/status`` by name; sizes are in kB, units of 1,024 bytes."""
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def status_bytes(pid: int, name: str) -> int:
    """A size in ``/proc/PID/status``, such as VmRSS, in bytes."""
    return int(status_fields(pid)[name].split()[0]) * 1024


def members(pid: int) -> list[int]:
    """The process itself and its descendants."""
    found = [pid]
    for member in found:
        for path in _PROC.glob(f"{member}/task/*/children"):
            try:
                found += [int(child) for child in path.read_text().split()]
            except OSError:
                continue
    return found
