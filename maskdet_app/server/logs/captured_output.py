"""Standard output and error of this process, line by line, also what native code prints there."""

import atexit
import os
import sys
import threading
from collections.abc import Callable
from typing import Final

FormatText = Callable[[str, str], str]
"""Formats a printed text (second) of a stream, "stdout" or "stderr" (first), as one line."""
Write = Callable[[str], None]
_DESCRIPTORS: Final = {"stdout": 1, "stderr": 2}
_MAX_LINE_BYTES: Final = 100_000
_FLUSH_S: Final = 1.0
_captured = threading.Event()


def capture(format_text: FormatText) -> Write | None:
    """Redirect standard output and error through a formatter to what standard error was.

    Redirected are the descriptors, so that native code is included and so are child processes.
    Printed tracebacks are formatted as one text. At exit, what was printed is written; what the
    interpreter prints after that is dropped.

    Args:
        format_text: formats what was printed.

    Returns:
        A function that writes a line to the original standard error, or None if the streams are
        redirected already.
    """
    if _captured.is_set():
        return None
    _captured.set()
    _flush_python()
    target = os.dup(2)
    locks = [threading.Lock()]
    if hasattr(os, "register_at_fork"):
        # Another thread may hold it while a process is forked.
        os.register_at_fork(after_in_child=lambda: locks.__setitem__(0, threading.Lock()))

    def write(line: str) -> None:
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with locks[0]:
            try:
                while data:
                    data = data[os.write(target, data) :]
            except OSError:
                # The collector is gone: the server goes on without a log.
                return

    readers = []
    for stream, descriptor in _DESCRIPTORS.items():
        read_end, write_end = os.pipe()
        os.dup2(write_end, descriptor)
        os.close(write_end)
        reader = threading.Thread(
            target=_read, args=(read_end, stream, format_text, write), name=stream, daemon=True
        )
        reader.start()
        readers.append(reader)
    # New objects: those for a file try to seek, and collect 8 kB before they write.
    sys.stdout, sys.stderr = (
        os.fdopen(
            descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
        )
        for descriptor in _DESCRIPTORS.values()
    )
    atexit.register(_finish, readers)
    return write


def _read(read_end: int, stream: str, format_text: FormatText, write: Write) -> None:
    def emit(text: str) -> None:
        try:
            line = format_text(stream, text)
        except Exception as error:
            # Never end here: code that prints would block for ever once the pipe is full.
            line = format_text(stream, f"{type(error).__name__} while a line was formatted")
        write(line)

    collector = TracebackCollector(emit)
    rest = b""
    while chunk := os.read(read_end, 65536):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _MAX_LINE_BYTES:
            lines, rest = [*lines, rest], b""
        for line in lines:
            collector.add(line.decode("utf-8", "replace"))
    collector.add(rest.decode("utf-8", "replace"))
    collector.flush()


def _finish(readers: list[threading.Thread]) -> None:
    _flush_python()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in _DESCRIPTORS.values():
        # Closes this process's end of the pipe: the reader comes to its end.
        os.dup2(nowhere, descriptor)
    for reader in readers:
        reader.join(_FLUSH_S)


def _flush_python() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


class TracebackCollector:
    """Passes lines on one by one, but a printed traceback as one text."""

    _MAX_LINES: Final = 500

    def __init__(self, emit: Callable[[str], None]) -> None:
        """Pass complete texts to ``emit``; empty lines are dropped."""
        self._emit = emit
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        """Add a line without its end."""
        line = line.rstrip("\r")
        if self._lines:
            self._lines.append(line)
            # The first line that is not indented names the exception.
            if (line and not line[0].isspace()) or len(self._lines) >= self._MAX_LINES:
                self.flush()
        elif line.lstrip().startswith("Traceback (most recent call last):"):
            self._lines = [line]
        elif line.strip():
            self._emit(line)

    def flush(self) -> None:
        """Pass on a traceback that is not complete."""
        if self._lines:
            self._emit("\n".join(self._lines))
            self._lines = []
