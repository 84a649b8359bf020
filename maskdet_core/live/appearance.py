"""Notice that a face looks different from when it was last judged."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.live.optical_flow import Grey

SIDE: Final = 8
CHANGED: Final = 0.4
"""Mean difference of the lower halves, in standard deviations of brightness, from which on a face
has changed. On a portrait a light mask makes 0.50, a dark one 0.79, a hand 0.43; camera noise and
half the light below 0.02, boxes a few px off 0.2 to 0.4. A false alarm costs one look."""

View = NDArray[np.float32]
"""(SIDE, SIDE) brightness of a face, mean 0 and standard deviation 1."""


def view(grey: Grey, box: NDArray[np.float64], width_px: int) -> View | None:
    """What a face looks like, whatever the light.

    Args:
        grey: from `shrink`.
        box: (4,) left, top, width, height in px of the full picture.
        width_px: of the full picture.

    Returns:
        None for a face that is too small or outside.
    """
    zoom = grey.shape[1] / width_px
    x, y, w, h = (round(float(side) * zoom) for side in box)
    patch = grey[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
    if min(patch.shape) < SIDE:
        return None
    small = cv2.resize(patch, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray((small - small.mean()) / (small.std() + 1.0), np.float32)


def has_changed(before: View | None, now: View | None) -> bool:
    """Whether two views of a face differ; one that is missing says nothing."""
    if before is None or now is None:
        return False
    return float(np.abs(before - now)[SIDE // 2 :].mean()) > CHANGED
