"""Check a stranger's video in a process of its own, from memory to memory, until it is unwanted.

For servers. The process has limits on memory and processor time, runs at a lower priority than live
video, and ends with its parent. Name, options and video come and results go through pipes: nothing
is written to disk, and nothing shows in the list of processes. A video may have taken the process
over: what it sends is bounded in size, number and time, and read as JSON and bytes, never as Python
objects. On Windows it has no limits of its own, elsewhere than on Linux none on memory.
"""

import io
import json
import math
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from maskdet_core.batch.processes.limits import MAX_VIDEO_BYTES, video_cpu_s
from maskdet_core.batch.videos.job import VideoJobOptions, VideoOutcome
from maskdet_core.batch.videos.report import video_json
from maskdet_core.batch.videos.steps import limited_steps
from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import MaskDetector
from maskdet_core.errors import MaskdetError, MediaError, UnwantedError, VideoError
from maskdet_core.process_limits import (
    Loss,
    end_first_when_memory_is_short,
    limit_data,
)
from maskdet_core.reasons import Problem, Reason
from maskdet_core.video.moments import MAX_MOMENTS

MAX_SILENCE_S: Final = 120.0
"""Longest time without progress, which otherwise comes several times a second: a process that
sleeps uses no processor time, and holds the place."""
MAX_FILM_BYTES: Final = 300_000_000
"""Largest annotated video: twice what ten minutes of a busy scene give."""
POLL_S: Final = 0.1
"""Time between two questions whether the result is still wanted."""
NICE: Final = 5
"""Steps by which the process stands behind live video."""
_START: Final = """
import sys
sys.path.append(sys.argv[1])
from maskdet_core.batch.videos.process import serve
serve()
"""
_ROOT: Final = Path(__file__).resolve().parents[3]
_LENGTH: Final = struct.Struct(">Q")
_HEADER: Final = struct.Struct(">cQ")
"""Kind of a message and length of its body."""
_PROGRESS, _PICTURE, _BLURRED, _FILM = b"P", b"M", b"B", b"F"
_RESULT, _ERROR = b"R", b"E"
_MAX_BODY_BYTES: Final = {
    _PROGRESS: 1_000,
    # 160 px square
    _PICTURE: 1_000_000,
    _BLURRED: 1_000_000,
    _FILM: MAX_FILM_BYTES,
    # some 100 bytes for each interval
    _RESULT: 20_000_000,
    _ERROR: 10_000,
}
_END_S: Final = 10.0
"""Longest wait for the end of a process that was killed."""


def check_in_process(
    name: str,
    data: bytes,
    options: VideoJobOptions,
    is_wanted: Callable[[], bool],
    progress: Callable[[float, float | None], None],
) -> VideoOutcome:
    """Check a video; blocks until it is done.

    Args:
        name: of the video, for the result; untrusted.
        data: content of the file.
        options: how it is checked.
        is_wanted: called every `POLL_S`; once it is False the process is killed.
        progress: called a few times a second with the time up to which the video is checked and
            its length, None where the file does not say.

    Raises:
        UnwantedError: ``is_wanted`` was False.
        VideoError: the video is refused, takes too much processor time, or crashed the decoder.
    """
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # libraries print what they find in a file
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise VideoError("the check cannot be started: try again", Problem.INTERRUPTED) from error
    arguments = json.dumps(_to_json(name, options)).encode()
    inbox, is_over = _Inbox(), threading.Event()
    for work in (
        lambda: _send(process.stdin, (arguments, data), is_over),
        lambda: inbox.receive(process.stdout),
    ):
        threading.Thread(target=work, daemon=True).start()
    try:
        return _outcome(inbox, process, options.max_length_s, is_wanted, progress)
    finally:
        is_over.set()
        _end(process)


class _Inbox:
    """What a process has sent, within bounds. Filled by a thread of its own.

    Attributes:
        progress: the newest; None before the first.
        pictures: in order.
        blurred_pictures: in order.
        film: None before it came.
        last: kind and body of the message that ends the work; None where none came.
        is_closed: nothing more comes.
    """

    def __init__(self) -> None:
        self.progress: bytes | None = None
        self.pictures: list[bytes] = []
        self.blurred_pictures: list[bytes] = []
        self.film: bytes | None = None
        self.last: tuple[bytes, bytes] | None = None
        self.is_closed = threading.Event()

    def receive(self, source: Any) -> None:
        """Read messages until the last one, the end, or one that is out of bounds."""
        try:
            with suppress(OSError, ValueError, MemoryError), source:
                while self._receive_one(source):
                    pass
        finally:
            self.is_closed.set()

    def _receive_one(self, source: Any) -> bool:
        header = source.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return False
        kind, length = _HEADER.unpack(header)
        if length > _MAX_BODY_BYTES.get(kind, -1):
            return False
        body = source.read(length)
        if len(body) < length:
            return False
        if kind == _PROGRESS:
            self.progress = body
        elif kind == _PICTURE:
            self.pictures.append(body)
        elif kind == _BLURRED:
            self.blurred_pictures.append(body)
        elif kind == _FILM:
            self.film = body
        else:
            self.last = kind, body
        most = max(len(self.pictures), len(self.blurred_pictures))
        return self.last is None and most <= MAX_MOMENTS


def _outcome(
    inbox: _Inbox,
    process: "subprocess.Popen[bytes]",
    max_length_s: float,
    is_wanted: Callable[[], bool],
    progress: Callable[[float, float | None], None],
) -> VideoOutcome:
    began_s = moved_s = time.monotonic()
    length_s = max_length_s
    told: bytes | None = None
    while not inbox.is_closed.wait(POLL_S):
        if not is_wanted():
            raise UnwantedError
        now_s = time.monotonic()
        if (news := inbox.progress) is not None and news != told:
            told, moved_s = news, now_s
            at_s, declared_s = _progress_of(news)
            length_s = min(declared_s or max_length_s, max_length_s)
            progress(at_s, declared_s)
        if now_s - moved_s > MAX_SILENCE_S or now_s - began_s > video_cpu_s(length_s):
            raise VideoError("it takes too long for its length", Problem.TOO_COSTLY)
    if inbox.last is None:
        _end(process)
        raise _why_ended(process.returncode)
    kind, body = inbox.last
    try:
        told_last = json.loads(body)
        if kind == _ERROR:
            reason = Reason.from_json(told_last)
            raise VideoError(reason.message, reason.problem, **reason.values)
        row, notes = told_last["row"], tuple(map(Reason.from_json, told_last["notes"]))
        n_moments = len(row["moments"])
        is_whole = n_moments == len(inbox.pictures) == len(inbox.blurred_pictures)
    except (ValueError, TypeError, KeyError, RecursionError):
        is_whole = False
    if not is_whole:
        raise _why_ended(None)
    return VideoOutcome(
        row, tuple(inbox.pictures), tuple(inbox.blurred_pictures), inbox.film, notes
    )


def _progress_of(body: bytes) -> tuple[float, float | None]:
    try:
        at_s, length_s = json.loads(body)
        at_s, length_s = float(at_s), None if length_s is None else float(length_s)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _why_ended(None) from None
    if not math.isfinite(at_s) or not math.isfinite(length_s or 0.0):
        raise _why_ended(None)
    return at_s, length_s


def _end(process: "subprocess.Popen[bytes]") -> None:
    # one that has ended by itself keeps its status; one that the system cannot end is left to it
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)


def _to_json(name: str, options: VideoJobOptions) -> dict[str, Any]:
    return {"name": name, **{field: getattr(options, field) for field in options.__slots__}}


def _send(target: Any, parts: tuple[bytes, ...], is_over: threading.Event) -> None:
    # OSError: the process has ended
    with suppress(OSError, ValueError):
        for part in parts:
            target.write(_LENGTH.pack(len(part)))
            target.write(part)
        target.flush()
    # the pipe's end would tell that the parent has ended
    is_over.wait()
    # here: closing waits for as long as something holds the pipe and reads nothing
    with suppress(OSError):
        target.close()


def _why_ended(status: int | None) -> VideoError:
    match Loss.of(status):
        case Loss.CPU_TIME:
            return VideoError("it takes too much processor time for its length", Problem.TOO_COSTLY)
        case Loss.CRASH:
            return VideoError("it is damaged: the decoder cannot read it")
        case Loss.KILLED:
            return VideoError(
                "the check was stopped, perhaps for lack of memory: try again", Problem.INTERRUPTED
            )


def serve() -> None:
    """Check the video that comes by standard input. For the process itself only.

    Name and `VideoJobOptions` as JSON come before it.
    """
    # what a library prints must not get between the messages
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(NICE)
    options = json.loads(_read_part(source))
    data = _read_part(source)
    threading.Thread(target=_end_with_parent, args=(source,), daemon=True).start()
    try:
        detector = MaskDetector.load(
            preset="live",
            min_confidence=options["min_confidence"],
            two_classes=options["two_classes"],
        )
        limit_opencv_threads()
        limit_data(MAX_VIDEO_BYTES)
        end_first_when_memory_is_short()
        _check(data, detector, options, sink)
    except MediaError as error:
        _write_error(sink, error.reason)
    except MaskdetError as error:
        _write_error(sink, Reason(Problem.FAILED, str(error)))
    except MemoryError:
        _write_error(sink, Reason(Problem.NO_MEMORY, "not enough memory to check the video"))


def _check(data: bytes, detector: MaskDetector, options: dict[str, Any], sink: BinaryIO) -> None:
    # PyAV loads FFmpeg, which the parent need not
    from maskdet_core.draw.annotate import LABELS, LOOKING
    from maskdet_core.types import Verdict
    from maskdet_core.video.check import VideoOptions
    from maskdet_core.video.limits import VideoLimits

    labels = LABELS
    if options["labels"] is not None:
        labels = {Verdict(name): word for name, word in options["labels"].items()}
    chosen = VideoOptions(
        blur=options["blur"],
        labels=labels,
        looking=LOOKING if options["looking"] is None else options["looking"],
        limits=VideoLimits(options["max_bytes"], options["max_length_s"], options["max_pixels"]),
    )
    film = io.BytesIO() if options["film"] else None
    steps = limited_steps(io.BytesIO(data), detector, chosen, film)
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            result = stop.value
            break
        _write(sink, _PROGRESS, json.dumps([progress.at_s, progress.length_s]).encode())
    for moment in result.moments:
        _write(sink, _PICTURE, moment.jpeg)
        _write(sink, _BLURRED, moment.blurred_jpeg)
    if film is not None:
        if film.getbuffer().nbytes > MAX_FILM_BYTES:
            raise VideoError("its annotated video is too large", Problem.FILM_TOO_LARGE)
        _write(sink, _FILM, film.getvalue())
    row = video_json(options["name"], result, annotated=None, folder=None)
    last = {"row": row, "notes": [note.to_json() for note in result.notes]}
    _write(sink, _RESULT, json.dumps(last, allow_nan=False).encode())


def _read_part(source: BinaryIO) -> bytes:
    return source.read(*_LENGTH.unpack(source.read(_LENGTH.size)))


def _write_error(sink: BinaryIO, reason: Reason) -> None:
    _write(sink, _ERROR, json.dumps(reason.to_json()).encode())


def _write(sink: BinaryIO, kind: bytes, body: bytes) -> None:
    sink.write(_HEADER.pack(kind, len(body)))
    sink.write(body)
    sink.flush()


def _end_with_parent(source: BinaryIO) -> None:
    source.read()
    os._exit(0)
