"""What the evaluation knows of pictures beyond the splits: people's framing, drawing tools."""

from importlib import import_module
from typing import Any, Final

from train.data.boxes import Box

PEOPLE_BOX: Final[Box] = (0.11, -0.06, 0.75, 0.97)
"""Face in a picture of UTKFace, which is aligned by landmarks: the median of the shipped finder's
boxes on 80 of them, whose sides vary by 8 % (standard deviation)."""
PEOPLE_EYES: Final = ((0.29, 0.29), (0.68, 0.29))
"""Eyes in the same pictures, fractions: medians of OpenCV's eye cascade on 150 of them. Taken for
everyone, since the cascade finds some groups' eyes more often than others'; they vary by 1 % of the
side up and down and 3 % across."""


def optional_part(module: str, name: str) -> Any | None:
    """A drawing tool of the augmentation, None where this version does not have it."""
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None
