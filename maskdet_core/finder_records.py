"""Schema of what a finder's manifest holds as `evaluation["drawn"]`, of hand-drawn boxes.

`train evaluate-detector` writes it, the model card and the metrics page read it; see
`maskdet_core.run_records` on what readers may rely on.
"""

from typing import Literal, NotRequired, TypedDict

FinderRole = Literal["measured", "earlier", "stock"]
"""Which finder of a comparison: the manifest's own, the earlier one, or one of OpenCV's."""


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
    """Recall by class at one number of further boxes a photograph; None without a face."""

    further_per_photo: float
    with_mask: float | None
    worn_wrong: float | None
    without_mask: float | None


class DrawnRecord(OperatingPoint):
    """One finder on one set, at its own minimum score.

    Attributes:
        finder: its name.
        role: which finder of the comparison.
        set: name of the photographs.
        photos: number of them.
        processor_ms: median processor time of all threads for one photograph.
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
    """All finders on the same photographs, in turn on each.

    Attributes:
        date: ISO 8601 in UTC.
        match_iou: least intersection over union of a box and the face that it finds.
        curve_px: longer side of the smallest faces of the curves.
        processor: what the times were measured on.
        manifests: names of the finders by role.
        records: set by set.
    """

    date: str
    match_iou: float
    curve_px: int
    processor: str
    manifests: dict[str, str]
    records: list[DrawnRecord]
