"""Other programs that tests run beside the app."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from testbed.processes.process_tree import members

START_S = 20.0
EXIT_S = 20.0


def processes(has: str, lacks: str = "\n") -> Iterator[int]:
    """Ids of all processes whose command line has one text and lacks another."""
    for folder in Path("/proc").glob("[0-9]*"):
        # ended meanwhile
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if has in command and lacks not in command:
                yield int(folder.name)


def browser_processes() -> list[int]:
    """Ids of the processes of the one browser that this test runs."""
    (main,) = set(members(os.getpid())) & set(processes("--user-data-dir=", "--type="))
    return members(main)


@contextmanager
def listening(
    command: Sequence[str], port: int, *, log: Path, **environment: str
) -> Iterator[None]:
    """Run a program, wait until it listens on a port of the loopback, and stop it afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_S
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            text = log.read_text()
            assert process.poll() is None and time.monotonic() < deadline, text
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=EXIT_S)
