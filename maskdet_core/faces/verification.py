"""Verification by two small networks: one looks at windows and centres them, one looks again."""

from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.manifest import NetworkFile
from maskdet_core.faces.nms import (
    Boxes,
    best_of_cells,
    distinct_faces,
    non_maximum_suppression,
)
from maskdet_core.faces.proposals import Proposals
from maskdet_core.faces.verifier_network import Looks, VerifierNetwork
from maskdet_core.faces.window_crops import WindowCutter, Windows
from maskdet_core.faces.windows import boxes_of, windows_of
from maskdet_core.types import FaceBox, RgbImage

SECOND_LOOK_LOGIT: Final = -3.0
"""Windows with a higher logit are looked at again where the first look saw the face: a box that was
loose or off its face gets its score from a tight one. A lower bound costs more, and adds boxes on
no face."""
SECOND_LOOK_IOU: Final = 0.55
"""Of windows that the first look moved onto each other, the best is looked at again."""
SIZE_PRIOR: Final = 0.5
"""Added to a proposal's score for each factor of e in its side before the best are chosen: most
windows are small, but not most faces."""
LEAST_SHARE: Final = 0.75
"""Share of the minimum height that a centred box keeps: the verifier may move a window onto a face
that is smaller than those that were searched for."""


class Verification:
    """Two looks of LiteRT networks at crops of windows, in batches; threads may share it.

    The first, of a small network, sees hundreds of windows of an image and moves the likely ones
    onto their faces. The second, of a larger one, sees the few that are left.
    """

    def __init__(self, first: "Look", second: "Look | None" = None) -> None:
        """Keep the networks.

        Args:
            first: at the proposals.
            second: at the windows that the first has moved; None is the first once more.
        """
        self._first = first
        self._second = second or first

    def faces(
        self,
        image_rgb: RgbImage,
        windows: Windows,
        min_score: float,
        min_face_px: int,
    ) -> list[FaceBox]:
        """Verify windows of one image.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            windows: (N, 3) centre x, centre y and side, px.
            min_score: log odds from which a box is a face.
            min_face_px: height of the smallest face that was searched for.

        Returns:
            One box a face, as the second look sees it, with its log odds, highest first.
        """
        verified, scores = self.verify(image_rgb, windows)
        return [
            FaceBox(round(x), round(y), max(1, round(w)), max(1, round(h)), float(score))
            for (x, y, w, h), score in zip(verified.tolist(), scores, strict=True)
            if score >= min_score and h >= LEAST_SHARE * min_face_px
        ]

    def verify(self, image_rgb: RgbImage, windows: Windows) -> tuple[Boxes, NDArray[np.float64]]:
        """Look at windows, and again where faces were seen; one box for each face.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            windows: (N, 3) centre x, centre y and side, px.

        Returns:
            Boxes (M, 4) in the reference framing and their log odds of a face (M,), highest first.
        """
        cutter = WindowCutter(image_rgb)
        second = self._second(cutter, self.centred(cutter, windows))
        boxes = boxes_of(second.windows)
        kept = distinct_faces(boxes, second.logits)
        return boxes[kept], self._second.network.log_odds(second.logits[kept])

    def centred(self, cutter: WindowCutter, windows: Windows) -> Windows:
        """Windows as the first look moves them, without those that are surely on no face.

        Args:
            cutter: of the image.
            windows: (N, 3) in it.

        Returns:
            (M, 3), of those on one face only the best.
        """
        first = self._first(cutter, windows)
        likely = first.logits > SECOND_LOOK_LOGIT
        moved, logits = first.windows[likely], first.logits[likely]
        return moved[non_maximum_suppression(boxes_of(moved), logits, SECOND_LOOK_IOU)]


class Look:
    """One network with its framing."""

    def __init__(self, path: Path, network: NetworkFile) -> None:
        """Load the network now.

        Args:
            path: of its file.
            network: its entry in the manifest.

        Raises:
            CascadeError: the file is no LiteRT network, or has other inputs or outputs.
        """
        self.network = network
        self._verifier = VerifierNetwork(path.read_bytes(), network.input_px, source=str(path))

    @classmethod
    def of(cls, network: NetworkFile, folder: Path) -> Self:
        """Load an entry of a manifest in ``folder``.

        Raises:
            CascadeError: see `NetworkFile.resolve` and the constructor.
        """
        return cls(network.resolve(folder), network)

    def __call__(self, cutter: WindowCutter, windows: Windows) -> Looks:
        """Look at windows (N, 3) of an image."""
        crops = cutter.cut(windows, self.network.context, self.network.input_px)
        return self._verifier.look(crops, windows)


def chosen_windows(proposals: Proposals, boxes: Boxes, most: int | None) -> Windows:
    """The proposals to look at: the best of each cluster.

    Args:
        proposals: N windows of an image.
        boxes: (N, 4) xywh, their boxes in the reference framing.
        most: how many, or None for all.

    Returns:
        (M, 3) centre x, centre y and side, px.
    """
    scores = proposals.scores + SIZE_PRIOR * np.log(boxes[:, 3])
    few = best_of_cells(boxes, scores)
    kept = non_maximum_suppression(boxes[few], scores[few], most=most)
    return windows_of(proposals.squares[few[kept]])
