"""Untrusted pictures in a process that can be killed, with limits on memory and time.

The process starts with the first picture, takes one after another, and ends after some time without
a picture, or with its parent. Files go and answers come through pipes: nothing is written to disk.
On Windows the process has no limit on memory or processor time, elsewhere than on Linux none on
memory.
"""

import io
import json
import logging
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Generic, TypeVar

from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.process_limits import Loss, end_first_when_memory_is_short
from maskdet_core.reasons import Problem, Reason

MAX_WAIT_S: Final = 60.0
"""Most time for one picture: a process that hangs without using its processor would block all."""
IDLE_S: Final = 30.0
"""After this time without a picture the process ends, and its memory is free."""
POLL_S: Final = 0.1
"""Time between two calls of ``while_waiting``."""
_START: Final = """
import sys
sys.path.append(sys.argv[1])
from {module} import serve
serve(*sys.argv[2:])
"""
_ROOT: Final = Path(__file__).resolve().parents[2]
_LOG: Final = logging.getLogger(__name__)
_PIPE_BYTES: Final = 2**20
"""As much as Linux allows any user by default: pixels pass in few parts, each of which wakes a
process."""
_LENGTH: Final = struct.Struct(">Q")

T = TypeVar("T")


class PictureProcess(ABC, Generic[T]):
    """A process that gives an answer for each picture. Usable from several threads, in turn."""

    def __init__(
        self, module: str, arguments: Sequence[str], *, max_wait_s: float, idle_s: float
    ) -> None:
        """Start nothing yet.

        Args:
            module: its function ``serve`` runs in the process; see `serve_pictures`.
            arguments: of that function.
            max_wait_s: most time for one picture.
            idle_s: time without a picture after which the process ends.
        """
        self._command = ("-P", "-c", _START.format(module=module), str(_ROOT), *arguments)
        self._max_wait_s, self._idle_s = max_wait_s, idle_s
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._used_s = 0.0
        self._watch: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs, None if there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def close(self) -> int:
        """Kill the process if there is one; the next picture starts another.

        Returns:
            The exit status, negative for a signal; 0 if there was no process.
        """
        process, self._process = self._process, None
        if process is None:
            return 0
        # one that has ended keeps its status
        process.kill()
        process.wait()
        for pipe in _pipes(process):
            # what was not sent cannot be sent any more
            with suppress(OSError):
                pipe.close()
        return process.returncode

    @abstractmethod
    def _receive(self, source: io.BufferedReader) -> T | ImageError | None:
        """Read an answer; None where it ends early."""

    @abstractmethod
    def _lost(self, loss: Loss) -> ImageError:
        """What is said of a picture in which the process ended."""

    def _ask(self, parts: Sequence[bytes], while_waiting: Callable[[], None]) -> T:
        """Send a picture and receive the answer.

        Args:
            parts: of what ``answer`` of `serve_pictures` gets, joined.
            while_waiting: called at the start and every `POLL_S`. An exception that it raises ends
                the work at once, process included, and is passed on.

        Raises:
            ImageError: as the process answers, or `_lost`.
            TransientImageError: it takes too long or cannot be started.
        """
        while not self._one_at_a_time.acquire(timeout=POLL_S):
            while_waiting()
        try:
            return self._exchange(parts, while_waiting)
        finally:
            self._end_when_idle()
            self._one_at_a_time.release()

    def _exchange(self, parts: Sequence[bytes], while_waiting: Callable[[], None]) -> T:
        while_waiting()
        exchange = _Exchange(self._running(), parts, self._receive)
        exchange.start()
        deadline_s = time.monotonic() + self._max_wait_s
        try:
            while exchange.is_alive():
                while_waiting()
                if time.monotonic() >= deadline_s:
                    raise TransientImageError(
                        "the decoder takes too long: try again", Problem.INTERRUPTED
                    )
                exchange.join(POLL_S)
        except BaseException:
            self.close()
            raise
        match exchange.answer:
            case None:
                status = self.close()
                loss = Loss.of(status)
                if loss is Loss.KILLED:
                    # the system kills when memory is short, and C++ aborts where it gets none
                    _LOG.warning("the decoder ended with status %d", status)
                raise self._lost(loss)
            case ImageError() as error:
                raise error
            case answer:
                return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        try:
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # libraries print what they find in a file
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            _LOG.warning("the decoder cannot be started: %s", error.strerror)
            raise TransientImageError(
                "the decoder cannot be started: try again", Problem.INTERRUPTED
            ) from error
        _widen_pipes(self._process)
        return self._process

    def _end_when_idle(self) -> None:
        self._used_s = time.monotonic()
        # one timer for many pictures: starting a thread for each costs as much as a small answer
        if self._watch is None and self._process is not None:
            self._watch_after(self._idle_s)

    def _watch_after(self, seconds: float) -> None:
        self._watch = threading.Timer(seconds, self._end_if_idle)
        self._watch.daemon = True
        self._watch.start()

    def _end_if_idle(self) -> None:
        if not self._one_at_a_time.acquire(blocking=False):
            self._watch_after(self._idle_s)
            return
        try:
            left_s = self._used_s + self._idle_s - time.monotonic()
            if left_s > 0:
                self._watch_after(left_s)
                return
            self._watch = None
            self.close()
        finally:
            self._one_at_a_time.release()


class _Exchange(threading.Thread, Generic[T]):
    """Sends a file and receives the answer, which stays None if the process ends before."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        parts: Sequence[bytes],
        receive: Callable[[io.BufferedReader], T | ImageError | None],
    ) -> None:
        super().__init__(name="decoder-exchange", daemon=True)
        self._pipes, self._parts, self._receive = _pipes(process), parts, receive
        self.answer: T | ImageError | None = None

    def run(self) -> None:
        to_process, from_process = self._pipes
        # ValueError: the pipe was closed meanwhile
        with suppress(OSError, ValueError, MemoryError, RecursionError):
            to_process.write(_LENGTH.pack(sum(map(len, self._parts))))
            for part in self._parts:
                to_process.write(part)
            to_process.flush()
            self.answer = self._receive(from_process)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[io.BufferedWriter, io.BufferedReader]:
    to_process, from_process = process.stdin, process.stdout
    if not isinstance(to_process, io.BufferedWriter) or not isinstance(
        from_process, io.BufferedReader
    ):
        raise RuntimeError("expected a process with pipes, got none")
    return to_process, from_process


def _widen_pipes(process: subprocess.Popen[bytes]) -> None:
    """Let more pass at once, on Linux; where the user's pipes hold too much already, as before."""
    if sys.platform == "linux":
        import fcntl

        for pipe in _pipes(process):
            with suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def reason_json(error: ImageError) -> bytes:
    """Why a picture is refused, as a process sends it; `error_of` makes an error of it again."""
    return json.dumps(error.reason.to_json()).encode()


def error_of(body: bytes, kind: type[ImageError]) -> ImageError:
    """The error of a reason that a process sent.

    Raises:
        ValueError: it is none; a process that was taken over may send anything.
    """
    reason = Reason.from_json(json.loads(body))
    return kind(reason.message, reason.problem, **reason.values)


def serve_pictures(answer: Callable[[bytes], Sequence[bytes | memoryview]]) -> None:
    """Answer what comes by standard input until it ends. For the process itself only.

    Args:
        answer: gets what was sent, and returns what is sent back, in parts; must not raise.
    """
    # what a library prints must not get between the answers
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_opencv_threads(1)
    end_first_when_memory_is_short()
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take_files, args=(source, waiting), daemon=True).start()
    while True:
        for part in answer(waiting.get()):
            sink.write(part)
        sink.flush()


def _take_files(source: BinaryIO, waiting: "queue.SimpleQueue[bytes]") -> None:
    """Queue files; end the process with its parent, even while it works on a picture."""
    while len(length := source.read(_LENGTH.size)) == _LENGTH.size:
        waiting.put(source.read(*_LENGTH.unpack(length)))
    os._exit(0)
