"""Face finding with Maskdet's own Haar cascades, trained on masked and bare faces alike."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.cpu import N_THREADS
from maskdet_core.faces.channels import ChannelExtractor
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset
from maskdet_core.faces.nms import Boxes, cluster_members, merge_clusters, non_maximum_suppression
from maskdet_core.faces.proposals import HaarProposer, Proposals, Squares
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.faces.verifier import Verifier
from maskdet_core.types import FaceBox, RgbImage, validate_rgb

LOOK_AGAIN: Final = -2.0
"""Where the check's first look is surer than this logit, it looks at the cluster_members too."""
NEIGHBOURS: Final = 8
"""How many of them at most, the search's surest first."""


class CascadeFaceFinder:
    """A search by one cascade, a check of what it finds by another. Shared safely by threads.

    The search lets many a window pass that is no face, so that it misses few; the check looks at
    one window of each heap with its surroundings, in detail and in colour.
    """

    def __init__(self, manifest: CascadeManifest, folder: Path, settings: FinderPreset) -> None:
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
        self._search = HaarProposer(
            manifest.search.check(folder),
            manifest.window_px,
            settings.scale_step,
            settings.tilts_deg,
        )
        self._check = Verifier(manifest.check.check(folder))

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        """Find faces; see `FaceFinder.find`.

        The score of a box is a logit: how much surer than even the check is, by all windows that
        agree on the face.

        Raises:
            ValueError: no uint8 RGB image, or a least face below 1 px.
        """
        validate_rgb(image_rgb)
        if min_face_px < 1:
            raise ValueError(f"min_face_px must be 1 or more, got {min_face_px}")
        found = self._searched(image_rgb, min_face_px)
        boxes, logits = self._checked(ChannelExtractor(image_rgb), found)
        height, width = image_rgb.shape[:2]
        faces = merge_clusters(boxes, logits, self.settings.min_score)
        return [face for face in faces if face.clipped(width, height) is not None]

    def search(
        self, image_rgb: RgbImage, *, min_face_px: int = 24
    ) -> tuple[Boxes, NDArray[np.float64]]:
        """What the search alone finds, before the check: boxes (N, 4) and scores (N,)."""
        validate_rgb(image_rgb)
        found = self._searched(image_rgb, min_face_px)
        return self._reference_boxes(found.squares), found.scores

    def at(self, min_score: float) -> "CascadeFaceFinder":
        """The same finder with another least score."""
        return CascadeFaceFinder(
            self.manifest, self._folder, replace(self.settings, min_score=min_score)
        )

    def _searched(self, image_rgb: RgbImage, min_face_px: int) -> Proposals:
        return self._search.find(grey_image(image_rgb), min_face_px / self.manifest.height)

    def _checked(
        self, source: ChannelExtractor, found: Proposals
    ) -> tuple[Boxes, NDArray[np.float64]]:
        """Reference boxes and logits of the candidates that the check lets pass."""
        boxes = self._reference_boxes(found.squares)
        logits = np.full(len(found), -np.inf)
        heaps = non_maximum_suppression(boxes, found.scores)
        logits[heaps] = self._check.score(source, found[heaps])
        again = [
            members
            for heap in heaps[logits[heaps] > LOOK_AGAIN]
            if len(members := cluster_members(boxes, found.scores, heap, NEIGHBOURS))
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
