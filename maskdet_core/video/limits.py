"""Limits on a video file that are validated before its frames are decoded."""

from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 4_000_000_000
"""A day's length of a camera is cut into pieces of this size or less: FAT32 holds no larger."""
MAX_LENGTH_S: Final = 4 * 3600.0
"""More than any film; a recording of a camera is longer only if nobody cut it."""
MAX_PIXELS: Final = 8192 * 4320
"""Of a frame: what the largest level of H.264 and H.265 allows. A decoder holds some twenty."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What is read at most.

    Attributes:
        max_bytes: size of the file.
        max_length_s: length that the file declares, and that is read of a file that declares none.
        max_pixels: of a frame.
    """

    max_bytes: int = MAX_BYTES
    max_length_s: float = MAX_LENGTH_S
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        """Validate the numbers.

        Raises:
            ValueError: a limit of 0 or below.
        """
        if self.max_bytes <= 0 or self.max_length_s <= 0 or self.max_pixels <= 0:
            raise ValueError(f"expected limits above 0, got {self}")
