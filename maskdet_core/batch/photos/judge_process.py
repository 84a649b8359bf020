"""Decode and judge untrusted pictures in a process that can be killed.

Beside `DecoderProcess` it has a detector, so that a few bytes of JSON come back and no pixels, and
several work at once without waiting for each other's Python.
"""

import io
import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from maskdet_core.batch.photos.judging import JudgeOptions, JudgeTask, Row, judge
from maskdet_core.batch.processes.limits import MAX_CPU_S, MAX_PHOTO_BYTES
from maskdet_core.detector import MaskDetector
from maskdet_core.errors import ImageError, MaskdetError, ModelError, TransientImageError
from maskdet_core.masks.loading import load_classifier
from maskdet_core.pictures import decoder_process
from maskdet_core.pictures.decode import is_out_of_memory
from maskdet_core.pictures.decoder_process import DECODE, decoded, named_decoder
from maskdet_core.pictures.picture_process import (
    MAX_WAIT_S,
    PictureProcess,
    error_of,
    reason_json,
    serve_pictures,
)
from maskdet_core.process_limits import Loss, limit_cpu, limit_data
from maskdet_core.reasons import Problem

IDLE_S: Final = 120.0
"""After this time without a picture the process ends: starting it costs about a second, keeping it
about 105 MB."""
MAX_ANSWER_BYTES: Final = 1_000_000
"""Of a row, which has 50 faces at most and a name, is far less; a process that was taken over is
not believed more."""
_LENGTH: Final = struct.Struct(">I")
_HEADER: Final = struct.Struct(">cI")
"""Kind of an answer, and the length of its body."""
_ROW: Final = b"J"
_REFUSED: Final = b"R"
_TRANSIENT: Final = b"T"
_NO_MODEL: Final = b"M"
_FAILED: Final = b"F"


class JudgeError(Exception):
    """Detection or network failed with a picture; says how, without anything of the picture."""


class JudgeProcess(PictureProcess["Row | MaskdetError | JudgeError"]):
    """A detector with a decoder in a process of its own; one picture at a time."""

    def __init__(
        self, *, max_wait_s: float = MAX_WAIT_S, idle_s: float = IDLE_S, decode: str = DECODE
    ) -> None:
        """Start nothing yet.

        Args:
            max_wait_s: most time for one picture.
            idle_s: time without a picture after which the process ends.
            decode: see `DecoderProcess`.
        """
        super().__init__(__name__, (decode,), max_wait_s=max_wait_s, idle_s=idle_s)

    def load(self, model: Path, version: float, while_waiting: Callable[[], None]) -> None:
        """Load the detector, so that a fault is known before the first picture.

        Args:
            model: see `load_classifier`.
            version: of the file; another one has it loaded again.
            while_waiting: see `judge`.

        Raises:
            MaskdetError: it cannot be loaded.
        """
        self._answer({"model": str(model), "version": version}, b"", while_waiting)

    def judge(
        self,
        data: bytes,
        name: str,
        task: JudgeTask,
        options: JudgeOptions,
        while_waiting: Callable[[], None],
        *,
        model: Path,
        version: float,
    ) -> Row:
        """Decode and judge a picture.

        Args:
            data: content of the file.
            name: of the picture, for its row; never trusted.
            task: what to do.
            options: how.
            while_waiting: called at the start and every `POLL_S`. An exception that it raises ends
                the work at once, process included, and is passed on.
            model: see `load`.
            version: see `load`.

        Raises:
            ImageError: as `DecoderProcess`.
            TransientImageError: the same, and where memory is short for the detection.
            ModelError: the detector cannot be loaded.
            JudgeError: detection or network failed.
        """
        asked = {
            "model": str(model),
            "version": version,
            "name": name,
            "task": task.value,
            "options": asdict(options),
        }
        return self._answer(asked, data, while_waiting)

    def _answer(self, asked: dict[str, Any], data: bytes, while_waiting: Callable[[], None]) -> Row:
        head = json.dumps(asked).encode()
        answer = self._ask((_LENGTH.pack(len(head)), head, data), while_waiting)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _receive(
        self, source: io.BufferedReader
    ) -> "Row | MaskdetError | JudgeError | ImageError | None":
        header = source.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        kind, length = _HEADER.unpack(header)
        body = source.read(length) if length <= MAX_ANSWER_BYTES else b""
        if len(body) < length:
            return None
        if kind == _ROW:
            # the row is the client's; a process that was taken over may send any
            row = json.loads(body)
            return row if isinstance(row, dict) else None
        if kind in (_REFUSED, _TRANSIENT):
            return error_of(body, ImageError if kind == _REFUSED else TransientImageError)
        text = body.decode("utf-8", "replace")
        return ModelError(text) if kind == _NO_MODEL else JudgeError(text)

    def _lost(self, loss: Loss) -> ImageError:
        match loss:
            case Loss.CPU_TIME:
                return ImageError("the picture takes too much processor time", Problem.TOO_COSTLY)
            case Loss.CRASH:
                return ImageError("the picture is damaged: the decoder cannot read it")
            case Loss.KILLED:
                return TransientImageError(
                    "the decoder was stopped, perhaps for lack of memory: try again",
                    Problem.INTERRUPTED,
                )


class _Judge:
    """Answers in the process."""

    def __init__(self, decode: str) -> None:
        self._decode = named_decoder(decode)
        self._detector: MaskDetector | None = None
        self._loaded: tuple[str, float] | None = None

    def __call__(self, message: bytes) -> Sequence[bytes]:
        kind, body = self._answered(message)
        return _HEADER.pack(kind, len(body)), body

    def _answered(self, message: bytes) -> tuple[bytes, bytes]:
        try:
            return _ROW, json.dumps(self._row(message)).encode()
        except ImageError as error:
            kind = _TRANSIENT if isinstance(error, TransientImageError) else _REFUSED
            return kind, reason_json(error)
        except MaskdetError as error:
            return _NO_MODEL, str(error).encode()
        except Exception as error:
            # OpenCV or the runtime may raise anything; its text may hold something of the picture
            if is_out_of_memory(error):
                short = "not enough memory to check the picture"
                return _TRANSIENT, reason_json(TransientImageError(short, Problem.NO_MEMORY))
            return _FAILED, type(error).__name__.encode()

    def _row(self, message: bytes) -> Row:
        start = _LENGTH.size
        (length,) = _LENGTH.unpack_from(message)
        asked = json.loads(message[start : start + length])
        detector = self._current(asked["model"], asked["version"])
        if "task" not in asked:
            return {}
        # detection comes later: the bytes of the file are not needed for it
        photo = decoded(self._decode, message[start + length :], decoder_process.MAX_CPU_S)
        limit_cpu(MAX_CPU_S)
        try:
            options = JudgeOptions(**asked["options"])
            return judge(detector, photo, asked["name"], JudgeTask(asked["task"]), options)
        finally:
            limit_cpu(0)

    def _current(self, model: str, version: float) -> MaskDetector:
        if self._detector is None or self._loaded != (model, version):
            # one thread: the other cores have processes of their own
            self._detector = MaskDetector.load(load_classifier(Path(model), n_threads=1))
            if self._loaded is None:
                limit_data(MAX_PHOTO_BYTES)
            self._loaded = (model, version)
        return self._detector


def serve(decode: str) -> None:
    """Judge what comes by standard input until it ends. For the process itself only."""
    serve_pictures(_Judge(decode))
