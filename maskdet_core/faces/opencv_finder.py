"""Face finding with OpenCV's own Haar cascades, kept for comparison and as a way out.

A stock cascade answers with a square of its own; the constants that map it to the reference
framing are medians over the training photographs (`python -m benchmarks finder --fit`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from cv2.data import haarcascades
from numpy.typing import NDArray

from maskdet_core.cpu import N_THREADS
from maskdet_core.faces.haar import ThreadLocalCascade
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.types import FaceBox, RgbImage, validate_rgb

CASCADE_FOLDER: Final = Path(haarcascades)
"""Where the opencv package keeps its stock cascades."""
SAME_FACE_IOU: Final = 0.3
SAME_FACE_INSIDE: Final = 0.6
"""Two boxes are one face from this intersection over union, or this share of the smaller, on."""


@dataclass(frozen=True, slots=True)
class CascadeSpec:
    """One cascade file, how sure it must be, and how its square maps to the reference framing.

    The box is ``width * s`` by ``height * s`` for a square of side ``s``; its centre lies
    ``shift_x * s`` right and ``shift_y * s`` below the square's. ``min_neighbors`` is OpenCV's:
    how many raw hits must agree. ``weight`` makes the scores (agreeing hits) of several cascades
    comparable. A mirrored cascade searches the picture flipped left to right.
    """

    file: Path
    min_neighbors: int = 3
    width: float = 0.75
    height: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    weight: float = 1.0
    mirrored: bool = False

    def reference_box(self, square: tuple[float, float, float], hits: float) -> FaceBox:
        """Map a raw square (x, y, side), px, and its number of hits to the reference framing."""
        x, y, side = square
        shift_x = -self.shift_x if self.mirrored else self.shift_x
        w, h = max(1, round(self.width * side)), max(1, round(self.height * side))
        left = round(x + side * (0.5 + shift_x) - w / 2)
        top = round(y + side * (0.5 + self.shift_y) - h / 2)
        return FaceBox(left, top, w, h, hits * self.weight)


@dataclass(frozen=True, slots=True)
class SearchPass:
    """One search of the whole picture at one size by several cascades.

    The picture is scaled, up or down, so that its long side is ``side_px``; a ceiling for the
    larger if ``enlarge`` is False. ``scale_factor`` is the step between window sizes: a finer
    one finds more and costs more. A cascade's windows begin at 20 to 24 px, so a pass finds
    faces down to about 1/8 of the long side at 200 px and 1/40 at 1000 px.
    """

    specs: tuple[CascadeSpec, ...]
    side_px: int
    scale_factor: float = 1.1
    enlarge: bool = True


class OpenCvFaceFinder:
    """Several cascades over one picture, one box a face. Shared safely by threads."""

    def __init__(self, passes: Sequence[SearchPass]) -> None:
        """Load the cascades now, so that a missing file is not found out at the first frame.

        Also sets OpenCV's thread count for the process (`N_THREADS`).

        Raises:
            CascadeError: a file is missing, empty or no cascade.
            ValueError: no cascade given.
        """
        if not any(one.specs for one in passes):
            raise ValueError("expected at least one cascade, got none")
        self.passes = tuple(passes)
        cv2.setNumThreads(N_THREADS)
        files = {spec.file for one in self.passes for spec in one.specs}
        self._cascades = {file: ThreadLocalCascade(file) for file in sorted(files)}

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        """Find faces; see `FaceFinder.find`.

        Raises:
            ValueError: no uint8 RGB image.
        """
        validate_rgb(image_rgb)
        height, width = image_rgb.shape[:2]
        whole = grey_image(image_rgb)
        boxes: list[FaceBox] = []
        for one in self.passes:
            grey, zoom = scaled(whole, one)
            for spec in one.specs:
                least = max(1, int(min_face_px * zoom / spec.height))
                for x, y, side, hits in _search(
                    self._cascades[spec.file].get(), grey, spec, one, least
                ):
                    box = spec.reference_box((x / zoom, y / zoom, side / zoom), hits)
                    if box.clipped(width, height) is not None:
                        boxes.append(box)
        return merge_boxes(boxes)


def scaled(grey: NDArray[np.uint8], one: SearchPass) -> tuple[NDArray[np.uint8], float]:
    """A grey picture at a pass's size, and the factor by which it was scaled."""
    height, width = grey.shape
    zoom = one.side_px / max(height, width)
    if zoom == 1.0 or (zoom > 1.0 and not one.enlarge):
        return grey, 1.0
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, size, interpolation=method), dtype=np.uint8), zoom


def merge_boxes(boxes: Sequence[FaceBox]) -> list[FaceBox]:
    """Keep the best scored of each group of overlapping boxes, best first."""
    kept: list[FaceBox] = []
    for box in sorted(boxes, key=lambda box: box.score, reverse=True):
        if not any(_same_face(box, other) for other in kept):
            kept.append(box)
    return kept


def _same_face(one: FaceBox, other: FaceBox) -> bool:
    return (
        one.iou(other) >= SAME_FACE_IOU or one.intersection_over_smaller(other) >= SAME_FACE_INSIDE
    )


def _search(
    cascade: Any,
    grey: NDArray[np.uint8],
    spec: CascadeSpec,
    one: SearchPass,
    least_px: int,
) -> list[tuple[float, float, float, float]]:
    searched = np.ascontiguousarray(grey[:, ::-1]) if spec.mirrored else grey
    squares, hits = cascade.detectMultiScale2(
        searched,
        scaleFactor=one.scale_factor,
        minNeighbors=spec.min_neighbors,
        minSize=(least_px, least_px),
    )
    # With nothing found OpenCV answers empty tuples instead of arrays.
    found: list[tuple[float, float, float, float]] = []
    for (x, y, side, _), n_hits in zip(squares, hits, strict=True):
        left = grey.shape[1] - x - side if spec.mirrored else x
        found.append((float(left), float(y), float(side), float(n_hits)))
    return found


_STOCK: Final = {
    name: CascadeSpec(CASCADE_FOLDER / f"haarcascade_{file}.xml", 3, *constants)
    for name, file, constants in (
        ("alt", "frontalface_alt", (0.816, 1.114, -0.002, 0.006)),
        ("alt2", "frontalface_alt2", (0.814, 1.119, 0.002, 0.008)),
        ("default", "frontalface_default", (0.799, 1.086, 0.0, 0.001)),
        ("profile", "profileface", (0.728, 0.975, -0.131, 0.031)),
    )
}


def stock_spec(name: str, min_neighbors: int, *, mirrored: bool = False) -> CascadeSpec:
    """One of OpenCV's face cascades: alt, alt2, default or profile.

    The mapping constants are medians over the boxes found in every second training photograph.
    """
    return replace(_STOCK[name], min_neighbors=min_neighbors, mirrored=mirrored)


# At 200 px the cascades' windows blur the mask's texture away and find more masked faces than at
# full size, with fewer false ones; the second pass is for the small faces of group pictures.
LIVE_PASSES: Final = (SearchPass((stock_spec("default", 2),), side_px=200, scale_factor=1.05),)
PHOTO_PASSES: Final = (
    SearchPass(
        (
            stock_spec("alt", 2),
            stock_spec("alt2", 3),
            stock_spec("default", 6),
            stock_spec("profile", 6),
            stock_spec("profile", 6, mirrored=True),
        ),
        side_px=200,
        scale_factor=1.03,
    ),
    SearchPass((stock_spec("alt2", 5),), side_px=1000, enlarge=False),
)


def stock_finder(preset: str = "photo") -> OpenCvFaceFinder:
    """The best measured combination of OpenCV's own cascades.

    Args:
        preset: "photo" (thorough) or "live" (about 25 ms for 640 x 480 px on one core).

    Raises:
        CascadeError: OpenCV's cascade files are missing.
        ValueError: another preset.
    """
    match preset:
        case "photo":
            return OpenCvFaceFinder(PHOTO_PASSES)
        case "live":
            return OpenCvFaceFinder(LIVE_PASSES)
        case _:
            raise ValueError(f"preset must be 'photo' or 'live', got {preset!r}")
