"""Decode untrusted image files.

Pillow decodes: it reads the size from the header before it unpacks anything, and it raises on a
truncated file, where OpenCV returns an image with undefined pixels. Only still WebP files are
decoded by OpenCV, which refuses truncated ones and needs half the memory there.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.Image import DecompressionBombError, DecompressionBombWarning

from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.pictures import image_limits
from maskdet_core.pictures.avif_limits import read_avif_header
from maskdet_core.pictures.image_limits import MAX_BYTES as MAX_BYTES
from maskdet_core.pictures.image_limits import MAX_PIXELS as MAX_PIXELS
from maskdet_core.pictures.image_limits import MAX_SIDE_PX as MAX_SIDE_PX
from maskdet_core.pictures.image_limits import reduction, validate_peak, validate_size
from maskdet_core.pictures.jpeg_end import with_end_marker
from maskdet_core.pictures.picture_format import SUPPORTED, PictureFormat, picture_format
from maskdet_core.pictures.pixels import array_to_rgb, orient, picture_to_rgb
from maskdet_core.reasons import Problem
from maskdet_core.types import RgbImage

_EXIF_ORIENTATION: Final = 0x0112
_LASTING: Final = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
"""Errors of reading that another try does not mend."""
_DECODER_BYTES: Final = 16
"""Memory in bytes a pixel without which a decoder is taken to have failed for lack of it."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Held while an image is decoded: the peaks of several would add up."""


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """A photo at its working size.

    Attributes:
        image_rgb: uint8 (H, W, 3), RGB, upright.
        width_px: of the upright photo in the file.
        height_px: of the upright photo in the file.
    """

    image_rgb: RgbImage
    width_px: int
    height_px: int

    @property
    def is_reduced(self) -> bool:
        """Whether the image is smaller than the photo in the file."""
        return self.image_rgb.shape[:2] != (self.height_px, self.width_px)


def decode_image(data: bytes, *, max_pixels: int = MAX_PIXELS) -> RgbImage:
    """Decode a JPEG, PNG, WebP, HEIC or AVIF image.

    The EXIF orientation is applied. An animation gives its first frame. Transparency is blended
    over white, 16-bit grey is scaled to 8 bits; grey, palette and CMYK are converted to RGB.
    Embedded colour profiles are ignored. A JPEG that lacks only its end marker is read, one that
    lacks pixels is not. One image is decoded at a time in a process, and needs at most 300 MB.

    Args:
        data: content of the file, at most `MAX_BYTES`.
        max_pixels: limit of width x height, validated from the header before decoding.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous, owned by the caller. An image above
        `image_limits.MAX_DECODED_PIXELS` has half its width and height; `decode_photo` also tells
        the size in the file.

    Raises:
        ImageError: the file is empty, too large, truncated, or of another format.
        TransientImageError: memory is short.
    """
    return decode_photo(data, max_pixels=max_pixels).image_rgb


def decode_photo(data: bytes, *, max_pixels: int = MAX_PIXELS) -> DecodedPhoto:
    """As `decode_image`, with the size of the photo in the file."""
    if not data:
        raise ImageError("expected a picture, got an empty file", Problem.EMPTY)
    _validate_bytes(len(data))
    kind = picture_format(data)
    if kind is None:
        raise ImageError(f"expected {SUPPORTED}, got something else", Problem.FORMAT)
    try:
        with _ONE_AT_A_TIME:
            return _decode_completed(data, kind, max_pixels)
    except ImageError:
        raise
    except (DecompressionBombWarning, DecompressionBombError) as error:
        raise ImageError(
            f"expected at most {max_pixels:,} pixels, got far more",
            Problem.TOO_MANY_PIXELS,
            most_megapixels=max_pixels / 1e6,
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(f"expected {SUPPORTED}, got a damaged one") from error
    except Exception as error:
        if is_out_of_memory(error):
            raise _out_of_memory() from error
        # on hostile bytes Pillow's format modules raise many types: OSError, SyntaxError,
        # struct.error, zlib.error and IndexError were seen
        raise ImageError(f"the picture is damaged or cut short ({error})") from error


def _validate_bytes(size: int) -> None:
    if size > MAX_BYTES:
        raise ImageError(
            f"expected at most {MAX_BYTES / 1e6:.0f} MB, got {size / 1e6:.1f} MB",
            Problem.TOO_LARGE,
            got_mb=size / 1e6,
            most_mb=MAX_BYTES / 1e6,
        )


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
    return read_photo(path).image_rgb


def read_photo(path: Path | str) -> DecodedPhoto:
    """As `read_image`, with the size of the photo in the file."""
    path = Path(path)
    try:
        _validate_bytes(path.stat().st_size)
        data = path.read_bytes()
    except _LASTING as error:
        raise ImageError(f"cannot read the file: {error.strerror}", Problem.UNREADABLE) from error
    except OSError as error:
        raise TransientImageError(
            f"cannot read the file: {error.strerror}", Problem.UNREADABLE
        ) from error
    except MemoryError as error:
        raise TransientImageError(
            "not enough memory to read the file", Problem.NO_MEMORY
        ) from error
    return decode_photo(data)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error, also one of a library's own, means that memory was short."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, cv2.error):
        return error.code == cv2.Error.StsNoMem
    return "memory" in str(error).lower() and "limit exceeded" not in str(error)


def _decode_completed(data: bytes, kind: PictureFormat, max_pixels: int) -> DecodedPhoto:
    """Decode, once more with an end marker if a JPEG lacks nothing else."""
    try:
        return _decode(data, kind, max_pixels)
    except (ImageError, UnidentifiedImageError, DecompressionBombWarning, DecompressionBombError):
        raise
    except Exception as error:
        if kind != "JPEG" or is_out_of_memory(error):
            raise
        # a traceback would keep the pixels of this attempt beside those of the next
        damage = error.with_traceback(None)
        damage.__context__ = None
    try:
        image_limits.validate_jpeg(data, max_pixels, is_compared=True)
    except ImageError:
        raise damage from None
    whole = with_end_marker(data)
    if whole is None:
        raise damage
    return _decode(whole, kind, max_pixels)


def _decode(data: bytes, kind: PictureFormat, max_pixels: int) -> DecodedPhoto:
    match kind:
        case "HEIF":
            image_limits.validate_heif(data)
            # libheif tells the size only after it has taken memory
            with _telling_short_memory(max_pixels):
                return _decode_heif(data, max_pixels)
        case "AVIF":
            return _decode_avif(data, max_pixels)
        case "WEBP":
            return _decode_webp(data, max_pixels)
        case "JPEG":
            image_limits.validate_jpeg(data, max_pixels)
        case "PNG":
            image_limits.validate_png(data)
    with Image.open(io.BytesIO(data), formats=(kind,)) as picture:
        validate_size(*picture.size, max_pixels)
        with _telling_short_memory(picture.width * picture.height):
            loaded = _load(picture)
    # Pillow's pixels are free before the image is turned
    del picture
    return _upright(*loaded)


def _decode_avif(data: bytes, max_pixels: int) -> DecodedPhoto:
    header = read_avif_header(data, max_pixels)
    with (
        _telling_short_memory(header.n_pixels),
        Image.open(io.BytesIO(data), formats=("AVIF",)) as picture,
    ):
        size = picture.size
        validate_size(*size, max_pixels)
        planes, image = image_limits.avif_bytes(
            picture.mode, header.plane_bytes, has_grain=header.has_grain
        )
        coded_share = header.n_pixels / (size[0] * size[1])
        validate_peak(*size, "an AVIF", planes * coded_share + image)
        loaded = _load(picture)
    del picture
    return _upright(*loaded)


def _decode_webp(data: bytes, max_pixels: int) -> DecodedPhoto:
    header = image_limits.read_webp_header(data)
    size = (header.width_px, header.height_px)
    validate_size(*size, max_pixels)
    factor = reduction(*size)
    validate_peak(*size, "a WebP", *image_limits.webp_phases(header, factor))
    with _telling_short_memory(size[0] * size[1]):
        if not header.is_animated:
            return _decode_still_webp(data, header, factor)
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as picture:
            validate_size(*picture.size, max_pixels)
            loaded = _load(picture)
        del picture
        return _upright(*loaded)


@contextmanager
def _telling_short_memory(n_pixels: int) -> Iterator[None]:
    """Raise TransientImageError for lack of memory, which most codecs report as damaged data."""
    try:
        yield
    except ImageError:
        raise
    except Exception as error:
        if _lacks_memory(error, n_pixels):
            raise _out_of_memory() from error
        raise


def _lacks_memory(error: Exception, n_pixels: int) -> bool:
    if is_out_of_memory(error):
        return True
    try:
        # address space only: the pages are never touched
        np.empty(min(n_pixels, image_limits.MAX_DECODED_PIXELS) * _DECODER_BYTES, np.uint8)
    except MemoryError:
        return True
    return False


def _load(picture: Image.Image) -> tuple[RgbImage, tuple[int, int], Any]:
    """Pixels as they are stored, the size in the file, and EXIF's orientation."""
    size = picture.size
    factor = reduction(*size)
    if factor > 1 and picture.format in ("JPEG", "MPO"):
        # libjpeg scales while it decodes
        picture.draft(None, (size[0] // factor, size[1] // factor))
    elif picture.format == "PNG":
        pixels = image_limits.pillow_pixel_bytes(picture.mode)
        validate_peak(*size, "a PNG", pixels + 3 / factor**2)
    picture.load()
    orientation = picture.getexif().get(_EXIF_ORIENTATION, 1)
    image = picture_to_rgb(picture, factor if picture.size == size else 1)
    return image, size, orientation


def _decode_still_webp(data: bytes, header: image_limits.WebpHeader, factor: int) -> DecodedPhoto:
    flags = cv2.IMREAD_UNCHANGED
    if not header.has_alpha:
        flags = cv2.IMREAD_REDUCED_COLOR_2 if factor == 2 else cv2.IMREAD_COLOR
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if decoded is None:
        raise OSError("WebP")
    has_alpha = decoded.shape[2] == 4
    cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA if has_alpha else cv2.COLOR_BGR2RGB, dst=decoded)
    exif = Image.Exif()
    exif.load(header.exif)
    size = (header.width_px, header.height_px)
    pixels = np.asarray(decoded, np.uint8)
    image = array_to_rgb(pixels, factor) if has_alpha else pixels
    # RGBA is free before the image is turned
    del decoded, pixels
    return _upright(image, size, exif.get(_EXIF_ORIENTATION, 1))


def _decode_heif(data: bytes, max_pixels: int) -> DecodedPhoto:
    import pillow_heif

    container = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    found: Any = container[container.primary_index]
    size: tuple[int, int] = found.size
    validate_size(*size, max_pixels)
    factor = reduction(*size)
    chroma, depth = str(found.info.get("chroma", "")), int(found.info.get("bit_depth", 8))
    phases = image_limits.heif_phases(found.mode, chroma, depth, factor)
    validate_peak(*size, "a HEIC", *phases)
    # rows are longer than the image; libheif has applied the orientation
    pixels = np.asarray(found)[:, : size[0]]
    if pixels.shape[:2] != (size[1], size[0]) or pixels.dtype != np.uint8:
        raise ImageError("the picture is damaged or cut short (HEIC)")
    image = array_to_rgb(pixels, factor, premultiplied=found.mode.endswith("a"))
    return DecodedPhoto(image, *size)


def _upright(image: RgbImage, size: tuple[int, int], orientation: Any) -> DecodedPhoto:
    upright = orient(image, orientation if isinstance(orientation, int) else 1)
    width, height = size[::-1] if orientation in (5, 6, 7, 8) else size
    return DecodedPhoto(upright, width, height)


def _out_of_memory() -> TransientImageError:
    return TransientImageError("not enough memory to decode the picture", Problem.NO_MEMORY)
