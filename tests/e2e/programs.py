"""Other programs that tests run beside the app."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S = 20.0
EXIT_S = 20.0


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
