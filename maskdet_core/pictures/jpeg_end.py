"""JPEG files that lack only their end marker, told from files that are cut short.

Some programs and broken transfers leave the last two bytes out. libjpeg fills whatever is missing
before an end marker with grey and reports no error, so that appending the marker alone would accept
any cut. Two questions decide instead. The markers tell whether the scans refine every coefficient
to its last bit. And decoding with other bytes after the end tells whether the last scan is
complete: if a block is missing, its pixels change with these bytes.
"""

import hashlib
import io
import re
from typing import Final

from PIL import Image

END: Final = b"\xff\xd9"
"""The marker EOI."""

_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker that ends entropy-coded data, which stuffed bytes and restart markers do not."""
_RESTARTS: Final = tuple(bytes([0xFF, 0xD0 + n]) for n in range(8))
_FILLER: Final = b"\xa9\x56\x35\xca" * 16
"""Any bytes but zeros, which the decoder itself adds."""
_STRIP_ROWS: Final = 64
_MAX_SEGMENTS: Final = 5_000
"""Marker segments that are looked at; metadata and scans of cameras take some hundred at most."""
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB})
_PROGRESSIVE: Final = frozenset({0xC2, 0xCA})
_SCAN: Final = 0xDA


def with_end_marker(data: bytes) -> bytes | None:
    """Complete a JPEG file that lacks only its end marker.

    Decodes the picture twice at its full size: validate the size before.

    Args:
        data: the content of a JPEG file.

    Returns:
        The content with an end marker; None if the file has one, or if pixels are missing.
    """
    # half of the marker may be there
    body = data.rstrip(b"\xff")
    last_scan = _last_scan(body)
    if last_scan is None:
        return None
    whole, other = body + END, body + _more_data(body, last_scan) + END
    try:
        is_complete = _pixels_digest(whole) == _pixels_digest(other)
    except Exception as error:
        if isinstance(error, MemoryError):
            raise
        # Pillow's format modules raise many types for damaged data
        return None
    return whole if is_complete else None


def _more_data(body: bytes, last_scan: int) -> bytes:
    """Bytes that a decoder takes for pixels, if it expects any after the body."""
    ends = [body.rfind(restart, last_scan) for restart in _RESTARTS]
    last = ends.index(max(ends)) if max(ends) >= 0 else -1
    return _FILLER + _RESTARTS[(last + 1) % 8] + _FILLER


def _last_scan(data: bytes) -> int | None:
    """Where the last scan's data begin; None if a scan is missing, or the end marker is there."""
    missing: dict[int, set[int]] = {}
    is_progressive = False
    at = 2
    for _ in range(_MAX_SEGMENTS):
        code, size = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at : at + 1] != b"\xff" or not code or size < 2 or at + 2 + size > len(data):
            return None
        body = data[at + 4 : at + 2 + size]
        at += 2 + size
        if code[0] in _FRAMES:
            is_progressive = code[0] in _PROGRESSIVE
            coefficients = range(64) if is_progressive else range(1)
            missing = {part: set(coefficients) for part in body[6::3]}
        if code[0] != _SCAN:
            continue
        if not _count_scan(body, missing, is_progressive):
            return None
        found = _MARKER.search(data, at)
        if found is None:
            return None if any(missing.values()) else at
        at = found.start()
        if data[at : at + 2] == END:
            return None
    return None


def _count_scan(body: bytes, missing: dict[int, set[int]], is_progressive: bool) -> bool:
    """Take out of ``missing`` what a scan completes; False for a damaged scan header."""
    n_parts = body[0] if body else 0
    if not 1 <= n_parts <= 4 or len(body) != 4 + 2 * n_parts:
        return False
    first, last, bits = body[-3], body[-2], body[-1]
    for part in body[1 : 1 + 2 * n_parts : 2]:
        if part not in missing:
            return False
        if not is_progressive:
            missing[part].clear()
        elif bits & 15 == 0:
            missing[part].difference_update(range(first, last + 1))
    return True


def _pixels_digest(data: bytes) -> bytes:
    digest = hashlib.blake2b()
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
        picture.load()
        width, height = picture.size
        for top in range(0, height, _STRIP_ROWS):
            # in strips: a copy of the whole picture would double the memory
            strip = picture.crop((0, top, width, min(height, top + _STRIP_ROWS)))
            digest.update(strip.tobytes())
    return digest.digest()
