"""Limits of image files, validated from their structure before anything is decoded.

A small file can describe an image that takes gigabytes of memory or hours of processor time. What
bounds both is the peak of bytes that the decoder will need and the number of parts of the file, not
the number of pixels alone.
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

from maskdet_core.errors import ImageError
from maskdet_core.reasons import Problem

MAX_BYTES: Final = 20_000_000
"""Largest accepted file in bytes: 20 decimal megabytes, the unit of browsers and of Streamlit's
uploader."""
MAX_PIXELS: Final = 50_000_000
"""Largest accepted image, width x height; phones reach 48 megapixels."""
MAX_SIDE_PX: Final = 10_000
"""Longest accepted side: no camera exceeds it, and panoramas beyond it take long to process."""
MAX_DECODED_PIXELS: Final = 25_000_000
"""Larger images are decoded at half their width and height. Phones take 24.5 megapixels by
default, which keep their size."""
MAX_PEAK_BYTES: Final = 275_000_000
"""Most memory for decoding an image, without the file itself: 300 MB with a file of `MAX_BYTES`."""

MAX_JPEG_MARKERS: Final = 4_000
"""Most segments: 20 MB of metadata in segments of 64 KB are about 300."""
MAX_JPEG_FILL_BYTES: Final = 100_000
"""Most bytes between segments, which Pillow skips one by one."""
MAX_JPEG_SCANS: Final = 100
"""Most scans: encoders write about 10, a script of jpegtran a few dozen."""
MAX_JPEG_SCAN_PIXELS: Final = 600_000_000
"""Most pixels times scans, since even an empty scan visits each block: 12 scans of 50 megapixels.
Without the end marker a picture is read twice, and 1,000 million took 4 s on an AVX2 processor."""
MAX_PNG_CHUNKS: Final = 20_000
"""Most chunks up to the end of the image: 20 MB in chunks of 1 KB."""
MAX_PNG_ANCILLARY_CHUNKS: Final = 256
"""Most chunks other than pixels, each of which Pillow may inflate to 1 MB."""
MAX_PNG_RAW_BYTES: Final = 250_000_000
"""Most bytes of inflated pixels, which bounds the processor time."""
MAX_WEBP_CHUNKS: Final = 4_000
"""Most chunks; each frame of an animation is one."""
MAX_HEIF_ITEMS: Final = 1_000
"""Most items; libheif's own limit. Phones write about 60."""

_STRIP_BYTES: Final = 8_000_000
"""For strips on their way from the decoder's pixel format to RGB."""
_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker in entropy-coded data, where 0xff 0x00 is a byte and 0xff 0xd0-0xd7 restarts."""
_STANDALONE: Final = frozenset({*range(0xD0, 0xDA), *range(0xF0, 0xFE), 0xC8})
"""Second bytes of markers whose length Pillow does not read."""
_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF markers (ITU T.81 table B.1)."""
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SOS: Final = 0xDA
_EOI: Final = 0xD9
_JPEG_COMPONENT_BYTES: Final = 3
"""Length of a component's specification in a frame."""
_PNG_SIGNATURE_BYTES: Final = 8
_PIXEL_CHUNKS: Final = frozenset({b"IDAT", b"fdAT", b"fcTL"})
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_HEIF_DECODER_BYTES: Final = {"monochrome": 2.7, "420": 5.3, "422": 7.4, "444": 9.4}
"""Peak of libheif and libde265 for 8 bits in bytes per pixel, by chroma; measured."""


@dataclass(frozen=True, slots=True)
class WebpHeader:
    """What the chunks of a WebP file tell.

    Attributes:
        width_px: of the canvas.
        height_px: of the canvas.
        has_alpha: whether pixels may be transparent.
        is_lossless: whether the first image is lossless.
        is_animated: whether there are frames.
        exif: content of the EXIF chunk, empty if there is none.
    """

    width_px: int
    height_px: int
    has_alpha: bool
    is_lossless: bool
    is_animated: bool
    exif: bytes


def validate_size(width_px: int, height_px: int, max_pixels: int) -> None:
    """Raise ImageError for more pixels than ``max_pixels`` or a side over `MAX_SIDE_PX`."""
    if width_px * height_px > max_pixels or max(width_px, height_px) > MAX_SIDE_PX:
        raise ImageError(
            f"expected at most {max_pixels:,} pixels and {MAX_SIDE_PX:,} px a side, "
            f"got {width_px} x {height_px}",
            Problem.TOO_MANY_PIXELS,
            most_megapixels=max_pixels / 1e6,
        )


def reduction(width_px: int, height_px: int) -> int:
    """Factor by which width and height are divided: 1, or 2 above `MAX_DECODED_PIXELS`."""
    return 1 if width_px * height_px <= MAX_DECODED_PIXELS else 2


def validate_peak(width_px: int, height_px: int, kind: str, *phases: float) -> None:
    """Raise ImageError where decoding would need more than `MAX_PEAK_BYTES`.

    Args:
        width_px: of the image in the file.
        height_px: of the image in the file.
        kind: of file, for the message.
        phases: memory held at once in each phase of decoding, bytes per pixel of the file.
    """
    peak = width_px * height_px * max(phases) + _STRIP_BYTES
    if peak > MAX_PEAK_BYTES:
        raise ImageError(
            f"expected a picture that takes at most {MAX_PEAK_BYTES / 1e6:.0f} MB of memory, got "
            f"{kind} of {width_px} x {height_px} px that takes {peak / 1e6:.0f} MB: "
            "make it smaller, or save it as an ordinary JPEG",
            Problem.TOO_COSTLY,
        )


def validate_jpeg(data: bytes, max_pixels: int, *, is_compared: bool = False) -> None:
    """Validate size, memory, segments and scans of a JPEG file.

    Segments are read as Pillow reads them up to the first scan, then as libjpeg does.

    Args:
        data: content of the file.
        max_pixels: limit of width x height.
        is_compared: whether it is decoded at full size, whatever its size, as by `jpeg_end`.

    Raises:
        ImageError: it exceeds a limit, or its frame is damaged.
    """
    position, n_markers, n_fill, n_scans = 2, 0, 0, 0
    frame: tuple[int, int, bytes] | None = None
    is_buffered = False
    pattern = _MARKER
    while (match := pattern.search(data, position)) is not None:
        start = match.start()
        if pattern is _MARKER:
            n_fill += start - position
        pattern = _MARKER
        n_markers += 1
        if n_markers > MAX_JPEG_MARKERS or n_fill > MAX_JPEG_FILL_BYTES:
            raise ImageError(
                f"expected a JPEG file of at most {MAX_JPEG_MARKERS:,} segments, got more",
                Problem.TOO_COMPLEX,
            )
        code = data[start + 1]
        position = start + 2
        if code == _EOI and n_scans:
            break
        if code in _STANDALONE:
            continue
        body = data[position + 2 : position + int.from_bytes(data[position : position + 2])]
        position += 2 + len(body)
        if code in _FRAME and n_scans == 0:
            frame, is_buffered = _jpeg_frame(body), code in _PROGRESSIVE
            validate_size(frame[0], frame[1], max_pixels)
        elif code == _SOS:
            n_scans += 1
            is_buffered |= n_scans > 1
            _validate_scans(n_scans, frame)
            pattern = _SCAN_END
    if frame is None:
        return  # Pillow says what is wrong
    width, height, components = frame
    factor = 1 if is_compared else reduction(width, height)
    pixels = (1 if len(components) == _JPEG_COMPONENT_BYTES else 4) / factor**2
    coefficients = _coefficient_bytes(width, height, components) / (width * height or 1)
    kind = "a progressive JPEG" if is_buffered else "a JPEG"
    held_before = coefficients if is_buffered else 0
    converted = 0 if is_compared else 3 / factor**2
    validate_peak(width, height, kind, pixels + held_before, pixels + converted)


def _jpeg_frame(body: bytes) -> tuple[int, int, bytes]:
    """Width, height and component specifications, 3 bytes each."""
    if len(body) < 9:
        raise ImageError("the picture is damaged or cut short (no JPEG frame)")
    height, width, n_components = struct.unpack_from(">HHB", body, 1)
    components = body[6 : 6 + _JPEG_COMPONENT_BYTES * n_components]
    if len(components) != _JPEG_COMPONENT_BYTES * n_components or not components:
        raise ImageError("the picture is damaged or cut short (no JPEG frame)")
    return width, height, components


def _validate_scans(n_scans: int, frame: tuple[int, int, bytes] | None) -> None:
    n_pixels = frame[0] * frame[1] if frame is not None else 0
    if n_scans > MAX_JPEG_SCANS or (
        n_scans > 1 and n_scans * n_pixels > max(MAX_JPEG_SCAN_PIXELS, n_pixels)
    ):
        most = min(MAX_JPEG_SCANS, MAX_JPEG_SCAN_PIXELS // max(n_pixels, 1))
        raise ImageError(
            f"expected a JPEG file of at most {most} scans, got more", Problem.TOO_COMPLEX
        )


def _coefficient_bytes(width: int, height: int, components: bytes) -> int:
    """Memory of libjpeg for the coefficients of all blocks, which it keeps for several scans."""
    factors = [(byte >> 4, byte & 15) for byte in components[1::3]]
    if any(not 1 <= factor <= 4 for pair in factors for factor in pair):
        raise ImageError("the picture is damaged or cut short (JPEG sampling factors)")
    h_max, v_max = max(h for h, _ in factors), max(v for _, v in factors)
    n_columns, n_rows = -(-width // (8 * h_max)), -(-height // (8 * v_max))
    return sum(n_columns * n_rows * h * v * 64 * 2 for h, v in factors)


def validate_png(data: bytes) -> None:
    """Validate the number of chunks and the inflated size of a PNG file.

    Raises:
        ImageError: it exceeds a limit.
    """
    position, n_chunks, n_ancillary = _PNG_SIGNATURE_BYTES, 0, 0
    while position + 8 <= len(data):
        n_bytes, kind = struct.unpack_from(">I4s", data, position)
        n_chunks += 1
        n_ancillary += kind not in _PIXEL_CHUNKS
        if n_chunks > MAX_PNG_CHUNKS or n_ancillary > MAX_PNG_ANCILLARY_CHUNKS:
            raise ImageError(
                f"expected a PNG file of at most {MAX_PNG_CHUNKS:,} chunks, "
                f"{MAX_PNG_ANCILLARY_CHUNKS} of them without pixels, got more",
                Problem.TOO_COMPLEX,
            )
        if kind == b"IHDR" and n_bytes >= 13 and position + 21 <= len(data):
            width, height, depth, colour = struct.unpack_from(">IIBB", data, position + 8)
            raw = width * height * _PNG_CHANNELS.get(colour, 4) * max(depth, 8) // 8
            if raw > MAX_PNG_RAW_BYTES and width * height <= MAX_PIXELS:
                raise ImageError(
                    f"expected at most {MAX_PNG_RAW_BYTES / 1e6:.0f} MB of pixels, "
                    f"got {raw / 1e6:.0f} MB",
                    Problem.TOO_COSTLY,
                )
        elif kind == b"IEND":
            break
        position += 12 + n_bytes


def pillow_pixel_bytes(mode: str) -> int:
    """Bytes of a pixel in an image of Pillow's with this mode."""
    if mode in ("1", "L", "P"):
        return 1
    return 2 if mode.startswith("I;16") else 4


def read_webp_header(data: bytes) -> WebpHeader:
    """Read and count the chunks of a WebP file.

    Raises:
        ImageError: damaged, or more than `MAX_WEBP_CHUNKS` chunks.
    """
    position, n_chunks, width, height = 12, 0, 0, 0
    has_alpha = is_lossless = is_animated = False
    exif = b""
    while position + 8 <= len(data):
        kind, n_bytes = struct.unpack_from("<4sI", data, position)
        n_chunks += 1
        if n_chunks > MAX_WEBP_CHUNKS:
            raise ImageError(
                f"expected a WebP file of at most {MAX_WEBP_CHUNKS:,} chunks or frames, got more",
                Problem.TOO_COMPLEX,
            )
        body = data[position + 8 : position + 38]
        if kind == b"VP8X" and len(body) >= 10:
            width = max(width, int.from_bytes(body[4:7], "little") + 1)
            height = max(height, int.from_bytes(body[7:10], "little") + 1)
            has_alpha |= bool(body[0] & 0x10)
            is_animated |= bool(body[0] & 0x02)
        elif kind == b"VP8L" and len(body) >= 5:
            bits = int.from_bytes(body[1:5], "little")
            width, height = max(width, (bits & 0x3FFF) + 1), max(height, (bits >> 14 & 0x3FFF) + 1)
            has_alpha |= bool(bits >> 28 & 1)
            is_lossless = True
        elif kind == b"VP8 " and len(body) >= 10:
            width = max(width, int.from_bytes(body[6:8], "little") & 0x3FFF)
            height = max(height, int.from_bytes(body[8:10], "little") & 0x3FFF)
        elif kind == b"ALPH":
            has_alpha = True
        elif kind == b"ANMF":
            is_animated = True
        elif kind == b"EXIF" and not exif:
            exif = data[position + 8 : position + 8 + n_bytes]
        position += 8 + n_bytes + (n_bytes & 1)
    if not width or not height:
        raise ImageError("the picture is damaged or cut short (no WebP image)")
    return WebpHeader(width, height, has_alpha, is_lossless, is_animated, exif)


def heif_phases(mode: str, chroma: str, bit_depth: int, factor: int) -> tuple[float, float]:
    """Memory for `validate_peak`: while libheif decodes, and while its pixels are converted.

    Args:
        mode: Pillow's name of the pixel format.
        chroma: "420", "422", "444" or "monochrome".
        bit_depth: bits of a sample in the file.
        factor: see `reduction`.
    """
    n_bytes = _HEIF_DECODER_BYTES.get(chroma, _HEIF_DECODER_BYTES["444"])
    if mode.endswith(("A", "a")):
        n_bytes += 2
    return n_bytes * (1.6 if bit_depth > 8 else 1), len(mode) + 3 / factor**2


def avif_bytes(mode: str, plane_bytes: float, *, has_grain: bool) -> tuple[float, float]:
    """Memory for `validate_peak`: of the coded picture, and of the image made of it.

    Measured with libavif 1.4 and dav1d 1.5, which holds the planes twice.

    Args:
        mode: of Pillow's image.
        plane_bytes: bytes a pixel of the colour planes.
        has_grain: see `AvifHeader`.
    """
    if mode == "RGBA":
        # planes of alpha are as deep as those of colour, of which there are 3 samples at most
        plane_bytes += 2 if plane_bytes > 3 else 1
    return plane_bytes * (3 if has_grain else 2), len(mode) + 4


def webp_phases(header: WebpHeader, factor: int) -> tuple[float, float]:
    """Memory for `validate_peak`: while libwebp decodes, and while its pixels are converted."""
    if header.is_animated:
        # the canvas twice, the frame as bytes, and as an image of Pillow's
        return 16, 16 + 3 / factor**2
    decoding = 8.2 if header.has_alpha else 7.2 if header.is_lossless else 6.1
    if factor > 1 and not header.has_alpha and not header.is_lossless:
        decoding = 3.9
    return decoding, 4 + 3 / factor**2


def validate_heif(data: bytes) -> None:
    """Validate the number of items of a HEIC file.

    Raises:
        ImageError: more than `MAX_HEIF_ITEMS`.
    """
    # an infe box names each item; the four letters are rare in pixels
    if data.count(b"infe", 0, 1_000_000) > MAX_HEIF_ITEMS:
        raise ImageError(
            f"expected a HEIC file of at most {MAX_HEIF_ITEMS:,} items, got more",
            Problem.TOO_COMPLEX,
        )
