"""Proposals: windows that one Haar cascade takes for faces, over an image pyramid."""

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
        scores: (N,) sums of the last stage that was run.
    """

    squares: Squares
    scores: NDArray[np.float64]


class HaarProposer:
    """A Haar cascade over an image pyramid. Thread-safe."""

    def __init__(
        self,
        path: Path,
        window_px: int,
        scale_step: float,
        stages: int | None = None,
    ) -> None:
        """Load the cascade now, so that a broken file fails here and not at the first frame.

        Args:
            path: of the cascade.
            window_px: side of the cascade's window.
            scale_step: ratio of neighbouring window sizes.
            stages: how many of the cascade's stages are run; None runs all.

        Raises:
            CascadeError: the file is missing or no cascade, or has fewer stages.
        """
        self._cascade, self._window_px = ThreadLocalCascade(path, stages), window_px
        self._step = scale_step

    def find(self, grey: GreyImage, min_window_px: float) -> Proposals:
        """All windows that the cascade accepts.

        Args:
            grey: uint8 (H, W), not changed.
            min_window_px: side of the smallest window. One below ``window_px`` counts as
                ``window_px``: enlarging an image adds no detail.
        """
        cascade, window_px = self._cascade.get(), self._window_px
        first = min(1.0, window_px / min_window_px)
        pad = round(PAD_SHARE * window_px)
        squares: list[Squares] = [np.empty((0, 3))]
        scores: list[NDArray[np.float64]] = [np.empty(0)]
        for level, scale in pyramid(
            grey, first=first, step=self._step, min_side_px=window_px - pad
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
