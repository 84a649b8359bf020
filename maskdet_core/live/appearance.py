"""Detect that a face looks different from when it was last classified."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.live.optical_flow import Grey

PATCH_SIDE_PX: Final = 8
CHANGED: Final = 0.4
"""Mean absolute difference of the lower halves of two patches, in standard deviations of
brightness, above which a face has changed. On a portrait a light mask gives 0.50, a dark one 0.79,
a hand 0.43; camera noise and half the light less than 0.02, a box shifted by a few px 0.2 to 0.4.
A false alarm costs one extra inference."""

Patch = NDArray[np.float32]
"""(PATCH_SIDE_PX, PATCH_SIDE_PX) brightness of a face, mean 0 and standard deviation 1."""


def face_patch(grey: Grey, box: NDArray[np.float64], width_px: int) -> Patch | None:
    """A small view of a face, normalised so that it does not depend on the light.

    Args:
        grey: from `shrink`.
        box: (4,) left, top, width, height in px of the full frame.
        width_px: of the full frame.

    Returns:
        None for a face that is too small or outside the frame.
    """
    scale = grey.shape[1] / width_px
    x, y, w, h = (round(float(side) * scale) for side in box)
    face = grey[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
    if min(face.shape) < PATCH_SIDE_PX:
        return None
    side = (PATCH_SIDE_PX, PATCH_SIDE_PX)
    small = cv2.resize(face, side, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray((small - small.mean()) / (small.std() + 1.0), np.float32)


def has_changed(before: Patch | None, now: Patch | None) -> bool:
    """Whether two patches of a face differ; False where one is missing."""
    if before is None or now is None:
        return False
    return float(np.abs(before - now)[PATCH_SIDE_PX // 2 :].mean()) > CHANGED
