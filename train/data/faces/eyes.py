"""Both eyes of bare faces, so that drawn masks and clothing get the right place and size.

OpenCV's eye cascades are unsure on small and turned faces. A pair counts only where it looks like
one: level, in the upper half and as far apart as eyes are. Where it does not, no mask is drawn, and
clothing is placed by the face's box.
"""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from cv2.data import haarcascades
from numpy.typing import NDArray
from tqdm import tqdm

from train.data.faces.datasets import CLASSES, FaceSample
from train.data.faces.images import face_crop, read_face
from train.data.files.result_cache import ResultCache, digest_of
from train.errors import DataError

Point = tuple[float, float]
Eyes = tuple[Point, Point]
"""The eye on the picture's left and the one on its right, as (x, y)."""

CASCADES: Final = ("haarcascade_eye.xml", "haarcascade_eye_tree_eyeglasses.xml")
"""Files of OpenCV, in the order in which they are tried."""

MIN_FACE_PX: Final = 32
"""Eyes of smaller faces are too coarse for the cascades' window of 20 px."""
_LOOKED_AT_PX: Final = 144
"""Side of the crop that is searched: an eye is then somewhat larger than the cascades' window."""
_SEARCHED: Final = 0.65
"""Part of the crop's height that is searched, from its upper edge."""
_EYE_SIDE: Final = (0.11, 0.40)
"""Side of an eye's window over the crop's."""

APART: Final = (0.25, 0.6)
"""Distance of the eyes over the crop's side."""
HEIGHT: Final = (0.18, 0.56)
"""Where eyes may lie, from the crop's upper edge, over its side."""
MIDDLE: Final = (0.36, 0.64)
"""Where the point between them may lie, from the crop's left edge, over its side."""
MAX_SLOPE: Final = 0.3
MAX_SIZE_RATIO: Final = 1.7
_USUAL_APART: Final = 0.42
_BARE = CLASSES.index("without_mask")


class EyeFinder:
    """OpenCV's bundled eye cascades. Not thread-safe.

    Raises:
        DataError: this OpenCV comes without them.
    """

    def __init__(self) -> None:
        self._cascades = []
        for name in CASCADES:
            cascade = cv2.CascadeClassifier(str(Path(haarcascades) / name))
            if cascade.empty():
                raise DataError(f"expected {name} in {haarcascades}")
            self._cascades.append(cascade)

    def find(self, crop: NDArray[np.uint8]) -> Eyes | None:
        """Both eyes of a framed face, uint8 RGB (S, S, 3), in fractions of S; None when unsure."""
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
        size = (_LOOKED_AT_PX, _LOOKED_AT_PX)
        grey = cv2.equalizeHist(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR))
        upper = np.ascontiguousarray(grey[: round(_SEARCHED * _LOOKED_AT_PX)])
        limits = [(round(s * _LOOKED_AT_PX),) * 2 for s in _EYE_SIDE]
        for cascade in self._cascades:
            windows = cascade.detectMultiScale(
                upper, scaleFactor=1.15, minNeighbors=3, minSize=limits[0], maxSize=limits[1]
            )
            eyes = likely_pair([tuple(float(v) / _LOOKED_AT_PX for v in w) for w in windows])
            if eyes is not None:
                return eyes
        return None


def likely_pair(windows: Sequence[tuple[float, ...]]) -> Eyes | None:
    """The pair among an eye finder's windows that looks most like two eyes, or None.

    Args:
        windows: (x, y, w, h) of each in fractions of the square crop.
    """
    best: tuple[float, Eyes] | None = None
    for one, other in combinations(sorted(windows), 2):
        (lx, ly), (rx, ry) = ((x + w / 2, y + h / 2) for x, y, w, h in (one, other))
        if lx > rx:
            (lx, ly), (rx, ry) = (rx, ry), (lx, ly)
        apart = rx - lx
        ratio = max(one[2], other[2]) / min(one[2], other[2])
        if not (
            APART[0] <= apart <= APART[1]
            and all(HEIGHT[0] <= y <= HEIGHT[1] for y in (ly, ry))
            and MIDDLE[0] <= (lx + rx) / 2 <= MIDDLE[1]
            and abs(ry - ly) <= MAX_SLOPE * apart
            and ratio <= MAX_SIZE_RATIO
        ):
            continue
        oddity = abs(ry - ly) / apart + abs(apart - _USUAL_APART) + 0.3 * (ratio - 1)
        if best is None or oddity < best[0]:
            best = (oddity, ((lx, ly), (rx, ry)))
    return None if best is None else best[1]


def find_eyes(samples: Sequence[FaceSample], cache: Path | None = None) -> dict[FaceSample, Eyes]:
    """The eyes of the bare faces among the samples, in fractions of their plain crops.

    Faces whose eyes are unsure are left out.

    Args:
        samples: of any classes.
        cache: file that keeps what was found, for runs with the same pictures.

    Raises:
        RunError: `cache` is another kind of file.
    """
    results = ResultCache(cache)
    finder = EyeFinder()
    found: dict[FaceSample, Eyes] = {}
    bare = [s for s in samples if s.label == _BARE and s.origin == "labelled"]
    for sample in tqdm(bare, desc="eyes", unit="face"):
        digest = digest_of(sample.path, sample.box, CASCADES, MIN_FACE_PX)
        if digest not in results:
            rgb, box = read_face(sample)
            large = max(box.w, box.h) >= MIN_FACE_PX
            results[digest] = finder.find(face_crop(rgb, box)) if large else None
        if results[digest] is not None:
            (lx, ly), (rx, ry) = results[digest]
            found[sample] = ((lx, ly), (rx, ry))
    results.save()
    return found
