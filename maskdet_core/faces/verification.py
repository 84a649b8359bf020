"""What turns proposals into faces (`Verification`)."""

from typing import Protocol

from maskdet_core.faces.manifest import FinderPreset
from maskdet_core.faces.nms import Boxes
from maskdet_core.faces.proposals import Proposals
from maskdet_core.types import FaceBox, RgbImage


class Verification(Protocol):
    """A verifier and how its answers become faces. Implementations are thread-safe."""

    def faces(
        self,
        image_rgb: RgbImage,
        proposals: Proposals,
        boxes: Boxes,
        settings: FinderPreset,
        min_face_px: int,
    ) -> list[FaceBox]:
        """Verify the proposals of one image.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            proposals: N windows in it.
            boxes: (N, 4) xywh, their boxes in the reference framing.
            settings: minimum score, and how many windows to verify.
            min_face_px: height of the smallest face that was searched for.

        Returns:
            One box a face with its log odds, highest first.
        """
        ...
