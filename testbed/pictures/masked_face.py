"""A film for a browser's camera in which one person wears a mask, of few and small frames."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from testbed.pictures import camera_films
from train.samples import portrait as samples

FRAME_PX: Final = (320, 240)
"""Width and height: four tabs and their server run on two cores."""
_SHIFTS_PX: Final = (0, 2, 4, 6, 4, 2)


def write(path: Path, fps: int) -> Path:
    """Write the film, of a face that moves to the right and back.

    Args:
        path: ending in ``.y4m``; returned.
        fps: frames a second.
    """
    masked_rgb = samples.as_camera(samples.draw_mask(samples.portrait()))
    small_rgb = cv2.resize(masked_rgb, FRAME_PX, interpolation=cv2.INTER_AREA)
    frames = []
    for shift in _SHIFTS_PX:
        frame = np.asarray(small_rgb, np.uint8).copy()
        frame[:, shift:] = small_rgb[:, : FRAME_PX[0] - shift]
        frames.append(frame)
    return camera_films.write(path, frames, fps)
