"""The portrait's face, and the portrait with a mask."""

import numpy as np
from numpy.typing import NDArray

from maskdet_core import FaceBox

# by eye and by the reference detector: forehead to chin of the portrait
FACE = FaceBox(184, 62, 80, 110, 1.0)


def with_mask(portrait: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The portrait with a plain light cloth from the bridge of the nose to the chin."""
    masked = portrait.copy()
    x, y, w, h = FACE.xywh
    masked[y + round(0.52 * h) : y + h, x + round(0.08 * w) : x + round(0.92 * w)] = (205, 215, 225)
    return masked
