"""Limits of AVIF files, validated from their boxes and AV1 headers before anything is decoded.

The size in the container says little: the decoder takes memory for the size in the AV1 sequence
header, and decodes every frame that precedes the first one shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from maskdet_core.errors import ImageError
from maskdet_core.pictures.image_limits import validate_size
from maskdet_core.reasons import Problem

MAX_BOXES: Final = 4_000
"""Most boxes; cameras and encoders write about 20, and some 10 for each tile of a grid."""
MAX_EXTENTS: Final = 4_000
"""Most pieces of items; encoders write one for each item."""
MAX_SAMPLES: Final = 20_000
"""Most frames of an animation: 5 minutes at 60 a second."""
MAX_OBUS: Final = 4_000
"""Most parts of a coded picture: the largest has 4,096 tiles, encoders write fewer than 100."""
MAX_FRAMES: Final = 8
"""Most coded frames up to the first one shown: one, or one for each of 4 layers."""

_CONTAINERS: Final = {b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0}
_CONTAINERS_AT: Final = _CONTAINERS | {b"stbl": 0, b"meta": 4}
"""Boxes that hold boxes, and where these begin."""
_SEQUENCE, _FRAME_HEADER, _FRAME = 1, 3, 6
"""Types of OBUs (AV1 specification, 6.2.2)."""
_HEADER_BYTES: Final = 600
"""Of the longest sequence header."""
_CHROMA: Final = {0: 1.5, 1: 3.0, 2: 3.0}
"""Samples a pixel at most by profile: 4:2:0, 4:4:4, and any."""


@dataclass(frozen=True, slots=True)
class AvifHeader:
    """What an AVIF file tells about what its decoder will need.

    Attributes:
        n_pixels: of the largest picture in the file.
        plane_bytes: bytes a pixel of its colour planes.
        has_grain: whether film grain may be added, to a copy of the planes.
    """

    n_pixels: int
    plane_bytes: float
    has_grain: bool


@dataclass(slots=True)
class _Boxes:
    """Boxes by what they are read for: (start, end) of their content."""

    sizes: list[tuple[int, int]] = field(default_factory=list)
    locations: list[tuple[int, int]] = field(default_factory=list)
    names: list[tuple[int, int]] = field(default_factory=list)
    inner_data: list[tuple[int, int]] = field(default_factory=list)
    offsets: list[tuple[int, int]] = field(default_factory=list)
    long_offsets: list[tuple[int, int]] = field(default_factory=list)
    sample_sizes: list[tuple[int, int]] = field(default_factory=list)
    n_boxes: int = 0

    def of(self, kind: bytes) -> list[tuple[int, int]] | None:
        return {
            b"ispe": self.sizes,
            b"iloc": self.locations,
            b"infe": self.names,
            b"idat": self.inner_data,
            b"stco": self.offsets,
            b"co64": self.long_offsets,
            b"stsz": self.sample_sizes,
        }.get(kind)


def read_avif_header(data: bytes, max_pixels: int) -> AvifHeader:
    """Validate sizes and the numbers of parts of an AVIF file.

    Args:
        data: content of the file.
        max_pixels: limit of width x height, for the container and for each coded picture.

    Raises:
        ImageError: damaged, or it exceeds a limit.
    """
    boxes = _Boxes()
    _walk(data, 0, len(data), boxes)
    n_pixels, plane_bytes, has_grain = 0, 0.0, False
    for start, end in boxes.sizes:
        width, height = _number(data, start + 4, 4, end), _number(data, start + 8, 4, end)
        validate_size(width, height, max_pixels)
        n_pixels = max(n_pixels, width * height)
    for coded in (*_items(data, boxes), *_first_samples(data, boxes)):
        for header in _sequence_headers(coded):
            coded_header = _read_sequence(header, max_pixels)
            n_pixels = max(n_pixels, coded_header.n_pixels)
            plane_bytes = max(plane_bytes, coded_header.plane_bytes)
            has_grain |= coded_header.has_grain
    if not n_pixels or not plane_bytes:
        raise _damaged("no AV1 picture")
    return AvifHeader(n_pixels, plane_bytes, has_grain)


def _walk(data: bytes, start: int, end: int, boxes: _Boxes) -> None:
    while start + 8 <= end:
        boxes.n_boxes += 1
        if boxes.n_boxes > MAX_BOXES:
            raise _too_complex(f"expected an AVIF file of at most {MAX_BOXES:,} boxes, got more")
        n_bytes, kind, head = (
            int.from_bytes(data[start : start + 4]),
            data[start + 4 : start + 8],
            8,
        )
        if n_bytes == 1:
            n_bytes, head = _number(data, start + 8, 8, end), 16
        elif n_bytes == 0:
            n_bytes = end - start
        if n_bytes < head or start + n_bytes > end:
            raise _damaged("AVIF boxes")
        content = (start + head, start + n_bytes)
        found = boxes.of(kind)
        if found is not None:
            found.append(content)
        elif kind in _CONTAINERS_AT:
            _walk(data, content[0] + _CONTAINERS_AT[kind], content[1], boxes)
        elif kind == b"iinf":
            is_long = _number(data, content[0], 1, content[1]) > 0
            _walk(data, content[0] + (8 if is_long else 6), content[1], boxes)
        start += n_bytes


def _items(data: bytes, boxes: _Boxes) -> Iterator[bytes]:
    """The content of each item that is an AV1 picture."""
    pictures = set()
    for start, end in boxes.names:
        version = _number(data, start, 1, end)
        n_bytes = 4 if version >= 3 else 2
        if data[start + 6 + n_bytes : start + 10 + n_bytes] == b"av01":
            pictures.add(_number(data, start + 4, n_bytes, end))
    n_total = n_extents = 0
    for start, end in boxes.locations:
        for item, is_inner, extents in _locations(data, start, end):
            n_extents += len(extents)
            n_total += sum(length for _, length in extents)
            # pieces may overlap, and the decoder copies them all
            if n_extents > MAX_EXTENTS or n_total > len(data):
                raise _too_complex("expected an AVIF file whose items do not overlap, got another")
            origins = boxes.inner_data if is_inner else [(0, len(data))]
            if item not in pictures:
                continue
            for origin, limit in origins:
                if any(origin + offset + length > limit for offset, length in extents):
                    raise _damaged("AVIF items")
                parts = [data[origin + at : origin + at + length] for at, length in extents]
                yield b"".join(parts)


def _locations(data: bytes, at: int, end: int) -> Iterator[tuple[int, bool, list[tuple[int, int]]]]:
    """Item, whether it lies in the box ``idat``, and its pieces (ISO/IEC 14496-12, 8.11.3)."""
    version, widths = _number(data, at, 1, end), _number(data, at + 4, 2, end)
    offset_bytes, length_bytes = widths >> 12, widths >> 8 & 15
    base_bytes, index_bytes = widths >> 4 & 15, widths & 15 if version in (1, 2) else 0
    id_bytes = 2 if version < 2 else 4
    n_items = _number(data, at + 6, id_bytes, end)
    at += 6 + id_bytes
    for _ in range(n_items):
        item = _number(data, at, id_bytes, end)
        at += id_bytes
        is_inner = False
        if version in (1, 2):
            is_inner = _number(data, at, 2, end) & 15 == 1
            at += 2
        base = _number(data, at + 2, base_bytes, end)
        n_extents = _number(data, at + 2 + base_bytes, 2, end)
        at += 4 + base_bytes
        if n_extents > MAX_EXTENTS:
            raise _too_complex(f"expected an AVIF file of at most {MAX_EXTENTS:,} pieces, got more")
        extents = []
        for _ in range(n_extents):
            at += index_bytes
            offset = _number(data, at, offset_bytes, end)
            length = _number(data, at + offset_bytes, length_bytes, end)
            extents.append((base + offset, length))
            at += offset_bytes + length_bytes
        yield item, is_inner, extents


def _first_samples(data: bytes, boxes: _Boxes) -> Iterator[bytes]:
    """The first frame of each track of an animation."""
    places = [(start, 4, end) for start, end in boxes.offsets]
    places += [(start, 8, end) for start, end in boxes.long_offsets]
    if len(places) != len(boxes.sample_sizes):
        raise _damaged("AVIF tracks")
    # both lists are in the order of the tracks
    for (at, width, limit), (start, end) in zip(sorted(places), boxes.sample_sizes, strict=True):
        n_samples = _number(data, start + 8, 4, end)
        if n_samples > MAX_SAMPLES:
            raise _too_complex(f"expected an AVIF file of at most {MAX_SAMPLES:,} frames, got more")
        n_bytes = _number(data, start + 4, 4, end) or _number(data, start + 12, 4, end)
        place = _number(data, at + 8, width, limit)
        if place + n_bytes > len(data):
            raise _damaged("AVIF tracks")
        yield data[place : place + n_bytes]


def _sequence_headers(coded: bytes) -> Iterator[bytes]:
    """The sequence headers of a coded picture (AV1 specification, 5.3)."""
    at = n_frames = 0
    for n_obus in range(len(coded) + 1):
        if at >= len(coded):
            return
        if n_obus >= MAX_OBUS:
            raise _too_complex(f"expected an AVIF picture of at most {MAX_OBUS:,} parts, got more")
        head = coded[at]
        kind = head >> 3 & 15
        at += 2 if head & 4 else 1
        n_bytes = len(coded) - at
        if head & 2:
            n_bytes = 0
            for shift in range(0, 56, 7):
                byte = _number(coded, at, 1, len(coded))
                at += 1
                n_bytes |= (byte & 127) << shift
                if not byte & 128:
                    break
        if kind == _SEQUENCE:
            yield coded[at : at + min(n_bytes, _HEADER_BYTES)]
        n_frames += kind in (_FRAME_HEADER, _FRAME)
        if n_frames > MAX_FRAMES:
            raise _too_complex(f"expected an AVIF picture of at most {MAX_FRAMES} frames, got more")
        at += n_bytes


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    def take(self, n_bits: int) -> int:
        self._left -= n_bits
        if self._left < 0:
            raise _damaged("AV1 sequence header")
        return self._value >> self._left & ((1 << n_bits) - 1)


def _read_sequence(header: bytes, max_pixels: int) -> AvifHeader:
    """What the largest frame needs (AV1 specification, 5.5)."""
    bits = _Bits(header)
    profile = bits.take(3)
    bits.take(1)
    is_reduced = bits.take(1)
    if is_reduced:
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(width_bits) + 1, bits.take(height_bits) + 1
    validate_size(width, height, max_pixels)
    samples = _CHROMA.get(profile, 3.0)
    if not is_reduced:
        # a frame may state another size, of as many bits; the bit depth follows later
        return AvifHeader(1 << (width_bits + height_bits), 2 * samples, has_grain=True)
    bits.take(6)
    plane_bytes = samples * (2 if bits.take(1) else 1)
    if profile != 0:
        return AvifHeader(width * height, plane_bytes, has_grain=True)
    is_grey = bits.take(1)
    if bits.take(1):
        bits.take(24)
    # range; position of chroma and its quantisation
    bits.take(1 if is_grey else 4)
    return AvifHeader(width * height, plane_bytes, bool(bits.take(1)))


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.take(1):
        bits.take(64)
        if bits.take(1):
            n_zeros = 0
            while not bits.take(1):
                n_zeros += 1
            bits.take(n_zeros if n_zeros < 32 else 0)
        if bits.take(1):
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)


def _number(data: bytes, at: int, n_bytes: int, end: int) -> int:
    if at + n_bytes > end:
        raise _damaged("AVIF boxes")
    return int.from_bytes(data[at : at + n_bytes])


def _too_complex(message: str) -> ImageError:
    return ImageError(message, Problem.TOO_COMPLEX)


def _damaged(what: str) -> ImageError:
    return ImageError(f"the picture is damaged or cut short ({what})")
