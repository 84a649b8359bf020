"""The search: one Haar cascade over a pyramid of the picture, upright and turned."""

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
"""How far a window may reach past the picture, in sides, over its repeated edge: finds faces that
the edge cuts, and faces that fill the picture."""
TILTED_LEAST: Final = 1.5
"""Turned searches ask for faces so many times larger: half of the time for few of the faces."""

Squares = NDArray[np.float64]
"""Squares (N, 3): left, top and side in px of the picture."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Windows that the search takes for faces.

    Attributes:
        squares: (N, 3) left, top, side in px; those of a turned picture have their own centre and
            side, but stand upright.
        tilts_deg: (N,) how far the picture was turned, counter-clockwise.
        scores: (N,) sums of the cascade's last stage.
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
    """One cascade, looked for in whole pictures. Shared safely by threads."""

    def __init__(
        self, path: Path, window_px: int, scale_step: float, tilts_deg: tuple[float, ...] = ()
    ) -> None:
        """Load the cascade now, so that a broken file is not found out at the first frame.

        Args:
            path: of the cascade.
            window_px: side of its window.
            scale_step: ratio of neighbouring window sizes.
            tilts_deg: the picture is searched again turned by each of these.

        Raises:
            CascadeError: the file is missing or no cascade.
        """
        self._cascade, self._window = ThreadLocalCascade(path), window_px
        self._step, self._tilts = scale_step, tilts_deg

    def find(self, grey: GreyImage, least_px: float) -> Proposals:
        """All windows that pass the cascade.

        Args:
            grey: uint8 (H, W).
            least_px: side of the smallest window; one below the cascade's own counts as its own,
                since enlarging a picture gains no detail.
        """
        squares, tilts, scores = [], [], []
        for tilt_deg in (0.0, *self._tilts):
            least = least_px * (TILTED_LEAST if tilt_deg else 1.0)
            first = min(1.0, self._window / least)
            upright, back = rotated(grey, tilt_deg, first)
            found, sums = self._levels(upright, 1.0 if tilt_deg else first)
            if tilt_deg:
                found = back(found)
                centres = found[:, :2] + found[:, 2:] / 2
                inside = ((centres >= 0) & (centres < grey.shape[::-1])).all(axis=1)
                found, sums = found[inside], sums[inside]
            squares.append(found)
            tilts.append(np.full(len(found), tilt_deg))
            scores.append(sums)
        return Proposals(np.concatenate(squares), np.concatenate(tilts), np.concatenate(scores))

    def _levels(self, grey: GreyImage, first: float) -> tuple[Squares, NDArray[np.float64]]:
        cascade, window = self._cascade.get(), self._window
        pad = round(PAD_SHARE * window)
        squares: list[Squares] = [np.empty((0, 3))]
        scores: list[NDArray[np.float64]] = [np.empty(0)]
        for level, zoom in pyramid(grey, first=first, step=self._step, least_px=window - pad):
            found, _, sums = cascade.detectMultiScale3(
                cv2.copyMakeBorder(level, pad, pad, pad, pad, cv2.BORDER_REPLICATE),
                minNeighbors=0,
                minSize=(window, window),
                maxSize=(window, window),
                outputRejectLevels=True,
            )
            if len(found):
                side = np.full((len(found), 1), window / zoom)
                squares.append(np.hstack([(found[:, :2] - pad) / zoom, side]))
                scores.append(np.asarray(sums, np.float64).ravel())
        return np.concatenate(squares), np.concatenate(scores)


def rotated(
    grey: GreyImage, tilt_deg: float, zoom: float
) -> tuple[GreyImage, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """The whole picture turned about its centre and scaled, and the way back for squares.

    Args:
        grey: uint8 (H, W).
        tilt_deg: counter-clockwise; 0 hands the picture back as it is, not scaled.
        zoom: at most 1.

    Returns:
        The turned picture, its corners filled by repeating the edge, and a function from squares
        (N, 3) in it to upright squares with the same centres in the original.
    """
    if tilt_deg == 0.0:
        return grey, lambda squares: squares
    height, width = (max(1, round(side * zoom)) for side in grey.shape)
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    picture, matrix = rotate(np.asarray(small, np.uint8), tilt_deg)
    inverse = cv2.invertAffineTransform(matrix)
    scale = np.array([grey.shape[1] / width, grey.shape[0] / height])

    def back(squares: NDArray[np.float64]) -> NDArray[np.float64]:
        side = squares[:, 2:] * scale.mean()
        centres = (squares[:, :2] + squares[:, 2:] / 2) @ inverse[:, :2].T + inverse[:, 2]
        return np.hstack([centres * scale - side / 2, side])

    return picture, back
