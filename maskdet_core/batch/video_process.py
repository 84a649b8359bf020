"""Check a stranger's video in a process of its own, from memory to memory, until it is unwanted.

For servers. The process has limits on memory and processor time, runs at a lower priority than live
video, and ends with its parent. The video comes and results go through pipes: nothing is written to
disk. What it sends is read as JSON and bytes, never as Python objects: a video may have taken the
process over. On Windows it has no limits, elsewhere than on Linux none on memory.
"""

import io
import json
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from maskdet_core.batch.video_report import video_json
from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import MaskDetector
from maskdet_core.errors import MaskdetError, VideoError
from maskdet_core.process_limits import (
    Loss,
    end_first_when_memory_is_short,
    limit_cpu,
    limit_data,
)

MAX_DATA_BYTES: Final = 1_500_000_000
"""Most memory beside what the process holds once set up: the video, the film made of it, and the
frames of a decoder; libraries reserve more than they use."""
BASE_CPU_S: Final = 60.0
CPU_S_PER_SECOND: Final = 10.0
"""Most processor time for each second of the video, beside `BASE_CPU_S`."""
POLL_S: Final = 0.1
"""Time between two questions whether the result is still wanted."""
NICE: Final = 5
"""Steps by which the process stands behind live video."""
PROGRESS_EVERY_S: Final = 0.25
_START: Final = """
import sys
sys.path.append(sys.argv[1])
from maskdet_core.batch.video_process import serve
serve(sys.argv[2])
"""
_ROOT: Final = Path(__file__).resolve().parents[2]
_LENGTH: Final = struct.Struct(">Q")
_HEADER: Final = struct.Struct(">cQ")
"""Kind of a message and length of its body."""
_PROGRESS, _PICTURE, _FILM, _RESULT, _ERROR = b"P", b"M", b"F", b"R", b"E"


@dataclass(frozen=True, slots=True)
class VideoJobOptions:
    """How a video is checked. All of it goes through JSON.

    Attributes:
        min_confidence: 0.5 <= c < 1; None takes the model's.
        two_classes: count a mask worn wrong as no mask.
        film: make an annotated film.
        blur: blur all faces in it.
        labels: words on the film by verdict; None takes the library's.
        looking: the same for a face that is being looked at.
        max_bytes: most bytes of the video.
        max_length_s: most seconds of it.
        max_pixels: most pixels of a frame.
    """

    max_bytes: int
    max_length_s: float
    max_pixels: int
    min_confidence: float | None = None
    two_classes: bool = False
    film: bool = False
    blur: bool = False
    labels: dict[str, str] | None = None
    looking: str | None = None


@dataclass(frozen=True, slots=True)
class VideoOutcome:
    """What came of a video.

    Attributes:
        row: the JSON object; see `maskdet_core.batch.video_report.video_json`.
        pictures: JPEG of each of its moments.
        film: the annotated film as MP4; None if none was wanted.
    """

    row: dict[str, Any]
    pictures: tuple[bytes, ...]
    film: bytes | None


class UnwantedError(Exception):
    """The result is not wanted any more."""


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
            [sys.executable, "-P", "-c", _START, str(_ROOT), json.dumps(_to_json(name, options))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # libraries print what they find in a file
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise VideoError("the check cannot be started: try again") from error
    messages: queue.SimpleQueue[tuple[bytes, bytes] | None] = queue.SimpleQueue()
    for work in (
        lambda: _send(process.stdin, data),
        lambda: _receive(process.stdout, messages),
    ):
        threading.Thread(target=work, daemon=True).start()
    try:
        return _outcome(messages, process, is_wanted, progress)
    finally:
        process.kill()
        process.wait()
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()


def _outcome(
    messages: "queue.SimpleQueue[tuple[bytes, bytes] | None]",
    process: "subprocess.Popen[bytes]",
    is_wanted: Callable[[], bool],
    progress: Callable[[float, float | None], None],
) -> VideoOutcome:
    pictures: list[bytes] = []
    film: bytes | None = None
    while True:
        if not is_wanted():
            raise UnwantedError
        try:
            message = messages.get(timeout=POLL_S)
        except queue.Empty:
            continue
        if message is None:
            raise _why_ended(process.wait())
        kind, body = message
        if kind == _PROGRESS:
            at_s, length_s = json.loads(body)
            progress(float(at_s), None if length_s is None else float(length_s))
        elif kind == _PICTURE:
            pictures.append(body)
        elif kind == _FILM:
            film = body
        elif kind == _ERROR:
            raise VideoError(body.decode())
        else:
            return VideoOutcome(json.loads(body), tuple(pictures), film)


def _to_json(name: str, options: VideoJobOptions) -> dict[str, Any]:
    return {"name": name, **{field: getattr(options, field) for field in options.__slots__}}


def _send(target: Any, data: bytes) -> None:
    # OSError: the process has ended. The pipe stays open, its end would tell that the parent has.
    with suppress(OSError, ValueError):
        target.write(_LENGTH.pack(len(data)))
        target.write(data)
        target.flush()


def _receive(source: Any, messages: "queue.SimpleQueue[tuple[bytes, bytes] | None]") -> None:
    with suppress(OSError, ValueError, MemoryError), source:
        while len(header := source.read(_HEADER.size)) == _HEADER.size:
            kind, length = _HEADER.unpack(header)
            body = source.read(length)
            if len(body) < length:
                break
            messages.put((kind, body))
    messages.put(None)


def _why_ended(status: int) -> VideoError:
    match Loss.of(status):
        case Loss.CPU_TIME:
            return VideoError("it takes too much processor time for its length")
        case Loss.CRASH:
            return VideoError("it is damaged: the decoder cannot read it")
        case Loss.KILLED:
            return VideoError("the check was stopped, perhaps for lack of memory: try again")


def serve(arguments: str) -> None:
    """Check the video that comes by standard input. For the process itself only.

    Args:
        arguments: name and `VideoJobOptions` as JSON.
    """
    # what a library prints must not get between the messages
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(NICE)
    options = json.loads(arguments)
    data = source.read(*_LENGTH.unpack(source.read(_LENGTH.size)))
    threading.Thread(target=_end_with_parent, args=(source,), daemon=True).start()
    try:
        detector = MaskDetector.load(
            preset="live",
            min_confidence=options["min_confidence"],
            two_classes=options["two_classes"],
        )
        limit_opencv_threads()
        limit_data(MAX_DATA_BYTES)
        end_first_when_memory_is_short()
        _check(data, detector, options, sink)
    except MaskdetError as error:
        _write(sink, _ERROR, str(error).encode())
    except MemoryError:
        _write(sink, _ERROR, b"not enough memory to check the video")


def _check(data: bytes, detector: MaskDetector, options: dict[str, Any], sink: BinaryIO) -> None:
    # PyAV loads FFmpeg, which the parent need not
    from maskdet_core.draw.annotate import LABELS, LOOKING
    from maskdet_core.types import Verdict
    from maskdet_core.video.check import VideoOptions, check_video
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
    steps = check_video(io.BytesIO(data), detector, chosen, film=film)
    first = next(steps)
    limit_cpu(BASE_CPU_S + CPU_S_PER_SECOND * (first.length_s or options["max_length_s"]))
    told_s = 0.0
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            result = stop.value
            break
        if time.monotonic() - told_s >= PROGRESS_EVERY_S:
            told_s = time.monotonic()
            _write(sink, _PROGRESS, json.dumps([progress.at_s, progress.length_s]).encode())
    for moment in result.moments:
        _write(sink, _PICTURE, moment.jpeg)
    if film is not None:
        _write(sink, _FILM, film.getvalue())
    row = video_json(options["name"], result, annotated=None, folder=None)
    _write(sink, _RESULT, json.dumps(row, allow_nan=False).encode())


def _write(sink: BinaryIO, kind: bytes, body: bytes) -> None:
    sink.write(_HEADER.pack(kind, len(body)))
    sink.write(body)
    sink.flush()


def _end_with_parent(source: BinaryIO) -> None:
    source.read()
    os._exit(0)
