"""A film of a head that puts a mask on, pulls it under the nose and takes it off.

Drawn on the public-domain portrait, for tests of how soon and how steadily verdicts follow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core import Verdict
from train.samples import portrait as samples

ON_PX: Final = 0
UNDER_NOSE_PX: Final = 45
OFF_PX: Final = 310
"""How much lower than worn the mask is, on the doubled portrait; the last is out of view."""
STAY_S: Final = 2.0
MOVE_S: Final = 0.3
_KEYS: Final = (OFF_PX, ON_PX, UNDER_NOSE_PX, OFF_PX, UNDER_NOSE_PX, ON_PX, OFF_PX)
"""Bare, put on, pulled down, taken off, put on the chin, pulled up, taken off."""
_TRUTH: Final = {
    ON_PX: Verdict.WITH_MASK,
    UNDER_NOSE_PX: Verdict.WORN_WRONG,
    OFF_PX: Verdict.WITHOUT_MASK,
}


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One frame.

    Attributes:
        at_s: since the beginning.
        image_rgb: uint8 (480, 640, 3).
        truth: None while the mask moves.
        since_s: for how long the truth has been so.
    """

    at_s: float
    image_rgb: NDArray[np.uint8]
    truth: Verdict | None
    since_s: float


def mask_film(portrait_rgb: NDArray[np.uint8], fps: float) -> Iterator[FilmFrame]:
    """Play the film once.

    Args:
        portrait_rgb: see `train.samples.portrait.portrait`.
        fps: frames a second.
    """
    bare = samples.doubled(portrait_rgb)
    masked = samples.draw_mask(portrait_rgb)
    period_s = STAY_S + MOVE_S
    cameras: dict[int, NDArray[np.uint8]] = {}
    n_frames = round(fps * (len(_KEYS) * period_s - MOVE_S))
    for n in range(n_frames):
        at_s = n / fps
        key, in_s = divmod(at_s, period_s)
        here = _KEYS[int(key)]
        lower_px, truth = here, None
        if in_s < STAY_S:
            truth = _TRUTH[here]
        else:
            there = _KEYS[int(key) + 1]
            lower_px = round(here + (there - here) * (in_s - STAY_S) / MOVE_S)
        if lower_px not in cameras:
            cameras[lower_px] = samples.as_camera(_with_mask(bare, masked, lower_px))
        yield FilmFrame(at_s, _swayed(cameras[lower_px], at_s), truth, in_s)


def _with_mask(
    bare: NDArray[np.uint8], masked: NDArray[np.uint8], lower_px: int
) -> NDArray[np.uint8]:
    picture = bare.copy()
    is_mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(is_mask, [samples.MASK_OUTLINE + np.array([0, lower_px])], 255)
    lowered = np.roll(masked, lower_px, axis=0)
    picture[is_mask > 0] = lowered[is_mask > 0]
    return picture


def _swayed(picture: NDArray[np.uint8], at_s: float) -> NDArray[np.uint8]:
    angle, shift = 2.0 * np.sin(1.3 * at_s), 14.0 * np.sin(2.1 * at_s)
    matrix = cv2.getRotationMatrix2D((320, 240), float(angle), 1.0 + 0.03 * np.sin(at_s))
    matrix[:, 2] += (shift, shift / 3)
    moved = cv2.warpAffine(picture, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)
