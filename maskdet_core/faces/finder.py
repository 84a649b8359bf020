"""The seam between pictures and face boxes (`FaceFinder`).

Every finder answers in one reference framing: a tight box from forehead to chin and ear to ear,
about 0.77 times as wide as high.
"""

from typing import Protocol

from maskdet_core.types import FaceBox, RgbImage


class FaceFinder(Protocol):
    """Anything that finds faces. Implementations are safe to share by threads."""

    def find(self, image_rgb: RgbImage, *, min_face_px: int) -> list[FaceBox]:
        """Find faces.

        Args:
            image_rgb: uint8 (H, W, 3), unchanged.
            min_face_px: faces less high than this need not be found.

        Returns:
            One box a face in the reference framing, best score first; may reach past the
            picture's edge. Empty if there is none.
        """
        ...
