"""Decode untrusted image files, and encode images.

Pillow decodes: it reads the size from the header before it unpacks anything, and it raises on a
truncated file, where OpenCV returns an image with undefined pixels.
"""

import io
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import DecompressionBombError, DecompressionBombWarning

from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.jpeg_end import with_end_marker
from maskdet_core.picture_format import SUPPORTED, picture_format
from maskdet_core.types import RgbImage, validate_rgb

MAX_BYTES: Final = 20_000_000
"""Largest accepted file in bytes: 20 decimal megabytes, the unit of browsers and of Streamlit's
uploader."""
MAX_PIXELS: Final = 50_000_000
"""Largest accepted image, width x height: 150 MB when decoded; phones reach 48 megapixels."""
MAX_SIDE_PX: Final = 10_000
"""Longest accepted side: no camera exceeds it, and panoramas beyond it take long to process."""

_DECODER_BYTES: Final = 16
"""Memory in bytes a pixel without which a decoder is taken to have failed for lack of it."""
_WIDE_MODES: Final = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def decode_image(data: bytes, *, max_pixels: int = MAX_PIXELS) -> RgbImage:
    """Decode a JPEG, PNG, WebP, HEIC or AVIF image.

    The EXIF orientation is applied. An animation gives its first frame. Transparency is blended
    over white, 16-bit grey is scaled to 8 bits; grey, palette and CMYK are converted to RGB.
    Embedded colour profiles are ignored. A JPEG that lacks only its end marker is read, one that
    lacks pixels is not.

    Args:
        data: content of the file, at most `MAX_BYTES`.
        max_pixels: limit of width x height, validated from the header before decoding.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous, owned by the caller.

    Raises:
        ImageError: the file is empty, too large, truncated, or of another format.
        TransientImageError: memory is short.
    """
    if not data:
        raise ImageError("expected a picture, got an empty file")
    if len(data) > MAX_BYTES:
        raise ImageError(f"expected at most {MAX_BYTES / 1e6:.0f} MB, got {len(data) / 1e6:.1f} MB")
    kind = picture_format(data)
    if kind is None:
        raise ImageError(f"expected {SUPPORTED}, got something else")
    if kind == "HEIF":
        _register_heif()
    # the codecs of the others already take memory when they open a file, of a size unknown by then
    n_pixels = 0 if kind in ("JPEG", "PNG") else max_pixels
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as picture:
            n_pixels = picture.width * picture.height
            _validate_size(picture, max_pixels)
            picture.load()
            return _to_rgb(ImageOps.exif_transpose(picture))
    except ImageError:
        raise
    except (DecompressionBombWarning, DecompressionBombError) as error:
        raise ImageError(f"expected at most {max_pixels:,} pixels, got far more") from error
    except UnidentifiedImageError as error:
        if _lacks_memory(error, n_pixels):
            raise TransientImageError("not enough memory to decode the picture") from error
        raise ImageError(f"expected {SUPPORTED}, got a damaged one") from error
    except Exception as error:
        # on hostile bytes Pillow's format modules raise many types: OSError, SyntaxError,
        # struct.error, zlib.error and IndexError were seen
        if _lacks_memory(error, n_pixels):
            raise TransientImageError("not enough memory to decode the picture") from error
        if kind == "JPEG" and (whole := with_end_marker(data)) is not None:
            return decode_image(whole, max_pixels=max_pixels)
        raise ImageError(f"the picture is damaged or cut short ({error})") from error


def read_image(path: Path | str) -> RgbImage:
    """Decode an image file; see `decode_image` for formats, limits and conversions.

    Args:
        path: the file.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous, owned by the caller.

    Raises:
        ImageError: there is no such file, or it cannot be decoded.
        TransientImageError: the file cannot be read at the moment, or memory is short.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageError(f"expected at most {MAX_BYTES / 1e6:.0f} MB, got {size / 1e6:.1f} MB")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise ImageError(f"cannot read the file: {error.strerror}") from error
    except OSError as error:
        raise TransientImageError(f"cannot read the file: {error.strerror}") from error
    except MemoryError as error:
        raise TransientImageError("not enough memory to read the file") from error
    return decode_image(data)


def shrink_within(image_rgb: RgbImage, side_px: int) -> RgbImage:
    """Shrink an image so that no side is longer than ``side_px``.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        side_px: longest side of the result, 1 or more.

    Returns:
        uint8 (H, W, 3): the image itself where it is small enough, else a new one of the same
        aspect ratio.

    Raises:
        ValueError: no uint8 RGB image, or ``side_px`` below 1.
    """
    validate_rgb(image_rgb)
    if side_px < 1:
        raise ValueError(f"side_px must be 1 or more, got {side_px}")
    height, width = image_rgb.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return image_rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def encode_jpeg(image_rgb: RgbImage, quality: int = 92) -> bytes:
    """Encode as JPEG without metadata.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        quality: 1 to 95.

    Raises:
        ValueError: no uint8 RGB image.
    """
    validate_rgb(image_rgb)
    stream = io.BytesIO()
    Image.fromarray(image_rgb).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def encode_png(image_rgb: RgbImage) -> bytes:
    """Encode as PNG without metadata.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.

    Raises:
        ValueError: no uint8 RGB image.
    """
    validate_rgb(image_rgb)
    stream = io.BytesIO()
    Image.fromarray(image_rgb).save(stream, "PNG")
    return stream.getvalue()


@cache
def _register_heif() -> None:
    # imported at the first HEIC file: the decoder's libraries take memory that few servers need
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _lacks_memory(error: Exception, n_pixels: int) -> bool:
    """Whether decoding failed for lack of memory, which most codecs report as damaged data."""
    if isinstance(error, MemoryError) or "memory" in str(error).lower():
        return True
    try:
        # address space only: the pages are never touched
        np.empty(n_pixels * _DECODER_BYTES, np.uint8)
    except MemoryError:
        return True
    return False


def _validate_size(picture: Image.Image, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels or max(width, height) > MAX_SIDE_PX:
        raise ImageError(
            f"expected at most {max_pixels:,} pixels and {MAX_SIDE_PX:,} px a side, "
            f"got {width} x {height}"
        )


def _to_rgb(picture: Image.Image) -> RgbImage:
    if picture.mode in _WIDE_MODES:
        # Pillow's convert() clips at 255 instead of scaling, which turns the image white
        wide = np.asarray(picture).astype(np.int64)
        grey = np.clip(wide // 257, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        picture = Image.alpha_composite(white, clear)
    return np.array(picture.convert("RGB"), dtype=np.uint8, order="C")
