"""Proposals: windows that a Haar cascade takes for faces, over an image pyramid."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.haar import ThreadLocalCascade
from maskdet_core.faces.pyramid import GreyImage, pyramid

PAD_SHARE: Final = 0.25
"""How far a window may reach past the image, in sides, over its repeated edge: finds faces that
the edge crops, and faces that fill the image."""

Squares = NDArray[np.float64]
"""Squares: float64, shape (N, 3), left, top and side in px of the image."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Windows that the cascade accepts.

    Attributes:
        squares: (N, 3) left, top, side in px.
        scores: (N,) sums of the cascade's last stage.
    """

    squares: Squares
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.scores)


class HaarProposer:
    """A Haar cascade over an image pyramid. Thread-safe."""

    def __init__(self, path: Path, window_px: int) -> None:
        """Load the cascade now, so that a broken file fails here and not at the first frame.

        Args:
            path: of the cascade.
            window_px: side of the cascade's window.

        Raises:
            CascadeError: the file is missing or no cascade.
        """
        self._cascade, self._window_px = ThreadLocalCascade(path), window_px

    def find(self, grey: GreyImage, min_window_px: float, scale_step: float) -> Proposals:
        """All windows that the cascade accepts.

        Args:
            grey: uint8 (H, W), not changed.
            min_window_px: side of the smallest window. One below ``window_px`` counts as
                ``window_px``: enlarging an image adds no detail.
            scale_step: ratio of neighbouring window sizes, above 1.
        """
        cascade, window_px = self._cascade.get(), self._window_px
        pad = round(PAD_SHARE * window_px)
        squares: list[Squares] = [np.empty((0, 3))]
        scores: list[NDArray[np.float64]] = [np.empty(0)]
        first = min(1.0, window_px / min_window_px)
        for level, scale in pyramid(
            grey, first=first, step=scale_step, min_side_px=window_px - pad
        ):
            found, _, sums = cascade.detectMultiScale3(
                cv2.copyMakeBorder(level, pad, pad, pad, pad, cv2.BORDER_REPLICATE),
                minNeighbors=0,
                minSize=(window_px, window_px),
                maxSize=(window_px, window_px),
                outputRejectLevels=True,
            )
            if len(found):
                side = np.full((len(found), 1), window_px / scale)
                squares.append(np.hstack([(found[:, :2] - pad) / scale, side]))
                scores.append(np.asarray(sums, np.float64).ravel())
        return Proposals(np.concatenate(squares), np.concatenate(scores))
