"""The processes of a Chromium that this process has started (Linux only)."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from testbed.processes.process_tree import members

_CAMERAS: Final = "video_capture.mojom.VideoCaptureService"


def browser_processes() -> list[int]:
    """Ids of the processes of the one browser that runs.

    Raises:
        ValueError: none runs, or several do.
    """
    own = set(members(os.getpid()))
    mains = [pid for pid in _processes("--user-data-dir=", "--type=") if pid in own]
    if len(mains) != 1:
        raise ValueError(f"expected one browser, found {len(mains)}")
    return members(mains[0])


def camera_processes() -> list[int]:
    """Ids of that browser's processes for cameras."""
    return sorted(set(browser_processes()) & set(_processes(_CAMERAS)))


def _processes(has: str, lacks: str = "\n") -> Iterator[int]:
    """Ids of all processes whose command line has one text and lacks another."""
    for folder in Path("/proc").glob("[0-9]*"):
        # ended meanwhile
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if has in command and lacks not in command:
                yield int(folder.name)
