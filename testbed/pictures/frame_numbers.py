"""Numbers burnt into the frames of a film: they survive compression, scaling and mirroring."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

N_BITS: Final = 10
MAX_NUMBER: Final = 2**N_BITS - 1
BAR_TOP: Final = 0.94
"""The bar covers the picture below this share of its height."""
CELL_WIDTH: Final = 0.04
"""Share of the picture's width. The cells begin in the middle, to the right and again to the left:
mirroring does not change them."""
_LIGHT: Final = 128


def burn(image_rgb: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Write a number as a bar of black and white cells: its bits, highest first, and their parity.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        number: 0 to `MAX_NUMBER`.

    Raises:
        ValueError: number out of range.
    """
    if not 0 <= number <= MAX_NUMBER:
        raise ValueError(f"expected a number of 0 to {MAX_NUMBER}, got {number}")
    height, width = image_rgb.shape[:2]
    burnt = image_rgb.copy()
    burnt[round(BAR_TOP * height) :] = 0
    bits = [number >> bit & 1 for bit in reversed(range(N_BITS))]
    for i, bit in enumerate([*bits, sum(bits) % 2]):
        near, far = (round((i + j) * CELL_WIDTH * width) for j in (0, 1))
        for x0, x1 in (
            (width // 2 + near, width // 2 + far),
            (width // 2 - far, width // 2 - near),
        ):
            burnt[round(BAR_TOP * height) :, x0:x1] = 255 * bit
    return burnt


def read(image: NDArray[np.uint8]) -> int | None:
    """The number burnt into a picture of any size; None where the parity is wrong.

    Args:
        image: uint8 (H, W, 3) RGB, or (H, W) brightness.
    """
    height, width = image.shape[:2]
    row = round((1 + BAR_TOP) / 2 * height)
    columns = [round((0.5 + (i + 0.5) * CELL_WIDTH) * width) for i in range(N_BITS + 1)]
    near = [image[row - 2 : row + 3, x - 2 : x + 3] for x in columns]
    *bits, parity = (int(float(patch.mean()) > _LIGHT) for patch in near)
    if sum(bits) % 2 != parity:
        return None
    return sum(bit << i for i, bit in enumerate(reversed(bits)))
