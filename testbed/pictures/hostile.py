"""Image files that are small and cost much to decode."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from PIL import Image

from testbed.pictures import avif_files
from testbed.repository import REPO_ROOT

CASES: Final = REPO_ROOT.parent / "shared" / "cases" / "hostile"
"""Files that were reported; absent in a user's clone."""
SIDE_PX: Final = 7070
"""Of a square just below the limit of 50 million pixels."""

_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_CHANNELS: Final = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}
_ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_MB: Final = 1_000_000


def png_chunk(kind: bytes, body: bytes = b"") -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int,
    height: int,
    colour: int,
    depth: int = 8,
    *,
    interlaced: bool = False,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A PNG file of zeros.

    Args:
        width: px.
        height: px.
        colour: colour type of the specification.
        depth: bits of a sample, 8 or 16.
        interlaced: Adam7.
        before: chunks before the pixels.
        after: chunks after them.
    """
    per_pixel = _CHANNELS[colour] * depth // 8
    n_raw = height * (1 + width * per_pixel)
    if interlaced:
        passes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in _ADAM7]
        n_raw = sum(rows * (1 + columns * per_pixel) for columns, rows in passes)
    packer = zlib.compressobj(1)
    packed = [packer.compress(bytes(min(_MB, n_raw - at))) for at in range(0, n_raw, _MB)]
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", header),
            before,
            png_chunk(b"IDAT", b"".join(packed) + packer.flush()),
            after,
            png_chunk(b"IEND"),
        )
    )


def jpeg_with_scans(n_scans: int, data: bytes | None = None) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = data or encoded(Image.new("RGB", (64, 64), "teal"), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    return data[:-2] + scan * (n_scans - data.count(b"\xff\xda")) + data[-2:]


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode with Pillow; HEIF with pillow-heif."""
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def flat(mode: str, side_px: int, kind: str, *, orientation: int = 1, **options: Any) -> bytes:
    """A square of one colour."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    colour: float | tuple[float, ...] = 90
    if mode != "L":
        colour = (10, 200, 30, 128)[: len(mode)]
    picture = Image.new(mode, (side_px, side_px - 2), colour)
    return encoded(picture, kind, exif=exif, **options)


def _noise(side_px: int) -> Image.Image:
    return Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (side_px, side_px, 3), np.uint8)
    )


def _after_signature(data: bytes, inserted: bytes) -> bytes:
    """A JPEG with bytes after its SOI marker."""
    return data[:2] + inserted + data[2:]


def _small_jpeg() -> bytes:
    return encoded(Image.new("RGB", (64, 64), "teal"), "JPEG")


def _webp_frames(n_frames: int, canvas_px: int) -> bytes:
    """An animation of one small frame, repeated, on a large canvas."""
    still = encoded(Image.new("RGB", (8, 8), "teal"), "WEBP")
    frame = bytes(6) + struct.pack("<I", 7)[:3] * 2 + bytes(4) + still[12:]
    size = struct.pack("<I", canvas_px - 1)[:3]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size + size
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += (b"ANMF" + struct.pack("<I", len(frame)) + frame) * n_frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _apng(n_frames: int) -> bytes:
    head = png_chunk(b"acTL", struct.pack(">II", n_frames, 0))
    control = struct.pack(">IIIIHHBB", 8, 8, 0, 0, 1, 10, 0, 0)
    data = zlib.compress(bytes(8 * 25))
    frames = b"".join(
        png_chunk(b"fcTL", struct.pack(">I", 2 * n) + control)
        + png_chunk(b"fdAT", struct.pack(">I", 2 * n + 1) + data)
        for n in range(n_frames)
    )
    return png(8, 8, _RGB, before=head, after=frames)


def _turn_chunk() -> bytes:
    return png_chunk(b"eXIf", _turn_exif().tobytes().removeprefix(b"Exif\0\0"))


_PALETTE_CHUNKS: Final = png_chunk(b"PLTE", bytes(range(240)) + bytes(528)) + png_chunk(
    b"tRNS", bytes(range(256))
)
_PROFILE: Final = png_chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(_MB), 9))

SYNTHETIC: Final[dict[str, Callable[[], bytes]]] = {
    "rgba_turned.png": lambda: png(SIDE_PX, SIDE_PX - 1, _RGBA, before=_turn_chunk()),
    "rgba_interlaced.png": partial(png, SIDE_PX, SIDE_PX, _RGBA, interlaced=True),
    "palette_transparent.png": partial(png, SIDE_PX, SIDE_PX, _PALETTE, before=_PALETTE_CHUNKS),
    "grey16.png": partial(png, SIDE_PX, SIDE_PX, _GREY, 16),
    "grey_alpha16.png": partial(png, SIDE_PX, SIDE_PX, _GREY_ALPHA, 16),
    "rgba16.png": partial(png, SIDE_PX, SIDE_PX, _RGBA, 16),
    "rgba16_below_limit.png": partial(png, 5500, 5500, _RGBA, 16),
    "rgb_25mp_turned.png": lambda: png(5000, 4999, _RGBA, before=_turn_chunk()),
    "empty_idat.png": lambda: png(64, 64, _RGB, before=png_chunk(b"IDAT") * 1_500_000),
    "text_chunks.png": lambda: png(64, 64, _RGB, before=png_chunk(b"tEXt", b"a\0b") * 1_000_000),
    "profiles.png": lambda: png(64, 64, _RGB, before=_PROFILE * 15_000),
    "frames.png": partial(_apng, 50_000),
    "rgba_lossless.webp": partial(flat, "RGBA", 5000, "WEBP", lossless=True, method=0),
    "rgba.webp": partial(flat, "RGBA", 5000, "WEBP", quality=50, method=0, orientation=5),
    "lossy.webp": partial(flat, "RGB", SIDE_PX, "WEBP", quality=50, method=0),
    "frames.webp": partial(_webp_frames, 100_000, 8),
    "canvas.webp": partial(_webp_frames, 2, SIDE_PX),
    "canvas_below_limit.webp": partial(_webp_frames, 2, 3700),
    "baseline_turned.jpg": partial(flat, "RGB", SIDE_PX, "JPEG", orientation=6),
    "25mp_turned.jpg": partial(flat, "RGB", 5000, "JPEG", orientation=6, subsampling=0),
    "cmyk.jpg": partial(flat, "CMYK", SIDE_PX, "JPEG"),
    "progressive_turned.jpg": partial(
        flat, "RGB", SIDE_PX, "JPEG", progressive=True, orientation=8, subsampling=2
    ),
    "progressive_444.jpg": partial(flat, "RGB", SIDE_PX, "JPEG", progressive=True, subsampling=0),
    "20_scans.jpg": lambda: jpeg_with_scans(
        20, flat("RGB", SIDE_PX, "JPEG", progressive=True, subsampling=2)
    ),
    "many_scans.jpg": partial(jpeg_with_scans, 5_000),
    "many_comments.jpg": lambda: _after_signature(_small_jpeg(), b"\xff\xfe\0\2" * 4_900_000),
    "fill_bytes.jpg": lambda: _after_signature(_small_jpeg(), b"\xff" * 19_000_000),
    "bytes_between.jpg": lambda: _after_signature(_small_jpeg(), b"\xff\xfe\0\2" + b"a" * 19 * _MB),
    "noise.jpg": lambda: encoded(_noise(2600), "JPEG", quality=97, subsampling=0),
    "rgba.heic": partial(flat, "RGBA", 2000, "HEIF", quality=10),
    "turned.heic": partial(flat, "RGB", 2000, "HEIF", quality=10, orientation=6),
    "25mp_turned.avif": partial(flat, "RGB", 5000, "AVIF", orientation=6, speed=10),
    "444.avif": partial(avif_files.avif, 4000, subsampling="4:4:4"),
    "rgba.avif": partial(avif_files.avif, 4400, "RGBA"),
    "grain.avif": partial(avif_files.avif, 4700, advanced={"film-grain-test": "1"}),
    "large.avif": partial(avif_files.avif, 5500),
    "false_size.avif": partial(avif_files.with_size, 64, 64, 5500),
    "frames.avif": partial(avif_files.with_frames, 100_000),
    "boxes.avif": partial(avif_files.with_boxes, 1_000_000),
    "no_end.jpg": lambda: flat("RGB", SIDE_PX, "JPEG")[:-2],
    "no_end_progressive.jpg": lambda: flat("RGB", SIDE_PX, "JPEG", progressive=True, subsampling=2)[
        :-2
    ],
    "no_end_scans.jpg": lambda: jpeg_with_scans(
        12, flat("RGB", 5000, "JPEG", progressive=True, subsampling=2)
    )[:-2],
}
"""Makers of files by name."""


def seeds(side_px: int) -> dict[str, bytes]:
    """Small valid files of each format and colour type, to mutate."""
    picture = _noise(side_px)
    rgba = picture.convert("RGBA")
    rgba.putalpha(picture.convert("L"))
    return {
        "rgb.jpg": encoded(picture, "JPEG", exif=_turn_exif()),
        "progressive.jpg": encoded(picture, "JPEG", progressive=True),
        "cmyk.jpg": encoded(picture.convert("CMYK"), "JPEG"),
        "grey.jpg": encoded(picture.convert("L"), "JPEG"),
        "rgb.png": encoded(picture, "PNG", exif=_turn_exif()),
        "palette.png": encoded(picture.quantize(16), "PNG", transparency=3),
        "rgba.png": encoded(rgba, "PNG"),
        "grey16.png": encoded(Image.fromarray(np.arange(900, dtype=np.uint16)[None]), "PNG"),
        "interlaced.png": png(side_px, side_px, _RGBA, interlaced=True),
        "frames.png": _apng(3),
        "lossy.webp": encoded(picture, "WEBP", exif=_turn_exif()),
        "rgba.webp": encoded(rgba, "WEBP"),
        "lossless.webp": encoded(rgba, "WEBP", lossless=True),
        "frames.webp": _webp_frames(3, side_px),
        "rgb.heic": encoded(picture, "HEIF", exif=_turn_exif().tobytes()),
        "rgba.heic": encoded(rgba, "HEIF"),
        "rgb.avif": encoded(picture, "AVIF", exif=_turn_exif()),
        "rgba.avif": encoded(rgba, "AVIF"),
        "frames.avif": encoded(picture, "AVIF", save_all=True, append_images=[rgba]),
        "no_end.jpg": encoded(picture, "JPEG", progressive=True)[:-2],
    }


def _turn_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 7
    return exif
