"""The app's server in a process of its own, and the resources it uses."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.processes.process_tree import members, stat_fields, status_fields
from testbed.repository import REPO_ROOT

START_S: Final = 120.0
FLUSH_ENV: Final = "TESTBED_FLUSH_S"
"""Environment variable of `testbed.servers.slow_streamlit`."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Resources of a process: ``rss_mb`` is resident memory, in units of 2**20 bytes."""

    rss_mb: float
    n_threads: int
    n_files: int
    cpu_s: float


class Server:
    """A running server. Reads its resources from /proc, on Linux only."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        """Wrap a process that listens on a port of this machine."""
        self.port, self._process = port, process
        self.url = f"http://127.0.0.1:{port}"

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def interrupt(self) -> None:
        """Ask the process to end, as Ctrl+C does."""
        self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        """Ask the process to end, as a supervisor does."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the process, as a failing machine does."""
        self._process.kill()

    def wait(self, timeout_s: float) -> int:
        """Wait for the process to end; its exit status.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        return self._process.wait(timeout_s)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def maps(self) -> str:
        """The files that are mapped into the process's memory."""
        return Path(f"/proc/{self._process.pid}/maps").read_text(encoding="utf-8")

    def open_files(self) -> list[str]:
        """Paths of the open files of the process and its children; sockets and pipes too."""
        found = []
        for pid in members(self._process.pid):
            # ended or closed meanwhile
            with suppress(OSError):
                for link in (Path("/proc") / str(pid) / "fd").iterdir():
                    with suppress(OSError):
                        found.append(str(link.readlink()))
        return found

    def usage(self) -> Usage:
        """The resources of the server's process now."""
        proc = Path("/proc") / str(self._process.pid)
        status = status_fields(self._process.pid)
        fields = stat_fields((proc / "stat").read_text())
        return Usage(
            rss_mb=int(status["VmRSS"].split()[0]) / 1024,
            n_threads=int(status["Threads"]),
            n_files=len(list((proc / "fd").iterdir())),
            cpu_s=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
        )


def free_port() -> int:
    """A port of the loopback interface that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(
    max_viewers: int | None = None,
    *,
    log: Path = Path(os.devnull),
    script: str = "server.py",
    flush_s: float | None = None,
    address: str = "127.0.0.1",
    base_path: str = "",
    **environment: str,
) -> Iterator[Server]:
    """Start the app on a free port and stop it afterwards.

    Args:
        max_viewers: most live viewers; None lets the server measure how many it can take.
        log: file for its output.
        script: what Streamlit runs.
        flush_s: seconds between two deliveries of messages to the pages, to imitate a busy machine;
            None for Streamlit's own 0.01.
        address: what it listens on; it must include 127.0.0.1.
        base_path: path at which the app is served, such as ``/mask``.
        **environment: variables in addition to this process's own.

    Raises:
        TimeoutError: it does not answer.
    """
    port = free_port()
    program = "streamlit"
    if flush_s is not None:
        program = "testbed.servers.slow_streamlit"
        environment[FLUSH_ENV] = str(flush_s)
    command = [sys.executable, "-m", program, "run", script]
    command += ["--server.port", str(port), "--server.address", address]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    if max_viewers is not None:
        environment["MASKDET_MAX_VIEWERS"] = str(max_viewers)
    if base_path:
        command += ["--server.baseUrlPath", base_path]
    with serve_command(
        command, port, folder=REPO_ROOT, log=log, base_path=base_path, **environment
    ) as server:
        yield server


@contextmanager
def serve_command(
    command: Sequence[str],
    port: int,
    *,
    folder: Path = REPO_ROOT,
    log: Path = Path(os.devnull),
    base_path: str = "",
    **environment: str,
) -> Iterator[Server]:
    """Run a command that serves the app, wait until it answers, and stop it afterwards.

    Args:
        command: program and arguments.
        port: the one it listens on, at 127.0.0.1.
        folder: its working directory.
        log: file for its output.
        base_path: path at which the app is served, such as ``/mask``.
        **environment: variables in addition to this process's own.

    Raises:
        TimeoutError: it does not answer.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(port, base_path)
        yield Server(port, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, base_path: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            url = f"http://127.0.0.1:{port}{base_path}/_stcore/health"
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"the server did not answer within {START_S:.0f} s")
