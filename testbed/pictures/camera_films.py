"""Films for the fake camera of a Chromium."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

FRAMES_A_SECOND: Final = 10
"""As often as the panel changes in the tests, and few enough for two live videos on two cores."""


def write(path: Path, frames_rgb: Iterable[NDArray[np.uint8]], fps: int = FRAMES_A_SECOND) -> Path:
    """Write an uncompressed film; Chromium plays MJPEG at 30 frames a second, this as it says.

    Args:
        path: ending in ``.y4m``; returned.
        frames_rgb: at least one uint8 (H, W, 3) with even sides; one size for all.
        fps: frames a second.

    Raises:
        ValueError: there is no frame, or they differ in size.
    """
    shape = None
    with path.open("wb") as output:
        for image in frames_rgb:
            if shape is None:
                shape = image.shape
                output.write(f"YUV4MPEG2 W{shape[1]} H{shape[0]} F{fps}:1 Ip C420\n".encode())
            if image.shape != shape:
                raise ValueError(f"expected frames of shape {shape}, got {image.shape}")
            output.write(b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).tobytes())
    if shape is None:
        raise ValueError("expected at least one frame")
    return path
