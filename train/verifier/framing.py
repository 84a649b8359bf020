"""How a look at a window is framed: what its network sees, and what is stored of a sample."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Framing:
    """Sizes of the crops of one of the two looks.

    Attributes:
        input_px: side of the network's input.
        context: side of what the network sees, in sides of the window: hair, ears and chin tell a
            loose box from a tight one.
        stored_px: side of a stored crop. It is larger than the input, so that a window can be moved
            and resized at random when it is drawn, at no loss of detail.
        stored_context: side of a stored crop in sides of the window.
    """

    input_px: int
    context: float
    stored_px: int
    stored_context: float


FIRST_LOOK: Final = Framing(32, 1.5, 56, 2.2)
"""Hundreds of windows a picture. Faces of 24 px, the smallest that are judged, fill the input with
their surroundings at nearly their own size."""
SECOND_LOOK: Final = Framing(48, 1.5, 72, 2.2)
"""Some tens of windows a picture, centred by the first look."""
