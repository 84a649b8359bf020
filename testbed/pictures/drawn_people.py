"""Pictures and films of several people with and without masks, all drawn on one portrait.

For screenshots: the pictures show nobody but the public-domain portrait.
"""

import io
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from train.samples import portrait as samples
from train.samples.film import FPS, N_FRAMES, film

Rgb = NDArray[np.uint8]
_EVERY: Final = 2
"""Which frames of the demo film are in that of the pair."""
_BEHIND_S: Final = 5
"""How much later the second person of the pair does the same."""
_MIDDLE: Final = slice(160, 600)
"""Columns of the demo film that hold the head."""
_LOOKS: Final = (5 * FPS, 1 * FPS, 8 * FPS)
"""Frames of the demo film with a mask, with none, and with one on the chin."""


def group(columns: int, rows: int) -> Rgb:
    """People beside and above each other: masks, one worn wrong, and bare faces.

    Returns:
        uint8 RGB, 480 px high for each row and 440 px wide for each column.
    """
    masked, bare, worn_wrong = (picture[:, _MIDDLE] for picture in film(samples.portrait(), _LOOKS))
    looks = (masked, bare, worn_wrong, masked)
    cells = [looks[n % len(looks)][:, :: 1 - 2 * (n % 2)] for n in range(columns * rows)]
    lines = [np.hstack(cells[n * columns : (n + 1) * columns]) for n in range(rows)]
    return np.ascontiguousarray(np.vstack(lines))


def before_camera() -> Rgb:
    """Six people as a camera sees them, uint8 (480, 640, 3) RGB: three masks, one worn wrong."""
    people = group(3, 2)[:, 20:1300]
    return np.asarray(cv2.resize(people, (640, 480), interpolation=cv2.INTER_AREA), np.uint8)


def wall() -> Rgb:
    """A wall with light from one side and nobody before it, uint8 (480, 640, 3) RGB."""
    light = np.linspace(200, 130, 640)[None, :, None] + np.zeros((480, 1, 3))
    return np.asarray(light, np.uint8)


def swaying(picture_rgb: Rgb, n_frames: int = 24) -> Iterator[Rgb]:
    """Frames of a loop in which a picture sways.

    Args:
        picture_rgb: uint8 (H, W, 3).
        n_frames: length of the loop.
    """
    height, width = picture_rgb.shape[:2]
    for n in range(n_frames):
        shift = 6 * np.sin(n / n_frames * 2 * np.pi)
        matrix = np.array([[1.0, 0.0, shift], [0.0, 1.0, shift / 3]])
        moved = cv2.warpAffine(
            picture_rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        yield np.asarray(moved, np.uint8)


def pair_film() -> Iterator[tuple[float, Rgb]]:
    """Two people who put masks on, pull them down and take them off, one after the other.

    Yields:
        Time in s and uint8 (480, 880, 3) RGB, as `testbed.pictures.films.film_bytes` takes them.
    """
    numbers = range(0, N_FRAMES, _EVERY)
    frames = [picture[:, _MIDDLE] for picture in film(samples.portrait(), numbers)]
    for n, first in enumerate(frames):
        second = frames[(n - _BEHIND_S * FPS // _EVERY) % len(frames)]
        yield n * _EVERY / FPS, np.ascontiguousarray(np.hstack([first, second[:, ::-1]]))


def jpeg_bytes(picture_rgb: Rgb) -> bytes:
    """A picture, uint8 (H, W, 3) RGB, as a JPEG file's bytes."""
    file = io.BytesIO()
    Image.fromarray(picture_rgb).save(file, "JPEG", quality=92)
    return file.getvalue()
