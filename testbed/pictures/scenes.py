"""Video scenes with a known number of faces, made from one public-domain portrait."""

from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

WIDTH_PX: Final = 640
HEIGHT_PX: Final = 480
_FACE: Final = (slice(0, 250), slice(120, 320))
"""Rows and columns of the astronaut's head and shoulders in scikit-image's portrait."""
_GRIDS: Final = {0: (1, 1), 1: (1, 1), 3: (3, 1), 4: (2, 2), 8: (4, 2)}
"""Columns and rows by the number of heads."""


def scene(n_faces: int, n_frames: int, *, noise: float = 3.0) -> Iterator[NDArray[np.uint8]]:
    """Frames of swaying heads, uint8 RGB (480, 640, 3), that loop seamlessly.

    Args:
        n_faces: 0, 1, 3, 4 or 8.
        n_frames: length of the loop.
        noise: standard deviation of the camera noise, in grey levels.
    """
    columns, rows = _GRIDS[n_faces]
    head: Any = data.astronaut()[_FACE]  # type: ignore[no-untyped-call]
    cell_h, cell_w = HEIGHT_PX // rows, WIDTH_PX // columns
    scale = min(0.92 * cell_h / head.shape[0], cell_w / head.shape[1])
    head = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(7)
    for step in range(n_frames):
        angle = 2 * np.pi * step / n_frames
        image = np.full((HEIGHT_PX, WIDTH_PX, 3), (112, 124, 130), np.uint8)
        for i in range(n_faces):
            dx, dy = 12 * np.sin(2 * angle + i), 6 * np.sin(3 * angle + 2 * i)
            x = (i % columns) * cell_w + (cell_w - head.shape[1]) / 2 + dx
            y = (i // columns) * cell_h + (cell_h - head.shape[0]) / 2 + dy
            _paste(image, head, round(x), round(y))
        grain = rng.normal(0, noise, (HEIGHT_PX, WIDTH_PX, 1)).astype(np.int16)
        yield np.clip(image + grain, 0, 255).astype(np.uint8)


def _paste(image: NDArray[np.uint8], head: NDArray[np.uint8], x: int, y: int) -> None:
    height, width = image.shape[:2]
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(width, x + head.shape[1]), min(height, y + head.shape[0])
    image[y0:y1, x0:x1] = head[y0 - y : y1 - y, x0 - x : x1 - x]
