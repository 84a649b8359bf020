"""Face finding with Maskdet's own Haar cascades, trained on masked and bare faces alike."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.channels import MosaicSource
from maskdet_core.faces.finder import N_THREADS, FaceFinder, grey_image
from maskdet_core.faces.manifest import CascadeManifest, SearchSettings
from maskdet_core.faces.nms import Boxes, distinct, group_candidates, neighbours
from maskdet_core.faces.opencv_finder import stock_finder
from maskdet_core.faces.proposals import Candidates, CascadeSearch, Squares
from maskdet_core.faces.verifier import FaceCheck
from maskdet_core.files import models_folder
from maskdet_core.types import FaceBox, RgbImage, check_rgb

FINDER_ENV: Final = "MASKDET_FINDER"
"""Environment variable: "stock", or the path of another cascade's manifest."""
STOCK: Final = "stock"
DEFAULT_MANIFEST: Final = models_folder() / "maskdet-haar.json"
LOOK_AGAIN: Final = -2.0
"""Where the check's first look is surer than this logit, it looks at the neighbours too."""
NEIGHBOURS: Final = 8
"""How many of them at most, the search's surest first."""


class TrainedFaceFinder:
    """A search by one cascade, a check of what it finds by another. Shared safely by threads.

    The search lets many a window pass that is no face, so that it misses few; the check looks at
    one window of each heap with its surroundings, in detail and in colour.
    """

    def __init__(self, manifest: CascadeManifest, folder: Path, settings: SearchSettings) -> None:
        """Load the cascade now, so that a broken file is not found out at the first frame.

        Also sets OpenCV's thread count for the process (`N_THREADS`).

        Args:
            manifest: describes the cascades.
            folder: where their files lie.
            settings: how thoroughly to search.

        Raises:
            CascadeError: a file is missing, another one, or no cascade.
        """
        self.manifest = manifest
        self.settings = settings
        self._folder = folder
        cv2.setNumThreads(N_THREADS)
        self._search = CascadeSearch(
            manifest.search.check(folder),
            manifest.window_px,
            settings.scale_step,
            settings.tilts_deg,
        )
        self._check = FaceCheck(manifest.check.check(folder))

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        """Find faces; see `FaceFinder.find`.

        The score of a box is a logit: how much surer than even the check is, by all windows that
        agree on the face.

        Raises:
            ValueError: no uint8 RGB image, or a least face below 1 px.
        """
        check_rgb(image_rgb)
        if min_face_px < 1:
            raise ValueError(f"min_face_px must be 1 or more, got {min_face_px}")
        found = self._searched(image_rgb, min_face_px)
        boxes, logits = self._checked(MosaicSource(image_rgb), found)
        height, width = image_rgb.shape[:2]
        faces = group_candidates(boxes, logits, self.settings.min_score)
        return [face for face in faces if face.clipped(width, height) is not None]

    def search(
        self, image_rgb: RgbImage, *, min_face_px: int = 24
    ) -> tuple[Boxes, NDArray[np.float64]]:
        """What the search alone finds, before the check: boxes (N, 4) and scores (N,)."""
        check_rgb(image_rgb)
        found = self._searched(image_rgb, min_face_px)
        return self._reference_boxes(found.squares), found.scores

    def at(self, min_score: float) -> "TrainedFaceFinder":
        """The same finder with another least score."""
        return TrainedFaceFinder(
            self.manifest, self._folder, replace(self.settings, min_score=min_score)
        )

    def _searched(self, image_rgb: RgbImage, min_face_px: int) -> Candidates:
        return self._search.find(grey_image(image_rgb), min_face_px / self.manifest.height)

    def _checked(
        self, source: MosaicSource, found: Candidates
    ) -> tuple[Boxes, NDArray[np.float64]]:
        """Reference boxes and logits of the candidates that the check lets pass."""
        boxes = self._reference_boxes(found.squares)
        logits = np.full(len(found), -np.inf)
        heaps = distinct(boxes, found.scores)
        logits[heaps] = self._check.score(source, found[heaps])
        again = [
            members
            for heap in heaps[logits[heaps] > LOOK_AGAIN]
            if len(members := neighbours(boxes, found.scores, heap, NEIGHBOURS))
        ]
        if again:
            more = np.unique(np.concatenate(again))
            more = more[np.isneginf(logits[more])]
            logits[more] = self._check.score(source, found[more])
        passed = np.isfinite(logits)
        return boxes[passed], logits[passed]

    def _reference_boxes(self, squares: Squares) -> Boxes:
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
