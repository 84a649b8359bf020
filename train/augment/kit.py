"""What augmentation may lay over a face: hands, drawn masks, objects, clothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from train.augment.hands import HandPaster
from train.data.faces.datasets import FaceSample
from train.data.faces.eyes import Eyes

Picture = NDArray[np.uint8]


class DrawsMasks(Protocol):
    """Draws a mask onto a bare face."""

    def paint(
        self, rgb: Picture, /, eyes: Eyes, rng: np.random.Generator, *, wrong: bool
    ) -> Picture | None:
        """A copy of a framed face, uint8 (S, S, 3), with a mask, or None where none fits.

        Args:
            rgb: the face.
            eyes: left and right in the picture, px.
            rng: draws the mask.
            wrong: leave nose or mouth free.
        """


class HoldsObject(Protocol):
    """Holds a thing before the mouth or beside it."""

    def __call__(self, rgb: Picture, rng: np.random.Generator, /, *, over_mouth: bool) -> Picture:
        """A copy of a framed face, uint8 (S, S, 3), with the thing."""


class Wears(Protocol):
    """Puts clothing around head and neck."""

    def __call__(
        self, rgb: Picture, eyes: Eyes, rng: np.random.Generator, /, *, highest: float
    ) -> Picture:
        """A copy of a framed face, uint8 (S, S, 3), with the clothing.

        Args:
            rgb: the face.
            eyes: left and right in the picture, px.
            rng: draws the clothing.
            highest: highest edge of cloth before mouth and chin, in distances between the pupils
                below the eyes.
        """


@dataclass(frozen=True)
class AugmentKit:
    """The things at hand; what is None is not laid over any face.

    Attributes:
        hands: lays hands over faces.
        masks: draws masks onto bare faces whose eyes are known.
        objects: holds things before mouths.
        clothing: puts collars, scarves, hoods and straps around faces.
        eyes: of bare faces, in fractions of their plain crop, which masks and clothing are placed
            by; see `train.data.faces.eyes.find_eyes`.
    """

    hands: HandPaster | None = None
    masks: DrawsMasks | None = None
    objects: HoldsObject | None = None
    clothing: Wears | None = None
    eyes: Mapping[FaceSample, Eyes] = field(default_factory=dict)


EMPTY = AugmentKit()
