"""Face finding with Maskdet's own Haar cascade and verifier, trained on masks and bare faces."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.finder import Fingerprint, validate_min_face_px
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset
from maskdet_core.faces.nms import Boxes
from maskdet_core.faces.proposals import HaarProposer, Proposals, Squares
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.faces.verification import Look, Verification, chosen_windows
from maskdet_core.faces.window_crops import WindowCutter, Windows
from maskdet_core.types import FaceBox, RgbImage, validate_rgb


class CascadeFaceFinder:
    """A Haar cascade proposes windows, two small networks tell which are faces. Thread-safe.

    The proposer accepts many windows that are no faces, so that it misses few faces. The networks
    see windows with their surroundings, in detail and in colour.
    """

    scores_are_log_odds: Final = True

    def __init__(self, manifest: CascadeManifest, folder: Path, settings: FinderPreset) -> None:
        """Load all files now, so that a broken file fails here and not at the first frame.

        Args:
            manifest: describes the files.
            folder: folder of their files.
            settings: how thoroughly to search.

        Raises:
            CascadeError: a file is missing, differs from the manifest, or is of another kind.
        """
        self.manifest = manifest
        self.settings = settings
        self._folder = folder
        self._proposer = HaarProposer(
            manifest.proposals.resolve(folder),
            manifest.window_px,
            settings.scale_step,
            settings.stages,
        )
        second = manifest.second_look
        self._verification = Verification(
            Look.of(manifest.first_look, folder),
            None if second is None else Look.of(second, folder),
        )

    @property
    def fingerprint(self) -> Fingerprint:
        """Identity: the manifest without its records of training and evaluation, and settings."""
        return {
            "name": self.manifest.name,
            "definition": self.manifest.definition(),
            "settings": self.settings.to_json(),
        }

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        """Find faces; see `FaceFinder.find`.

        The score of a box is the log odds of a face, as the network gives it.

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        return self._verified(image_rgb, self._chosen(image_rgb, min_face_px), min_face_px)

    def verify(
        self, image_rgb: RgbImage, boxes: Sequence[FaceBox], *, min_face_px: int = 24
    ) -> list[FaceBox]:
        """Verify given boxes in place of the cascade's proposals.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            boxes: in the reference framing.
            min_face_px: height of the smallest face, 1 px or more.

        Returns:
            What `find` returns where the cascade proposes these: moved onto the faces that the
            networks see in them; no box, where they see none.

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        validate_rgb(image_rgb)
        validate_min_face_px(min_face_px)
        windows = [
            (
                box.x + box.w / 2,
                box.y + box.h / 2 - self.manifest.shift_y * box.h / self.manifest.height,
                box.h / self.manifest.height,
            )
            for box in boxes
        ]
        return self._verified(image_rgb, np.array(windows, float).reshape(-1, 3), min_face_px)

    def propose(
        self, image_rgb: RgbImage, *, min_face_px: int = 24
    ) -> tuple[Boxes, NDArray[np.float64]]:
        """Windows of the first cascade alone, before clustering and verification.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            min_face_px: height of the smallest face to search for, 1 px or more.

        Returns:
            Boxes (N, 4) in the reference framing and the proposer's scores (N,).

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        proposals = self._propose(image_rgb, min_face_px)
        return self._reference_boxes(proposals.squares), proposals.scores

    def centred(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> Windows:
        """Windows as the verifier's first look moves them: what its second look sees.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            min_face_px: height of the smallest face to search for, 1 px or more.

        Returns:
            (N, 3) centre x, centre y and side, px.

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        windows = self._chosen(image_rgb, min_face_px)
        return self._verification.centred(WindowCutter(image_rgb), windows)

    def with_min_score(self, min_score: float) -> "CascadeFaceFinder":
        """The same finder with another minimum score, log odds."""
        return CascadeFaceFinder(
            self.manifest,
            self._folder,
            replace(self.settings, min_score=min_score, candidate_score=None),
        )

    def for_candidates(self) -> "CascadeFaceFinder":
        """The finder with the lower minimum score of candidates that a face rule judges."""
        score = self.settings.candidate_score
        return self if score is None else self.with_min_score(score)

    def _propose(self, image_rgb: RgbImage, min_face_px: int) -> Proposals:
        validate_rgb(image_rgb)
        validate_min_face_px(min_face_px)
        least_px = self.settings.least_window * min_face_px / self.manifest.height
        return self._proposer.find(grey_image(image_rgb), least_px)

    def _chosen(self, image_rgb: RgbImage, min_face_px: int) -> Windows:
        proposals = self._propose(image_rgb, min_face_px)
        boxes = self._reference_boxes(proposals.squares)
        return chosen_windows(proposals, boxes, self.settings.max_windows)

    def _verified(self, image_rgb: RgbImage, windows: Windows, min_face_px: int) -> list[FaceBox]:
        faces = self._verification.faces(image_rgb, windows, self.settings.min_score, min_face_px)
        height, width = image_rgb.shape[:2]
        return [face for face in faces if face.clipped(width, height) is not None]

    def _reference_boxes(self, squares: Squares) -> Boxes:
        """Boxes (N, 4) in the reference framing for a cascade's squares (N, 3)."""
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
