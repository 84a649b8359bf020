"""The finders that are measured side by side: a trained one and OpenCV's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cv2.data import haarcascades

from maskdet_core.detector import PRESETS
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder
from maskdet_core.records.finder import FinderRole
from train.errors import RunError
from train.evaluate_finder.operating_points import EVERY_SCORE

BASELINE: Final = "frontalface_alt"
"""OpenCV's cascade at its default settings, as the original project's; times are relative to it."""
STOCK: Final = (BASELINE, "frontalface_default")
"""OpenCV's cascades, the two that are used most. The squares of the second are mapped as those of
the first: it marks nearly the same part of the head."""
NAME: Final = "maskdet"
"""The trained finder's, in records."""


@dataclass(frozen=True, slots=True)
class MeasuredFinder:
    """One finder at one preset.

    Attributes:
        name: in records.
        role: which finder of the comparison.
        finder: as the app has it.
        unbounded: the same without its minimum score, which is applied after the matching.
        min_score: that score.
    """

    name: str
    role: FinderRole
    finder: FaceFinder
    unbounded: FaceFinder
    min_score: float


def read_manifest(path: Path) -> CascadeManifest:
    """The manifest of a trained finder.

    Raises:
        RunError: no such file.
        CascadeError: another file.
    """
    if not path.is_file():
        raise RunError(f"expected a trained finder at {path}: run `python -m train finder` first")
    return CascadeManifest.load(path)


def trained_finder(path: Path) -> list[MeasuredFinder]:
    """The presets of a trained finder.

    Args:
        path: its manifest.

    Raises:
        RunError, CascadeError: see `read_manifest`; or a file beside it is missing or differs.
    """
    manifest = read_manifest(path)
    found = []
    for preset in PRESETS:
        finder = CascadeFaceFinder(manifest, path.parent, manifest.presets[preset])
        found.append(
            MeasuredFinder(
                f"{NAME} {preset}",
                "measured",
                finder,
                finder.with_min_score(EVERY_SCORE),
                finder.settings.min_score,
            )
        )
    return found


def stock_finders() -> list[MeasuredFinder]:
    """OpenCV's cascades; their scores are numbers of hits, of which their own rule keeps all."""
    finders = {
        name: OpenCvFaceFinder(Path(haarcascades) / f"haarcascade_{name}.xml") for name in STOCK
    }
    return [
        MeasuredFinder(name, "stock", finder, finder, EVERY_SCORE)
        for name, finder in finders.items()
    ]


def side_by_side(finder: Path) -> Sequence[MeasuredFinder]:
    """All finders of one comparison.

    Args:
        finder: manifest of the trained one.

    Raises:
        RunError, CascadeError: see `trained_finder`.
    """
    return [*trained_finder(finder), *stock_finders()]
