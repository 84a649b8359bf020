"""Face finding with OpenCV's stock frontal cascade: the baseline for comparisons.

``haarcascade_frontalface_alt`` at OpenCV's default settings, as in most tutorials. It finds few
masked faces; combinations of more stock cascades find more, but fewer than Maskdet's own finder
and in more time (``python -m train evaluate-finder`` measures this baseline beside them).
"""

from pathlib import Path
from typing import Final

from cv2.data import haarcascades

from maskdet_core.faces.finder import Fingerprint, validate_min_face_px
from maskdet_core.faces.haar import ThreadLocalCascade
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.files import file_sha256
from maskdet_core.types import FaceBox, RgbImage, validate_rgb

STOCK_CASCADE: Final = Path(haarcascades) / "haarcascade_frontalface_alt.xml"
"""The cascade file in the opencv package."""
SCALE_FACTOR: Final = 1.1
MIN_NEIGHBORS: Final = 3
"""OpenCV's defaults: ratio of neighbouring window sizes, and raw hits that must agree on a face."""
WIDTH: Final = 0.816
HEIGHT: Final = 1.114
SHIFT_X: Final = -0.002
SHIFT_Y: Final = 0.006
"""The reference box for a square of side 1: its size, and the shift of its centre to the right and
down. Medians over the faces that the cascade finds in every second photo of the training set."""


class OpenCvFaceFinder:
    """OpenCV's frontal face cascade, its squares mapped to the reference framing. Thread-safe."""

    scores_are_log_odds: Final = False

    def __init__(self, path: Path = STOCK_CASCADE) -> None:
        """Load the cascade now, so that a missing file fails here and not at the first frame.

        Args:
            path: a cascade file that answers as ``haarcascade_frontalface_alt`` does.

        Raises:
            CascadeError: the file is missing, empty or no cascade.
        """
        self._cascade = ThreadLocalCascade(path)
        self._fingerprint: Fingerprint = {
            "name": type(self).__name__,
            "definition": {
                "file": path.name,
                "sha256": file_sha256(path),
                "box": {"width": WIDTH, "height": HEIGHT, "shift_x": SHIFT_X, "shift_y": SHIFT_Y},
                "scale_factor": SCALE_FACTOR,
                "min_neighbors": MIN_NEIGHBORS,
            },
            "settings": {},
        }

    @property
    def fingerprint(self) -> Fingerprint:
        """Identity: hash of the cascade file, box geometry and OpenCV's settings."""
        return self._fingerprint

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        """Find faces; see `FaceFinder.find`.

        The score of a box is the number of raw hits that agree on it.

        Raises:
            ValueError: no uint8 RGB image, or ``min_face_px`` below 1.
        """
        validate_rgb(image_rgb)
        smallest = max(1, int(validate_min_face_px(min_face_px) / HEIGHT))
        # with no face OpenCV returns empty tuples instead of arrays
        squares, n_hits = self._cascade.get().detectMultiScale2(
            grey_image(image_rgb),
            scaleFactor=SCALE_FACTOR,
            minNeighbors=MIN_NEIGHBORS,
            minSize=(smallest, smallest),
        )
        height, width = image_rgb.shape[:2]
        boxes = [
            reference_box(int(x), int(y), int(side), float(hits))
            for (x, y, side, _), hits in zip(squares, n_hits, strict=True)
        ]
        inside = [box for box in boxes if box.clipped(width, height) is not None]
        return sorted(inside, key=lambda box: box.score, reverse=True)


def reference_box(x: int, y: int, side: int, score: float) -> FaceBox:
    """The box in the reference framing for a square of the cascade.

    Args:
        x: left edge of the square, px.
        y: top edge of the square, px.
        side: of the square, px.
        score: of the box.
    """
    w, h = max(1, round(WIDTH * side)), max(1, round(HEIGHT * side))
    left = round(x + side * (0.5 + SHIFT_X) - w / 2)
    top = round(y + side * (0.5 + SHIFT_Y) - h / 2)
    return FaceBox(left, top, w, h, score)
