"""Proposals: windows that one Haar cascade takes for faces, over an image pyramid and rotations."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.haar import ThreadLocalCascade
from maskdet_core.faces.pyramid import GreyImage, pyramid, rotate

PAD_SHARE: Final = 0.25
"""How far a window may reach past the image, in sides, over its repeated edge: finds faces that
the edge crops, and faces that fill the image."""
TILTED_MIN_RATIO: Final = 1.5
"""In rotated images the smallest window is larger by this ratio: half of the time, few faces
missed."""

Squares = NDArray[np.float64]
"""Squares: float64, shape (N, 3), left, top and side in px of the image."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Windows that the cascade accepts.

    Attributes:
        squares: (N, 3) left, top, side in px. A window of a rotated image keeps its centre and
            side, but its square is upright.
        tilts_deg: (N,) how far the image was rotated, counter-clockwise.
        scores: (N,) sums of the last stage that was run.
    """

    squares: Squares
    tilts_deg: NDArray[np.float64]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.scores)

    def __getitem__(self, index: Any) -> "Proposals":
        """Some of the windows, by a slice, a mask or indices."""
        return Proposals(self.squares[index], self.tilts_deg[index], self.scores[index])


class HaarProposer:
    """A Haar cascade over an image pyramid, upright and rotated. Thread-safe."""

    def __init__(
        self,
        path: Path,
        window_px: int,
        scale_step: float,
        tilts_deg: tuple[float, ...] = (),
        stages: int | None = None,
    ) -> None:
        """Load the cascade now, so that a broken file fails here and not at the first frame.

        Args:
            path: of the cascade.
            window_px: side of the cascade's window.
            scale_step: ratio of neighbouring window sizes.
            tilts_deg: the image is searched again rotated by each of these angles.
            stages: how many of the cascade's stages are run; None runs all.

        Raises:
            CascadeError: the file is missing or no cascade, or has fewer stages.
        """
        self._cascade, self._window_px = ThreadLocalCascade(path, stages), window_px
        self._step, self._tilts_deg = scale_step, tilts_deg

    def find(self, grey: GreyImage, min_window_px: float) -> Proposals:
        """All windows that the cascade accepts.

        Args:
            grey: uint8 (H, W), not changed.
            min_window_px: side of the smallest window. One below ``window_px`` counts as
                ``window_px``: enlarging an image adds no detail.
        """
        squares, tilts, scores = [], [], []
        for tilt_deg in (0.0, *self._tilts_deg):
            smallest_px = min_window_px * (TILTED_MIN_RATIO if tilt_deg else 1.0)
            scale = min(1.0, self._window_px / smallest_px)
            upright, to_original = rotate_scaled(grey, tilt_deg, scale)
            found, sums = self._search_levels(upright, 1.0 if tilt_deg else scale)
            if tilt_deg:
                found = to_original(found)
                centres = found[:, :2] + found[:, 2:] / 2
                inside = ((centres >= 0) & (centres < grey.shape[::-1])).all(axis=1)
                found, sums = found[inside], sums[inside]
            squares.append(found)
            tilts.append(np.full(len(found), tilt_deg))
            scores.append(sums)
        return Proposals(np.concatenate(squares), np.concatenate(tilts), np.concatenate(scores))

    def _search_levels(
        self, grey: GreyImage, first_scale: float
    ) -> tuple[Squares, NDArray[np.float64]]:
        cascade, window_px = self._cascade.get(), self._window_px
        pad = round(PAD_SHARE * window_px)
        squares: list[Squares] = [np.empty((0, 3))]
        scores: list[NDArray[np.float64]] = [np.empty(0)]
        for level, scale in pyramid(
            grey, first=first_scale, step=self._step, min_side_px=window_px - pad
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
        return np.concatenate(squares), np.concatenate(scores)


def rotate_scaled(
    grey: GreyImage, tilt_deg: float, scale: float
) -> tuple[GreyImage, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """Scale an image and rotate it about its centre, with the inverse mapping for squares.

    Args:
        grey: uint8 (H, W), not changed.
        tilt_deg: counter-clockwise; at 0 the image is returned as it is, not scaled.
        scale: at most 1.

    Returns:
        The rotated image, its edge repeated into the corners, and a function from squares (N, 3)
        in it to upright squares (N, 3) with the same centres in the original.
    """
    if tilt_deg == 0.0:
        return grey, lambda squares: squares
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    rotated, matrix = rotate(np.asarray(small, np.uint8), tilt_deg)
    inverse = cv2.invertAffineTransform(matrix)
    upscale = np.array([grey.shape[1] / width, grey.shape[0] / height])

    def to_original(squares: NDArray[np.float64]) -> NDArray[np.float64]:
        side = squares[:, 2:] * upscale.mean()
        centres = (squares[:, :2] + squares[:, 2:] / 2) @ inverse[:, :2].T + inverse[:, 2]
        return np.hstack([centres * upscale - side / 2, side])

    return rotated, to_original
