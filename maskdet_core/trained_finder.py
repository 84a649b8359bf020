"""Face finding with Maskdet's own Haar cascade, trained on masked and bare faces alike."""

import os
import threading
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
        cascade, window = self._cascade(), self.manifest.window_px
        pad = round(PAD_SHARE * window)
        # Faces below the window's own size would be enlarged without gaining a detail.
        first = min(1.0, window * self.manifest.height / min_face_px)
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
        return self._reference_boxes(np.concatenate(squares)), np.concatenate(scores)

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
