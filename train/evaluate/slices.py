"""Hard parts of a test: small, blurred and dark faces; something at the mouth; coarse faces."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import WITHOUT_MASK
from train.augment.hands import HandPaster
from train.data.faces.datasets import OUTPUTS, FaceSample
from train.data.faces.images import face_box, plain_crop, read_rgb

Crops = NDArray[np.uint8]

SMALL_PX: Final = 32
"""Faces whose crop's side is shorter in its picture count as small."""
DARK_LUMA: Final = 70.0
"""Crops whose mean luma is below count as dark."""
BLUR_VARIANCE: Final = 60.0
"""Crops whose Laplacian has a smaller variance count as blurred (Pech-Pacheco et al., ICPR 2000);
the value selects about the blurriest sixth of the tests."""


def side_px(sample: FaceSample) -> int:
    """Side of the sample's crop in its own picture."""
    box = face_box(sample, *read_rgb(sample.path).shape[:2])
    return max(box.w, box.h)


def is_dark(crop: Crops) -> bool:
    """Whether one crop, uint8 RGB, is dark."""
    return float(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).mean()) < DARK_LUMA


def is_blurred(crop: Crops) -> bool:
    """Whether one crop, uint8 RGB, shows little detail."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var()) < BLUR_VARIANCE


def slices(samples: Sequence[FaceSample], crops: Crops) -> dict[str, NDArray[np.bool_]]:
    """Which samples belong to each hard part: name in words, mask (N,)."""
    tests: dict[str, Callable[[int], bool]] = {
        f"below {SMALL_PX} px": lambda i: side_px(samples[i]) < SMALL_PX,
        f"{SMALL_PX} px and more": lambda i: side_px(samples[i]) >= SMALL_PX,
        "blurred": lambda i: is_blurred(crops[i]),
        "dark": lambda i: is_dark(crops[i]),
    }
    return {
        name: np.array([test(i) for i in range(len(samples))], np.bool_)
        for name, test in tests.items()
    }


def with_hands(samples: Sequence[FaceSample], hands: Sequence[Path], seed: int = 7) -> Crops:
    """Plain crops with hands of students that were not trained on, uint8 (N, 128, 128, 3).

    Over the mouth of bare faces; over or beside masked ones, alternately.
    """
    return with_things(samples, HandPaster(hands).paste, seed)


class Paste(Protocol):
    """Lays something over a framed face."""

    def __call__(self, rgb: Crops, rng: np.random.Generator, *, over_mouth: bool) -> Crops:
        """A copy of one crop, uint8 RGB (S, S, 3), with something over or beside the mouth."""
        ...


def with_things(samples: Sequence[FaceSample], paste: Paste, seed: int = 7) -> Crops:
    """Plain crops with something pasted, uint8 (N, 128, 128, 3), the same each time.

    Over the mouth of bare faces; over or beside masked ones, alternately.
    """
    crops = []
    for i, sample in enumerate(samples):
        over_mouth = OUTPUTS[sample.label] == WITHOUT_MASK or i % 2 == 0
        rng = np.random.default_rng((seed, i))
        crops.append(paste(plain_crop(sample), rng, over_mouth=over_mouth))
    return np.stack(crops)


def coarse(crops: Crops, side_px: int) -> Crops:
    """Crops (N, S, S, 3) as if the faces had been this small, blown up again."""
    size = crops.shape[1]
    small = [cv2.resize(c, (side_px, side_px), interpolation=cv2.INTER_AREA) for c in crops]
    return np.stack(
        [
            np.asarray(cv2.resize(c, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
            for c in small
        ]
    )
