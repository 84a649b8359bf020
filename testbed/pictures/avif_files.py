"""AVIF files whose parts disagree, or that have too many of them."""

import io
import struct
from typing import Any

from PIL import Image


def avif(side_px: int, mode: str = "RGB", **options: Any) -> bytes:
    """A square of one colour."""
    stream = io.BytesIO()
    picture = Image.new(mode, (side_px, side_px - 2), (10, 200, 30, 128)[: len(mode)])
    picture.save(stream, "AVIF", speed=10, **options)
    return stream.getvalue()


def with_frames(n_frames: int) -> bytes:
    """A picture of 64 x 62 px with more coded frames than the one that is shown."""
    data = avif(64)
    at = data.index(b"iloc") + 18
    start, length = struct.unpack_from(">II", data, at)
    # a temporal delimiter, then the sequence header with its length, then the frame
    more = data[start + 4 + data[start + 3] :] * (n_frames - 1)
    place = struct.pack(">II", start, length + len(more))
    size = struct.pack(">I", len(data) - start + 8 + len(more))
    return data[:at] + place + data[at + 8 : start - 8] + size + data[start - 4 :] + more


def with_size(width: int, height: int, side_px: int) -> bytes:
    """A container that states another size than its coded picture has."""
    data = avif(side_px)
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def with_boxes(n_boxes: int) -> bytes:
    """A file with empty boxes at its end."""
    return avif(64) + b"\0\0\0\x08free" * n_boxes
