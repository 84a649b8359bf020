"""Face finding with Maskdet's own Haar cascade, trained on masked and bare faces alike."""

import math
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.cascade_manifest import CascadeManifest, SearchSettings
from maskdet_core.finder import (
    N_THREADS,
    FaceFinder,
    GreyImage,
    grey_image,
    load_cascade,
    pyramid,
)
from maskdet_core.grouping import Boxes, group_candidates
from maskdet_core.stock_finder import stock_finder
from maskdet_core.types import FaceBox, RgbImage, check_rgb

FINDER_ENV: Final = "MASKDET_FINDER"
"""Environment variable: "stock", or the path of another cascade's manifest."""
STOCK: Final = "stock"
DEFAULT_MANIFEST: Final = Path(__file__).parents[1] / "models" / "maskdet-haar.json"
PAD_SHARE: Final = 0.25
"""How far a window may reach past the picture, in sides, over its repeated edge: finds faces that
the edge cuts, and faces that fill the picture."""


TILTED_LEAST: Final = 1.5
"""Turned searches ask for faces so many times larger: half of the time for few of the faces."""


class TrainedFaceFinder:
    """One cascade over a pyramid of the picture. Shared safely by threads."""

    def __init__(self, manifest: CascadeManifest, folder: Path, settings: SearchSettings) -> None:
        """Load the cascade now, so that a broken file is not found out at the first frame.

        Also sets OpenCV's thread count for the process (`N_THREADS`).

        Args:
            manifest: describes the cascade.
            folder: where its file lies.
            settings: how thoroughly to search.

        Raises:
            CascadeError: the file is missing, another one, or no cascade.
        """
        self.manifest = manifest
        self.settings = settings
        self._path = manifest.check_file(folder)
        # OpenCV's copies of a cascade share buffers: each thread loads its own.
        self._own = threading.local()
        cv2.setNumThreads(N_THREADS)
        self._cascade()

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        """Find faces; see `FaceFinder.find`.

        The score of a box is a logit: how much surer than even the cascade is, by all windows
        that agree on the face.

        Raises:
            ValueError: no uint8 RGB image, or a least face below 1 px.
        """
        check_rgb(image_rgb)
        if min_face_px < 1:
            raise ValueError(f"min_face_px must be 1 or more, got {min_face_px}")
        height, width = image_rgb.shape[:2]
        boxes, scores = self._candidates(grey_image(image_rgb), min_face_px)
        faces = group_candidates(boxes, scores, self.settings.min_score)
        return [face for face in faces if face.clipped(width, height) is not None]

    def at(self, min_score: float) -> "TrainedFaceFinder":
        """The same finder with another least score."""
        return TrainedFaceFinder(
            self.manifest, self._path.parent, replace(self.settings, min_score=min_score)
        )

    def _candidates(self, grey: GreyImage, min_face_px: int) -> tuple[Boxes, NDArray[np.float64]]:
        """Boxes in the reference framing and scores of all windows that pass the cascade."""
        window = self.manifest.window_px
        squares, scores = [], []
        for tilt_deg in (0.0, *self.settings.tilts_deg):
            # Faces below the window's own size would be enlarged without gaining a detail.
            least_px = min_face_px * (TILTED_LEAST if tilt_deg else 1.0)
            first = min(1.0, window * self.manifest.height / least_px)
            upright, back = turned(grey, tilt_deg, first)
            found, sums = self._search(upright, 1.0 if tilt_deg else first)
            if tilt_deg:
                found = back(found)
                centres = found[:, :2] + found[:, 2:] / 2
                inside = ((centres >= 0) & (centres < grey.shape[::-1])).all(axis=1)
                found, sums = found[inside], sums[inside]
            squares.append(found)
            scores.append(sums)
        return self._reference_boxes(np.concatenate(squares)), np.concatenate(scores)

    def _search(
        self, grey: GreyImage, first: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Squares (N, 3), left, top and side, and scores of one picture as it stands."""
        cascade, window = self._cascade(), self.manifest.window_px
        pad = round(PAD_SHARE * window)
        squares: list[NDArray[np.float64]] = [np.empty((0, 3))]
        scores: list[NDArray[np.float64]] = [np.empty(0)]
        levels = pyramid(grey, first=first, step=self.settings.scale_step, least_px=window - pad)
        for level, zoom in levels:
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

    def _reference_boxes(self, squares: NDArray[np.float64]) -> Boxes:
        """Boxes (N, 4) for squares (N, 3): left, top, side."""
        left, top, side = squares.T
        w, h = self.manifest.width * side, self.manifest.height * side
        return np.stack(
            [
                left + (side - w) / 2,
                top + side * (0.5 + self.manifest.shift_y) - h / 2,
                w,
                h,
            ],
            axis=1,
        )

    def _cascade(self) -> Any:
        cascade = getattr(self._own, "cascade", None)
        if cascade is None:
            cascade = self._own.cascade = load_cascade(self._path)
        return cascade


def turned(
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
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), tilt_deg, 1.0)
    across = np.abs(matrix[:, :2]) @ np.array([width, height])
    size = (math.ceil(across[0]), math.ceil(across[1]))
    matrix[:, 2] += (np.array(size) - (width, height)) / 2
    picture = cv2.warpAffine(small, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    inverse = cv2.invertAffineTransform(matrix)
    scale = np.array([grey.shape[1] / width, grey.shape[0] / height])

    def back(squares: NDArray[np.float64]) -> NDArray[np.float64]:
        side = squares[:, 2:] * scale.mean()
        centres = (squares[:, :2] + squares[:, 2:] / 2) @ inverse[:, :2].T + inverse[:, 2]
        return np.hstack([centres * scale - side / 2, side])

    return np.asarray(picture, np.uint8), back


def load_finder(preset: str = "photo", finder: Path | str | None = None) -> FaceFinder:
    """The face finder for a preset.

    Args:
        preset: "photo" (thorough) or "live" (fast).
        finder: a cascade's manifest, "stock" for OpenCV's own cascades, or None for what the
            environment variable `FINDER_ENV` says, and the shipped cascade where it says nothing.

    Raises:
        CascadeError: a file is missing or broken.
        ValueError: another preset.
    """
    chosen = str(finder or os.environ.get(FINDER_ENV) or DEFAULT_MANIFEST)
    if chosen == STOCK:
        return stock_finder(preset)
    manifest = CascadeManifest.load(Path(chosen))
    if preset not in manifest.presets:
        raise ValueError(f"preset must be one of {sorted(manifest.presets)}, got {preset!r}")
    return TrainedFaceFinder(manifest, Path(chosen).parent, manifest.presets[preset])
