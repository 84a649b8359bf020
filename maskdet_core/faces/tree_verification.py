"""Verification by a second Haar cascade: clusters of accepted windows become faces."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.channels import ChannelExtractor
from maskdet_core.faces.manifest import FinderPreset
from maskdet_core.faces.nms import Boxes, cluster_members, merge_clusters, non_maximum_suppression
from maskdet_core.faces.proposals import Proposals
from maskdet_core.faces.verifier import Verifier
from maskdet_core.types import FaceBox, RgbImage

EXPAND_ABOVE_LOGIT: Final = -2.0
"""A cluster whose best window has a higher logit gets its other members verified too."""
MAX_MEMBERS: Final = 8
"""Members of a cluster that are verified beside its best window, highest proposal score first."""


class TreeVerification:
    """Boosted trees over channel mosaics; see `Verification`."""

    def __init__(self, path: Path) -> None:
        """Load the cascade now.

        Raises:
            CascadeError: the file is missing or no cascade.
        """
        self._verifier = Verifier(path)

    def faces(
        self,
        image_rgb: RgbImage,
        proposals: Proposals,
        boxes: Boxes,
        settings: FinderPreset,
        min_face_px: int,
    ) -> list[FaceBox]:
        """One box a face; see `Verification.faces`.

        A score is the log of the summed odds that the verifier gives to the windows merged into a
        box.
        """
        logits = self._logits(ChannelExtractor(image_rgb), proposals, boxes, settings.max_windows)
        accepted = np.isfinite(logits)
        return merge_clusters(boxes[accepted], logits[accepted], settings.min_score)

    def _logits(
        self,
        channels: ChannelExtractor,
        proposals: Proposals,
        boxes: Boxes,
        max_windows: int | None,
    ) -> NDArray[np.float64]:
        """Logits (N,); -inf where a window was rejected or not looked at."""
        logits = np.full(len(proposals), -np.inf)
        best = non_maximum_suppression(boxes, proposals.scores)[:max_windows]
        logits[best] = self._verifier.score(channels, proposals[best])
        members = [
            cluster_members(boxes, proposals.scores, index, MAX_MEMBERS)
            for index in best[logits[best] > EXPAND_ABOVE_LOGIT]
        ]
        if members:
            more = np.unique(np.concatenate(members))
            more = more[np.isneginf(logits[more])]
            logits[more] = self._verifier.score(channels, proposals[more])
        return logits
