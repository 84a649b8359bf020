"""Schema of what a finder's manifest holds as `evaluation["drawn"]` and `evaluation["recorded"]`.

`train evaluate-finder` writes the first, of hand-drawn boxes, and leaves the second as it is; the
model card and the metrics page read both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict, TypeVar

RECORDED: Final = "recorded"
"""Key of `RecordedFigures` in a manifest's `evaluation`."""
FinderRole = Literal["measured", "earlier", "stock"]
"""Which finder of a comparison: the manifest's own, one that was measured before, or OpenCV's."""


class FoundRecord(TypedDict):
    """Faces found with their Wilson interval; `recall` is None where there are none."""

    n: int
    n_found: int
    recall: float | None
    ci95: list[float]


FoundByClass = dict[str, FoundRecord]
"""By the class of the faces, see `maskdet_core.types.MASK_CLASSES`."""


class OperatingPoint(TypedDict):
    """What a finder finds with more than a score, by the faces' size and class.

    `further_per_photo` counts boxes that match no drawn face; some show faces that nobody drew.
    """

    min_score: float
    further_per_photo: float
    faces: dict[str, FoundByClass]


class CurvePoint(TypedDict):
    """Recall by class at one number of further boxes a photo; None without a face."""

    further_per_photo: float
    with_mask: float | None
    worn_wrong: float | None
    without_mask: float | None


class DrawnRecord(OperatingPoint):
    """One finder on one set, at its own minimum score.

    Attributes:
        finder: its name.
        role: which finder of the comparison.
        set: name of the photos.
        photos: number of them.
        processor_ms: median processor time of all threads for one photo.
        mean_processor_ms: the mean.
        by_pose: faces whose pose was noted, by pose.
        candidates: the same finder at other minimum scores.
        curve: recall against further boxes, the fewest first.
    """

    finder: str
    role: FinderRole
    set: str
    photos: int
    processor_ms: float | None
    mean_processor_ms: float | None
    by_pose: dict[str, FoundByClass]
    candidates: NotRequired[list[OperatingPoint]]
    curve: NotRequired[list[CurvePoint]]


class DrawnEvaluation(TypedDict):
    """All finders on the same photos, in turn on each.

    Attributes:
        date: ISO 8601 in UTC.
        version: of the project; earlier records lack it.
        match_iou: least intersection over union of a box and the face that it finds.
        curve_px: longer side of the smallest faces of the curves.
        processor: what the times were measured on.
        manifests: names of the trained finders' manifests by their names in records.
        records: set by set.
    """

    date: str
    version: NotRequired[str]
    match_iou: float
    curve_px: int
    processor: str
    manifests: dict[str, str]
    records: list[DrawnRecord]


class RecordedFigures(TypedDict):
    """Figures of a finder that is no longer part of the project, so that nobody can measure it.

    They stand beside measured ones where those are of the same photos.

    Attributes:
        date: when they were measured, ISO 8601 in UTC.
        version: of the project whose `train evaluate-finder` measured them.
        processor: what the times of `drawn` were measured on.
        manifest: name of the finder.
        records: as `evaluation["records"]`, photos with a detector's boxes.
        time_ratio: by finder, as `evaluation["time_ratio"]`.
        drawn: as the records of `DrawnEvaluation`.
    """

    date: str
    version: str
    processor: str
    manifest: str
    records: list[dict[str, Any]]
    time_ratio: dict[str, float]
    drawn: list[DrawnRecord]


_Row = TypeVar("_Row", bound=Mapping[str, Any])


def of_same_photos(recorded: Iterable[_Row], measured: Sequence[Mapping[str, Any]]) -> list[_Row]:
    """Recorded rows whose set, by its name and its number of photos, was measured too.

    Args:
        recorded: rows of `RecordedFigures`.
        measured: rows to stand beside.
    """
    sets = [(one.get("set"), one.get("photos")) for one in measured]
    return [one for one in recorded if (one.get("set"), one.get("photos")) in sets]
