"""What every face finder offers (`FaceFinder`).

All finders answer in one reference framing: a tight box from forehead to chin and ear to ear,
about 0.77 times as wide as high.
"""

from typing import Any, Protocol, TypedDict

from maskdet_core.types import FaceBox, RgbImage


class Fingerprint(TypedDict):
    """Identity of a finder in JSON types. Two finders that may differ in results differ in it.

    ``name`` is for people. ``definition`` describes cascades and box geometry with the files'
    hashes, ``settings`` how thoroughly the finder searches.
    """

    name: str
    definition: dict[str, Any]
    settings: dict[str, Any]


class FaceFinder(Protocol):
    """Anything that finds faces. Implementations are thread-safe."""

    @property
    def scores_are_log_odds(self) -> bool:
        """Whether a box's score is the log odds of a face, so that it can be added to others."""
        ...

    @property
    def fingerprint(self) -> Fingerprint:
        """Identity of the finder; the same in every process."""
        ...

    def find(self, image_rgb: RgbImage, *, min_face_px: int) -> list[FaceBox]:
        """Find faces.

        Args:
            image_rgb: uint8 (H, W, 3), not changed.
            min_face_px: height of the smallest face to search for, 1 px or more.

        Returns:
            One box a face in the reference framing, highest score first, empty if there is none.
            A box may reach past the edge of the image.

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        ...


def validate_min_face_px(min_face_px: int) -> int:
    """Return the height unchanged if it is 1 px or more, else raise ValueError."""
    if min_face_px < 1:
        raise ValueError(f"min_face_px must be 1 or more, got {min_face_px}")
    return min_face_px
