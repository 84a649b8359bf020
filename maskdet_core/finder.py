"""Face finding with OpenCV's Haar cascades, behind a small seam (`FaceFinder`).

Every finder answers in one reference framing: a tight box from forehead to chin and ear to ear,
about 0.75 times as wide as high. A Haar cascade answers with a square of its own; the constants
that map it there are medians over the training photographs (`python -m benchmarks finder`).
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
from cv2.data import haarcascades
from numpy.typing import NDArray

from maskdet_core.errors import CascadeError
from maskdet_core.types import FaceBox, RgbImage, check_rgb

CASCADE_FOLDER: Final = Path(haarcascades)
"""Where the opencv package keeps its stock cascades."""
SAME_FACE_IOU: Final = 0.3
SAME_FACE_INSIDE: Final = 0.6
"""Two boxes are one face from this intersection over union, or this share of the smaller, on."""
N_THREADS: Final = min(2, os.cpu_count() or 1)
"""OpenCV's threads, as many as the classifier's: the two run in turn, not at once."""


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
class SearchPreset:
    """How thoroughly to search.

    The picture is scaled so that its long side is at most ``max_side_px`` and at least
    ``min_side_px`` (enlarging a small one helps cascades, whose windows are 20 to 24 px).
    ``scale_factor`` is the step between window sizes. ``equalize`` evens out the grey values.
    """

    max_side_px: int
    min_side_px: int = 0
    scale_factor: float = 1.1
    equalize: bool = True


class HaarFaceFinder:
    """Several cascades over one picture, one box a face. Shared safely by threads."""

    def __init__(self, specs: Sequence[CascadeSpec], preset: SearchPreset) -> None:
        """Load the cascades now, so that a missing file is not found out at the first frame.

        Also sets OpenCV's thread count for the process (`N_THREADS`).

        Raises:
            CascadeError: a file is missing, empty or no cascade.
            ValueError: no cascade given.
        """
        if not specs:
            raise ValueError("expected at least one cascade, got none")
        self.specs = tuple(specs)
        self.preset = preset
        # OpenCV's copies of a cascade share buffers: each thread loads its own.
        self._own = threading.local()
        cv2.setNumThreads(N_THREADS)
        self._cascades()

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        """Find faces; see `FaceFinder.find`.

        Raises:
            ValueError: no uint8 RGB image.
        """
        check_rgb(image_rgb)
        grey, zoom = self._prepare(image_rgb)
        boxes: list[FaceBox] = []
        for spec, cascade in zip(self.specs, self._cascades(), strict=True):
            least = max(1, int(min_face_px * zoom / spec.height))
            for x, y, side, hits in _search(cascade, grey, spec, self.preset, least):
                box = spec.reference_box((x / zoom, y / zoom, side / zoom), hits)
                if box.clipped(image_rgb.shape[1], image_rgb.shape[0]) is not None:
                    boxes.append(box)
        return merge_boxes(boxes)

    def _prepare(self, image_rgb: RgbImage) -> tuple[NDArray[np.uint8], float]:
        long_side = max(image_rgb.shape[:2])
        wanted = min(max(long_side, self.preset.min_side_px), self.preset.max_side_px)
        zoom = wanted / long_side
        grey = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY)
        if zoom != 1.0:
            height, width = grey.shape
            size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
            method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
            grey = cv2.resize(grey, size, interpolation=method)
        if self.preset.equalize:
            grey = cv2.equalizeHist(grey)
        return grey.astype(np.uint8, copy=False), zoom

    def _cascades(self) -> list[Any]:
        cascades: list[Any] | None = getattr(self._own, "cascades", None)
        if cascades is None:
            cascades = [load_cascade(spec.file) for spec in self.specs]
            self._own.cascades = cascades
        return cascades


def load_cascade(path: Path) -> Any:
    """Load one cascade file.

    Raises:
        CascadeError: the file is missing, empty or no cascade; OpenCV alone would stay silent
            until the first search.
    """
    path = Path(path)
    if not path.is_file() or path.stat().st_size == 0:
        raise CascadeError(
            f"expected a cascade file at {path}, got {'an empty' if path.exists() else 'no'} file; "
            "reinstall opencv-python-headless (4.12 or later, below 5)"
        )
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError) as error:
        # Some builds answer a malformed file with SystemError around OpenCV's own exception.
        raise CascadeError(f"expected a cascade in {path}, got something else") from error
    if cascade.empty():
        raise CascadeError(f"expected a cascade in {path}, got something else")
    return cascade


def merge_boxes(boxes: Sequence[FaceBox]) -> list[FaceBox]:
    """Keep the best scored of each group of overlapping boxes, best first."""
    kept: list[FaceBox] = []
    for box in sorted(boxes, key=lambda box: box.score, reverse=True):
        if not any(_same_face(box, other) for other in kept):
            kept.append(box)
    return kept


def _same_face(one: FaceBox, other: FaceBox) -> bool:
    return one.iou(other) >= SAME_FACE_IOU or one.overlap_of_smaller(other) >= SAME_FACE_INSIDE


def _search(
    cascade: Any,
    grey: NDArray[np.uint8],
    spec: CascadeSpec,
    preset: SearchPreset,
    least_px: int,
) -> list[tuple[float, float, float, float]]:
    searched = np.ascontiguousarray(grey[:, ::-1]) if spec.mirrored else grey
    squares, hits = cascade.detectMultiScale2(
        searched,
        scaleFactor=preset.scale_factor,
        minNeighbors=spec.min_neighbors,
        minSize=(least_px, least_px),
    )
    # With nothing found OpenCV answers empty tuples instead of arrays.
    found: list[tuple[float, float, float, float]] = []
    for (x, y, side, _), n_hits in zip(squares, hits, strict=True):
        left = grey.shape[1] - x - side if spec.mirrored else x
        found.append((float(left), float(y), float(side), float(n_hits)))
    return found


ALT2: Final = CascadeSpec(CASCADE_FOLDER / "haarcascade_frontalface_alt2.xml")
LIVE: Final = SearchPreset(max_side_px=320, scale_factor=1.1)
PHOTO: Final = SearchPreset(max_side_px=1024, min_side_px=512, scale_factor=1.05)
LIVE_SPECS: Final = (ALT2,)
PHOTO_SPECS: Final = (ALT2,)


def stock_finder(preset: str = "photo") -> HaarFaceFinder:
    """The best measured combination of OpenCV's own cascades.

    Args:
        preset: "photo" (thorough) or "live" (about 25 ms for 640 x 480 px on one core).

    Raises:
        CascadeError: OpenCV's cascade files are missing.
        ValueError: another preset.
    """
    match preset:
        case "photo":
            return HaarFaceFinder(PHOTO_SPECS, PHOTO)
        case "live":
            return HaarFaceFinder(LIVE_SPECS, LIVE)
        case _:
            raise ValueError(f"preset must be 'photo' or 'live', got {preset!r}")
