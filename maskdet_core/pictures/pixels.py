"""Convert decoded pixels to RGB strip by strip, so that no second copy of a large image is held."""

from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from maskdet_core.types import RgbImage

STRIP_PIXELS: Final = 500_000
"""Pixels converted at once: at most 13 bytes each, for blending over white."""

_WIDE_MODES: Final = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_WHITE: Final = 255


def picture_to_rgb(picture: Image.Image, factor: int = 1) -> RgbImage:
    """Convert a loaded image of Pillow's.

    Args:
        picture: of any mode, not changed. Transparency is blended over white.
        factor: by which width and height are divided, rounded up: 1 or 2.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous.
    """
    width, height = picture.size
    return _in_strips(
        lambda top, bottom: _strip_to_rgb(picture.crop((0, top, width, bottom))),
        width,
        height,
        factor,
    )


def array_to_rgb(
    pixels: NDArray[np.uint8], factor: int = 1, *, premultiplied: bool = False
) -> RgbImage:
    """Convert decoded pixels.

    Args:
        pixels: uint8 (H, W), (H, W, 3) RGB or (H, W, 4) RGBA, not changed.
        factor: see `picture_to_rgb`.
        premultiplied: whether the colours are multiplied by alpha already.

    Returns:
        uint8 (H, W, 3), RGB, C-contiguous.
    """
    height, width = pixels.shape[:2]

    def strip(top: int, bottom: int) -> NDArray[np.uint8]:
        part = pixels[top:bottom]
        if part.ndim == 2:
            return np.repeat(part[:, :, None], 3, axis=2)
        if part.shape[2] == 3:
            return part
        if premultiplied:
            clear = _WHITE - part[:, :, 3:].astype(np.uint16)
            blended: NDArray[np.uint16] = np.minimum(part[:, :, :3] + clear, _WHITE)
            return blended.astype(np.uint8)
        return _strip_to_rgb(Image.fromarray(np.ascontiguousarray(part)))

    return _in_strips(strip, width, height, factor)


def orient(image_rgb: RgbImage, orientation: int) -> RgbImage:
    """Turn and mirror an image as EXIF's orientation asks.

    Args:
        image_rgb: uint8 (H, W, 3).
        orientation: 1 to 8; other values mean 1.

    Returns:
        The image itself for 1, else a new one.
    """
    match orientation:
        case 2:
            return _array(cv2.flip(image_rgb, 1))
        case 3:
            return _array(cv2.rotate(image_rgb, cv2.ROTATE_180))
        case 4:
            return _array(cv2.flip(image_rgb, 0))
        case 5:
            return _array(cv2.transpose(image_rgb))
        case 6:
            return _array(cv2.rotate(image_rgb, cv2.ROTATE_90_CLOCKWISE))
        case 7:
            rotated = cv2.transpose(image_rgb)
            return _array(cv2.flip(rotated, -1, dst=rotated))
        case 8:
            return _array(cv2.rotate(image_rgb, cv2.ROTATE_90_COUNTERCLOCKWISE))
        case _:
            return image_rgb


def _array(image: object) -> RgbImage:
    return np.asarray(image, dtype=np.uint8, order="C")


def _in_strips(
    strip: Callable[[int, int], NDArray[np.uint8]], width: int, height: int, factor: int
) -> RgbImage:
    result = np.empty((-(-height // factor), -(-width // factor), 3), np.uint8)
    for top, bottom in _bounds(width, height):
        part = strip(top, bottom)
        if factor == 1:
            result[top:bottom] = part
            continue
        n_rows, n_columns = part.shape[0] % factor, width % factor
        if n_rows or n_columns:
            # the last row and column count for the pixels that the image lacks
            part = np.pad(part, ((0, n_rows), (0, n_columns), (0, 0)), mode="edge")
        size = (part.shape[1] // factor, part.shape[0] // factor)
        rows = slice(top // factor, top // factor + size[1])
        result[rows] = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_AREA)
    return result


def _bounds(width: int, height: int) -> Iterator[tuple[int, int]]:
    n_rows = max(2, STRIP_PIXELS // width // 2 * 2)
    for top in range(0, height, n_rows):
        yield top, min(top + n_rows, height)


def _strip_to_rgb(part: Image.Image) -> NDArray[np.uint8]:
    if part.mode in _WIDE_MODES:
        # Pillow's convert() clips at 255 instead of scaling, which turns the image white
        grey = np.clip(np.asarray(part) // 257, 0, _WHITE).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if part.has_transparency_data:
        clear = part.convert("RGBA")
        part = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return np.asarray(part.convert("RGB"), dtype=np.uint8)
