"""A camera on the loopback: `rtsp_server` in a process of its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.loopback.rtsp_secrets import RTSP_PASSWORD, RTSP_USER

SERVER = Path(__file__).with_name("rtsp_server.py")


@contextmanager
def camera(python: str, port: int, jpeg: Path) -> Iterator[None]:
    """Show a JPEG at ``rtsp://127.0.0.1:PORT/camera``.

    Args:
        python: that has the server's bindings.
        port: to listen on.
        jpeg: what to show.
    """
    process = subprocess.Popen(
        [python, str(SERVER), str(port), str(jpeg)],
        stdout=subprocess.PIPE,
        env={**os.environ, "RTSP_USER": RTSP_USER, "RTSP_PASSWORD": RTSP_PASSWORD},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.communicate()
