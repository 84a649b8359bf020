"""Decode untrusted pictures in a process that can be killed, with limits on memory and time.

The process starts with the first picture, decodes one after another, and ends when it has had
nothing to do for a while or when its parent ends. Files come and pixels go through pipes: nothing
is written to disk. Where the system has no such limits (Windows), the process works without them.
"""

import atexit
import importlib
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.pictures.decode import DecodedPhoto, decode_photo
from maskdet_core.process_limits import limit_cpu, limit_data

MAX_CPU_S: Final = 3.0
"""Most processor time for one picture. The slowest of all accepted files takes 1.1 s."""
MAX_DATA_BYTES: Final = 500_000_000
"""Most memory beside what the process holds once set up: an accepted picture takes up to 300 MB,
and libraries reserve more than they use."""
MAX_WAIT_S: Final = 60.0
"""Most time for one picture, processor time or not: a process that hangs would block all others."""
IDLE_S: Final = 30.0
"""After this time without a picture the process ends, and its memory is free."""
_POLL_S: Final = 0.1
_ROOT: Final = Path(__file__).resolve().parents[2]
_DECODE: Final = f"{decode_photo.__module__}:{decode_photo.__name__}"
# the package's own __init__ would load the detector as well
_START: Final = """
import sys, types
package = types.ModuleType("maskdet_core")
package.__path__ = [sys.argv[1] + "/maskdet_core"]
sys.modules["maskdet_core"] = package
sys.path.insert(0, sys.argv[1])
from maskdet_core.pictures import decoder_process
decoder_process.serve(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
"""
_DECODED: Final = b"D"
_REFUSED: Final = b"R"
_TRANSIENT: Final = b"T"


class DecoderProcess:
    """A decoder in a process of its own. Usable from several threads, one picture at a time."""

    def __init__(
        self, *, max_cpu_s: float = MAX_CPU_S, idle_s: float = IDLE_S, decode: str = _DECODE
    ) -> None:
        """Start nothing yet.

        Args:
            max_cpu_s: most processor time for one picture.
            idle_s: time after which an idle process ends.
            decode: the function, as ``module:name``; takes bytes and returns a `DecodedPhoto`.
        """
        self._arguments = (decode, str(max_cpu_s), str(idle_s))
        self._max_cpu_s = max_cpu_s
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs, None if there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def decode_photo(self, data: bytes, while_waiting: Callable[[], None]) -> DecodedPhoto:
        """As `maskdet_core.pictures.decode.decode_photo`.

        Args:
            data: content of the file.
            while_waiting: called several times a second. An exception that it raises ends the
                decoding at once, process included, and is passed on.

        Raises:
            ImageError: the picture is refused, takes too much processor time, or crashed the
                decoder.
            TransientImageError: memory is short, or the decoder was killed.
        """
        while not self._one_at_a_time.acquire(timeout=_POLL_S):
            while_waiting()
        try:
            try:
                return self._decode(data, while_waiting)
            except _EndedIdleError:
                # it ended just as the picture came
                return self._decode(data, while_waiting)
        finally:
            self._one_at_a_time.release()

    def close(self) -> None:
        """Kill the process if there is one; the next picture starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # what was not sent yet cannot be sent any more
                with suppress(OSError):
                    pipe.close()

    def _decode(self, data: bytes, while_waiting: Callable[[], None]) -> DecodedPhoto:
        while_waiting()
        if self.pid is None:
            self.close()
            try:
                self._process = self._start()
            except OSError:
                # no process can be had, or none at the moment: the file's structure is bounded
                return decode_photo(data)
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("expected a process with pipes, got none")
        is_whole = False
        try:
            _Sender(process.stdin, data).start()
            reply = _Reader(process, while_waiting)
            decoded = _receive(reply)
            is_whole = True
            return decoded
        except _ReplyEndedError:
            process.wait()
            raise self._why_ended(process.returncode) from None
        except ImageError:
            # a refusal is a whole reply, too much time is not
            is_whole = reply.is_whole
            raise
        finally:
            if not is_whole:
                self.close()

    def _start(self) -> subprocess.Popen[bytes]:
        atexit.unregister(self.close)
        atexit.register(self.close)
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(_ROOT), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # libraries print what they find in a file
            stderr=subprocess.DEVNULL,
            # each thread of a library that is not needed here reserves memory
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def _why_ended(self, exit_code: int) -> Exception:
        if exit_code == 0:
            return _EndedIdleError()
        if sys.platform != "win32":
            if exit_code == -signal.SIGPROF:
                return ImageError(
                    f"expected at most {self._max_cpu_s:g} s of processor time to decode the "
                    "picture, it takes more"
                )
            if exit_code in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL):
                return ImageError("the picture is damaged: the decoder cannot read it")
            if exit_code == -signal.SIGABRT:
                # C++ aborts if it cannot allocate
                return TransientImageError("not enough memory to decode the picture")
            if exit_code == -signal.SIGKILL:
                return TransientImageError("not enough memory to decode the picture")
        return TransientImageError("the decoder stopped, try again")


class _EndedIdleError(Exception):
    pass


class _ReplyEndedError(Exception):
    pass


class _Sender(threading.Thread):
    """Sends a file; a thread of its own, since the process may stop reading."""

    def __init__(self, pipe: BinaryIO | Any, data: bytes) -> None:
        super().__init__(daemon=True)
        self._pipe, self._data = pipe, data

    def run(self) -> None:
        # ValueError: closed meanwhile. The missing reply tells the reader.
        with suppress(OSError, ValueError):
            self._pipe.write(len(self._data).to_bytes(8, "big"))
            self._pipe.write(self._data)
            self._pipe.flush()


class _Reader:
    """Reads a reply, and calls a function while there is nothing to read."""

    def __init__(self, process: subprocess.Popen[bytes], while_waiting: Callable[[], None]) -> None:
        if process.stdout is None:
            raise RuntimeError("expected a pipe, got none")
        self._fd = process.stdout.fileno()
        self._while_waiting = while_waiting
        self._deadline_s = time.monotonic() + MAX_WAIT_S
        self._next_call_s = 0.0
        self.is_whole = False

    def fill(self, target: memoryview) -> None:
        n_read = 0
        while n_read < len(target):
            self._wait()
            part = os.read(self._fd, min(len(target) - n_read, 1 << 20))
            if not part:
                raise _ReplyEndedError
            target[n_read : n_read + len(part)] = part
            n_read += len(part)

    def take(self, n_bytes: int) -> bytes:
        taken = bytearray(n_bytes)
        self.fill(memoryview(taken))
        return bytes(taken)

    def _wait(self) -> None:
        while True:
            now_s = time.monotonic()
            if now_s >= self._next_call_s:
                self._while_waiting()
                self._next_call_s = now_s + _POLL_S
            if now_s >= self._deadline_s:
                raise TransientImageError("the picture takes too long to decode at the moment")
            # Windows cannot wait for a pipe: there a picture ends before it can be cancelled
            if sys.platform == "win32" or select.select([self._fd], [], [], _POLL_S)[0]:
                return


def _receive(reply: _Reader) -> DecodedPhoto:
    kind = reply.take(1)
    numbers = [int.from_bytes(reply.take(8), "big") for _ in range(4)]
    if kind == _DECODED:
        height, width, photo_width, photo_height = numbers
        image = np.empty((height, width, 3), np.uint8)
        reply.fill(image.data.cast("B"))
        reply.is_whole = True
        return DecodedPhoto(image, photo_width, photo_height)
    message = reply.take(numbers[0]).decode()
    reply.is_whole = True
    raise TransientImageError(message) if kind == _TRANSIENT else ImageError(message)


def serve(decode: str, max_cpu_s: float, idle_s: float) -> None:
    """Decode what comes by standard input until it ends. For the process itself only."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # what a library prints must not get between the pixels
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    module, name = decode.split(":")
    function: Callable[[bytes], DecodedPhoto] = getattr(importlib.import_module(module), name)
    _use_one_thread()
    limit_data(MAX_DATA_BYTES)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take_files, args=(source, waiting), daemon=True).start()
    while True:
        try:
            data = waiting.get(timeout=idle_s)
        except queue.Empty:
            os._exit(0)
        with suppress(BrokenPipeError):
            _reply(sink, data, function, max_cpu_s)
        del data


def _take_files(source: BinaryIO, waiting: "queue.SimpleQueue[bytes]") -> None:
    while True:
        length = source.read(8)
        data = source.read(int.from_bytes(length, "big")) if len(length) == 8 else b""
        if len(length) < 8:
            # the parent has ended or gives up, even while a picture is decoded
            os._exit(0)
        waiting.put(data)


def _reply(
    sink: BinaryIO, data: bytes, decode: Callable[[bytes], DecodedPhoto], max_cpu_s: float
) -> None:
    numbers: tuple[int, ...]
    body: Any
    limit_cpu(max_cpu_s)
    try:
        photo = decode(data)
        kind, body = _DECODED, np.ascontiguousarray(photo.image_rgb).data.cast("B")
        numbers = (*photo.image_rgb.shape[:2], photo.width_px, photo.height_px)
    except (TransientImageError, MemoryError) as error:
        kind, body = _TRANSIENT, (str(error) or "not enough memory").encode()
        numbers = (len(body), 0, 0, 0)
    except ImageError as error:
        kind, body = _REFUSED, str(error).encode()
        numbers = (len(body), 0, 0, 0)
    limit_cpu(0)
    sink.write(kind + b"".join(number.to_bytes(8, "big") for number in numbers))
    sink.write(body)
    sink.flush()


def _use_one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)
