"""Face finding with Maskdet's own Haar cascade and the network that verifies its proposals."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.finder import Fingerprint, validate_min_face_px
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset
from maskdet_core.faces.nms import Boxes, distinct_faces, non_maximum_suppression
from maskdet_core.faces.proposals import HaarProposer, Proposals
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.faces.verifier_network import Looks, VerifierNetwork
from maskdet_core.faces.window_crops import WindowCutter, Windows
from maskdet_core.faces.windows import boxes_of, windows_of
from maskdet_core.types import FaceBox, RgbImage, validate_rgb

SECOND_LOOK_LOGIT: Final = -4.0
"""Windows with a higher logit are looked at again where the first look saw the face: a box that was
loose or off its face gets its score from a tight one."""
SECOND_LOOK_IOU: Final = 0.55
"""Of windows that the first look moved onto each other, the best is looked at again."""

LEAST_SHARE: Final = 0.75
"""Share of the minimum height that a centred box keeps: the verifier may move a window onto a face
that is smaller than those that were searched for."""


class CascadeFaceFinder:
    """A Haar cascade proposes windows, a small network verifies and centres them. Thread-safe.

    The proposer accepts many windows that are no faces, so that it misses few faces. The verifier
    sees the best window of each cluster with its surroundings and in colour.
    """

    scores_are_log_odds: Final = True

    def __init__(self, manifest: CascadeManifest, folder: Path, settings: FinderPreset) -> None:
        """Load cascade and network now, so that a broken file fails here, not at the first frame.

        Args:
            manifest: describes both.
            folder: folder of their files.
            settings: how thoroughly to search.

        Raises:
            CascadeError: a file is missing, differs from the manifest, or is of another kind.
        """
        self.manifest = manifest
        self.settings = settings
        self._proposer = HaarProposer(manifest.proposals.resolve(folder), manifest.window_px)
        verifier = manifest.verifier
        path = verifier.file.resolve(folder)
        self._verifier = VerifierNetwork(path.read_bytes(), verifier.input_px, source=str(path))

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

        The score of a box is the log odds of a face, as the verifier sees it at its second look.

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        boxes, scores = self.verify(image_rgb, self.proposed_windows(image_rgb, min_face_px))
        height, width = image_rgb.shape[:2]
        faces = [
            FaceBox(round(x), round(y), max(1, round(w)), max(1, round(h)), float(score))
            for (x, y, w, h), score in zip(boxes.tolist(), scores, strict=True)
            if score >= self.settings.min_score and h >= LEAST_SHARE * min_face_px
        ]
        return [face for face in faces if face.clipped(width, height) is not None]

    def propose(
        self, image_rgb: RgbImage, *, min_face_px: int = 24
    ) -> tuple[Boxes, NDArray[np.float64]]:
        """Windows of the cascade alone, before clustering and verification.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            min_face_px: height of the smallest face to search for, 1 px or more.

        Returns:
            Boxes (N, 4) in the reference framing and the proposer's scores (N,).

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        proposals = self._propose(image_rgb, min_face_px)
        return boxes_of(windows_of(proposals.squares)), proposals.scores

    def proposed_windows(self, image_rgb: RgbImage, min_face_px: int) -> Windows:
        """The best window of each cluster of proposals, (N, 3), those with high scores first.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            min_face_px: height of the smallest face to search for, 1 px or more.

        Returns:
            At most ``max_windows`` of the settings.

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        proposals = self._propose(image_rgb, min_face_px)
        windows = windows_of(proposals.squares)
        best = non_maximum_suppression(boxes_of(windows), proposals.scores)
        return windows[best[: self.settings.max_windows]]

    def verify(self, image_rgb: RgbImage, windows: Windows) -> tuple[Boxes, NDArray[np.float64]]:
        """Look at windows, and again where faces were seen; one box for each face.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            windows: (N, 3) centre x, centre y and side, px.

        Returns:
            Boxes (M, 4) in the reference framing and their log odds of a face (M,), highest first.
        """
        cutter = WindowCutter(image_rgb)
        first = self._look(cutter, windows)
        likely = first.logits > SECOND_LOOK_LOGIT
        centred, logits = first.windows[likely], first.logits[likely]
        best = non_maximum_suppression(boxes_of(centred), logits, SECOND_LOOK_IOU)
        second = self._look(cutter, centred[best])
        boxes = boxes_of(second.windows)
        kept = distinct_faces(boxes, second.logits)
        return boxes[kept], self.manifest.verifier.log_odds(second.logits[kept])

    def with_min_score(self, min_score: float) -> "CascadeFaceFinder":
        """The same finder with another minimum score, log odds."""
        other = object.__new__(CascadeFaceFinder)
        other.__dict__ |= self.__dict__ | {"settings": replace(self.settings, min_score=min_score)}
        return other

    def _propose(self, image_rgb: RgbImage, min_face_px: int) -> Proposals:
        validate_rgb(image_rgb)
        validate_min_face_px(min_face_px)
        return self._proposer.find(grey_image(image_rgb), min_face_px, self.settings.scale_step)

    def _look(self, cutter: WindowCutter, windows: Windows) -> Looks:
        verifier = self.manifest.verifier
        return self._verifier.look(
            cutter.cut(windows, verifier.context, verifier.input_px), windows
        )
