"""Decode untrusted pictures in a process that can be killed, with limits on memory and time.

The process starts with the first picture, decodes one after another, and ends after some time
without a picture, or with its parent. Files come and pixels go through pipes: nothing is written to
disk. On Windows the process has no limit on memory or processor time, elsewhere than on Linux none
on memory.
"""

import importlib
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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.pictures.decode import DecodedPhoto, decode_photo
from maskdet_core.process_limits import (
    Loss,
    end_first_when_memory_is_short,
    limit_cpu,
    limit_data,
)
from maskdet_core.reasons import Problem, Reason

MAX_CPU_S: Final = 3.0
"""Most processor time for one picture. The slowest of all accepted files takes 1.1 s."""
MAX_DATA_BYTES: Final = 1_000_000_000
"""Most memory beside what the process holds once set up. An accepted picture takes up to 300 MB;
libraries reserve more than they use, a stack for each thread above all, and `decode` looks for
400 MB to tell damage from a lack of memory."""
MAX_WAIT_S: Final = 60.0
"""Most time for one picture: a process that hangs without using its processor would block all."""
IDLE_S: Final = 30.0
"""After this time without a picture the process ends, and its memory is free."""
POLL_S: Final = 0.1
"""Time between two calls of ``while_waiting``."""
_DECODE: Final = f"{decode_photo.__module__}:{decode_photo.__name__}"
_START: Final = """
import sys
sys.path.append(sys.argv[1])
from maskdet_core.pictures.decoder_process import serve
serve(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
"""
_ROOT: Final = Path(__file__).resolve().parents[2]
_LOG: Final = logging.getLogger(__name__)
_PIPE_BYTES: Final = 2**20
"""As much as Linux allows any user by default: pixels pass in few parts, each of which wakes a
process."""
_LENGTH: Final = struct.Struct(">Q")
_HEADER: Final = struct.Struct(">cQQQQ")
"""Kind of a reply; then height and width of the image, width and height of the photo, or the length
of a reason as JSON and zeros."""
_DECODED: Final = b"D"
_REFUSED: Final = b"R"
_TRANSIENT: Final = b"T"


class DecoderProcess:
    """A decoder in a process of its own. Usable from several threads, one picture at a time."""

    def __init__(
        self,
        *,
        max_cpu_s: float = MAX_CPU_S,
        max_data_bytes: int = MAX_DATA_BYTES,
        max_wait_s: float = MAX_WAIT_S,
        idle_s: float = IDLE_S,
        decode: str = _DECODE,
    ) -> None:
        """Start nothing yet.

        Args:
            max_cpu_s: most processor time for one picture.
            max_data_bytes: most memory beside what the process holds once set up.
            max_wait_s: most time for one picture.
            idle_s: time without a picture after which the process ends.
            decode: the function, as ``module:name``; takes bytes and returns a `DecodedPhoto`.
        """
        self._arguments = (decode, str(max_cpu_s), str(max_data_bytes))
        self._max_cpu_s, self._max_wait_s, self._idle_s = max_cpu_s, max_wait_s, idle_s
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle_timer: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs, None if there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def decode_photo(self, data: bytes, while_waiting: Callable[[], None]) -> DecodedPhoto:
        """As `maskdet_core.pictures.decode.decode_photo`.

        Args:
            data: content of the file.
            while_waiting: called at the start and every `POLL_S`. An exception that it raises ends
                the decoding at once, process included, and is passed on.

        Raises:
            ImageError: the picture is refused, takes too much processor time, or crashed the
                decoder.
            TransientImageError: memory is short, or the decoder was killed or cannot be started.
        """
        while not self._one_at_a_time.acquire(timeout=POLL_S):
            while_waiting()
        try:
            return self._decode(data, while_waiting)
        finally:
            self._end_when_idle()
            self._one_at_a_time.release()

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

    def _decode(self, data: bytes, while_waiting: Callable[[], None]) -> DecodedPhoto:
        while_waiting()
        exchange = _Exchange(self._running(), data)
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
        match exchange.reply:
            case None:
                raise self._why_ended(self.close())
            case ImageError() as error:
                raise error
            case photo:
                return photo

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, str(_ROOT), *self._arguments],
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
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._idle_timer = threading.Timer(self._idle_s, self._end_if_idle)
        self._idle_timer.daemon = True
        self._idle_timer.start()

    def _end_if_idle(self) -> None:
        if self._one_at_a_time.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._one_at_a_time.release()

    def _why_ended(self, status: int) -> ImageError:
        match Loss.of(status):
            case Loss.CPU_TIME:
                return ImageError(
                    f"expected at most {self._max_cpu_s:g} s of processor time to decode the "
                    "picture, it takes more",
                    Problem.TOO_COSTLY,
                )
            case Loss.CRASH:
                return ImageError("the picture is damaged: the decoder cannot read it")
            case Loss.KILLED:
                # the system kills a process when memory is short, and C++ aborts where it gets none
                _LOG.warning("the decoder ended with status %d", status)
                return TransientImageError(
                    "the decoder was stopped, perhaps for lack of memory: try again",
                    Problem.INTERRUPTED,
                )


class _Exchange(threading.Thread):
    """Sends a file and receives the reply, which stays None if the process ends before."""

    def __init__(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        super().__init__(name="decoder-exchange", daemon=True)
        self._pipes, self._data = _pipes(process), data
        self.reply: DecodedPhoto | ImageError | None = None

    def run(self) -> None:
        to_process, from_process = self._pipes
        # ValueError: the pipe was closed meanwhile
        with suppress(OSError, ValueError, MemoryError, RecursionError):
            to_process.write(_LENGTH.pack(len(self._data)))
            to_process.write(self._data)
            to_process.flush()
            self.reply = _receive(from_process)


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


def _receive(source: io.BufferedReader) -> DecodedPhoto | ImageError | None:
    header = source.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    kind, *numbers = _HEADER.unpack(header)
    if kind != _DECODED:
        body = source.read(numbers[0])
        if len(body) < numbers[0]:
            return None
        reason = Reason.from_json(json.loads(body))
        error = TransientImageError if kind == _TRANSIENT else ImageError
        return error(reason.message, reason.problem, **reason.values)
    height, width, *size = numbers
    image = np.empty((height, width, 3), np.uint8)
    is_whole = source.readinto(image.data.cast("B")) == image.nbytes
    return DecodedPhoto(image, *size) if is_whole else None


def serve(decode: str, max_cpu_s: float, max_data_bytes: int) -> None:
    """Decode what comes by standard input until it ends. For the process itself only."""
    # what a library prints must not get between the pixels
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    module, name = decode.split(":")
    function: Callable[[bytes], DecodedPhoto] = getattr(importlib.import_module(module), name)
    limit_opencv_threads(1)
    limit_data(max_data_bytes)
    end_first_when_memory_is_short()
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take_files, args=(source, waiting), daemon=True).start()
    while True:
        _reply(sink, waiting.get(), function, max_cpu_s)


def _take_files(source: BinaryIO, waiting: "queue.SimpleQueue[bytes]") -> None:
    """Queue files; end the process with its parent, even while a picture is decoded."""
    while len(length := source.read(_LENGTH.size)) == _LENGTH.size:
        waiting.put(source.read(*_LENGTH.unpack(length)))
    os._exit(0)


def _reply(
    sink: BinaryIO, data: bytes, decode: Callable[[bytes], DecodedPhoto], max_cpu_s: float
) -> None:
    body: bytes | memoryview
    limit_cpu(max_cpu_s)
    try:
        photo = decode(data)
        kind, body = _DECODED, np.ascontiguousarray(photo.image_rgb).data.cast("B")
        numbers = (*photo.image_rgb.shape[:2], photo.width_px, photo.height_px)
    except (ImageError, MemoryError) as error:
        if isinstance(error, MemoryError):
            error = TransientImageError(
                "not enough memory to decode the picture", Problem.NO_MEMORY
            )
        kind = _TRANSIENT if isinstance(error, TransientImageError) else _REFUSED
        body = json.dumps(error.reason.to_json()).encode()
        numbers = (len(body), 0, 0, 0)
    limit_cpu(0)
    sink.write(_HEADER.pack(kind, *numbers))
    sink.write(body)
    sink.flush()
