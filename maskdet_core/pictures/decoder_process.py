"""Decode untrusted pictures in a process that can be killed; see `picture_process`."""

import importlib
import io
import struct
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.pictures.decode import DecodedPhoto, decode_photo
from maskdet_core.pictures.picture_process import (
    IDLE_S,
    MAX_WAIT_S,
    PictureProcess,
    error_of,
    reason_json,
    serve_pictures,
)
from maskdet_core.process_limits import Loss, limit_cpu, limit_data
from maskdet_core.reasons import Problem

MAX_CPU_S: Final = 3.0
"""Most processor time for one picture. The slowest of all accepted files takes 1.1 s."""
MAX_DATA_BYTES: Final = 1_000_000_000
"""Most memory beside what the process holds once set up. An accepted picture takes up to 300 MB;
libraries reserve more than they use, a stack for each thread above all, and `decode` looks for
400 MB to tell damage from a lack of memory."""
DECODE: Final = f"{decode_photo.__module__}:{decode_photo.__name__}"
"""The decoder of pictures, by name; tests name others."""
Decode = Callable[[bytes], DecodedPhoto]
_HEADER: Final = struct.Struct(">cQQQQ")
"""Kind of an answer; then height and width of the image, width and height of the photo, or the
length of a reason as JSON and zeros."""
_DECODED: Final = b"D"
_REFUSED: Final = b"R"
_TRANSIENT: Final = b"T"


class DecoderProcess(PictureProcess[DecodedPhoto]):
    """A decoder in a process of its own. Usable from several threads, one picture at a time."""

    def __init__(
        self,
        *,
        max_cpu_s: float = MAX_CPU_S,
        max_data_bytes: int = MAX_DATA_BYTES,
        max_wait_s: float = MAX_WAIT_S,
        idle_s: float = IDLE_S,
        decode: str = DECODE,
    ) -> None:
        """Start nothing yet.

        Args:
            max_cpu_s: most processor time for one picture.
            max_data_bytes: most memory beside what the process holds once set up.
            max_wait_s: most time for one picture.
            idle_s: time without a picture after which the process ends.
            decode: the function, as ``module:name``; takes bytes and returns a `DecodedPhoto`.
        """
        arguments = (decode, str(max_cpu_s), str(max_data_bytes))
        super().__init__(__name__, arguments, max_wait_s=max_wait_s, idle_s=idle_s)
        self._max_cpu_s = max_cpu_s

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
        return self._ask((data,), while_waiting)

    def _receive(self, source: io.BufferedReader) -> DecodedPhoto | ImageError | None:
        header = source.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        kind, *numbers = _HEADER.unpack(header)
        if kind != _DECODED:
            body = source.read(numbers[0])
            if len(body) < numbers[0]:
                return None
            return error_of(body, TransientImageError if kind == _TRANSIENT else ImageError)
        height, width, *size = numbers
        image = np.empty((height, width, 3), np.uint8)
        is_whole = source.readinto(image.data.cast("B")) == image.nbytes
        return DecodedPhoto(image, *size) if is_whole else None

    def _lost(self, loss: Loss) -> ImageError:
        match loss:
            case Loss.CPU_TIME:
                return ImageError(
                    f"expected at most {self._max_cpu_s:g} s of processor time to decode the "
                    "picture, it takes more",
                    Problem.TOO_COSTLY,
                )
            case Loss.CRASH:
                return ImageError("the picture is damaged: the decoder cannot read it")
            case Loss.KILLED:
                return TransientImageError(
                    "the decoder was stopped, perhaps for lack of memory: try again",
                    Problem.INTERRUPTED,
                )


def named_decoder(name: str) -> Decode:
    """The function that ``module:name`` stands for."""
    module, _, function = name.partition(":")
    decode: Decode = getattr(importlib.import_module(module), function)
    return decode


def decoded(decode: Decode, data: bytes, max_cpu_s: float) -> DecodedPhoto:
    """Decode a picture with a limit on processor time. For a process that may end by it.

    Raises:
        ImageError: as ``decode``.
        TransientImageError: memory is short.
    """
    limit_cpu(max_cpu_s)
    try:
        return decode(data)
    except MemoryError as error:
        raise TransientImageError(
            "not enough memory to decode the picture", Problem.NO_MEMORY
        ) from error
    finally:
        limit_cpu(0)


def serve(decode: str, max_cpu_s: str, max_data_bytes: str) -> None:
    """Decode what comes by standard input until it ends. For the process itself only."""
    function = named_decoder(decode)
    limit_data(int(max_data_bytes))

    def answer(data: bytes) -> Sequence[bytes | memoryview]:
        try:
            photo = decoded(function, data, float(max_cpu_s))
        except ImageError as error:
            kind = _TRANSIENT if isinstance(error, TransientImageError) else _REFUSED
            body = reason_json(error)
            return _HEADER.pack(kind, len(body), 0, 0, 0), body
        size = (*photo.image_rgb.shape[:2], photo.width_px, photo.height_px)
        pixels = np.ascontiguousarray(photo.image_rgb).data.cast("B")
        return _HEADER.pack(_DECODED, *size), pixels

    serve_pictures(answer)
