"""The record of finders on hand-drawn boxes: by size, class and pose, curves, processor time."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from maskdet_core.records.finder import (
    CurvePoint,
    DrawnEvaluation,
    DrawnRecord,
    FoundByClass,
    OperatingPoint,
)
from maskdet_core.version import __version__
from train.data.annotations.photos import LabelledPhoto
from train.data.annotations.poses import POSES, FacePoses
from train.data.files.records import now_iso, processor
from train.data.matching.drawn_matching import DRAWN_IOU, LEAST_PX
from train.evaluate_finder.drawn_boxes import (
    DrawnTally,
    found_by_class,
    further_per_photo,
    operating_point,
    score_at,
    tally_finders,
)
from train.evaluate_finder.finders import MeasuredFinder
from train.evaluate_finder.operating_points import EVERY_SCORE

CANDIDATES: Final = (0.3, 1.0)
"""Further boxes a photograph at which finders can be compared, beside each one's own: more than of
false faces on portraits, since many show faces that nobody drew."""
CURVE: Final = (
    *(0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0),
    *(1.25, 1.5, 2.0, 2.5, 3.0, 4.0),
)
"""Further boxes a photograph along the curves, closer where curves are steep."""
WHOLE: Final = "street photos, test and validation part"
TEST: Final = "of them the test part"
"""Names of the sets; scores and minimum scores may be fitted to the validation part."""
TEST_SPLIT: Final = "test"


def evaluate_drawn(
    photos: Sequence[LabelledPhoto],
    finders: Sequence[MeasuredFinder],
    manifests: Mapping[str, str],
    poses: FacePoses,
) -> DrawnEvaluation:
    """Measure finders on hand-drawn boxes, and print the figures.

    Args:
        photos: held out from training.
        finders: to measure.
        manifests: name of the trained one's manifest by its name in records.
        poses: of the photographs' faces, as far as they were noted.
    """
    unbounded = {one.name: one.unbounded for one in finders}
    parts = {
        part: tally_finders([photo for photo in photos if photo.split == part], unbounded, poses)
        for part in sorted({photo.split for photo in photos})
    }
    records = [
        _record(one, WHOLE, DrawnTally.joined(part[one.name] for part in parts.values()))
        for one in finders
    ]
    if TEST_SPLIT in parts and len(parts) > 1:
        records += [_own(one, TEST, parts[TEST_SPLIT][one.name]) for one in finders]
    for record in records:
        _print(record)
    return {
        "date": now_iso(),
        "version": __version__,
        "match_iou": DRAWN_IOU,
        "curve_px": LEAST_PX[0],
        "processor": processor(),
        "manifests": dict(manifests),
        "records": records,
    }


def by_pose(tally: DrawnTally, min_score: float) -> dict[str, FoundByClass]:
    """Faces found by class, of each pose that was noted."""
    found = {}
    for pose in POSES:
        faces = [face for face in tally.faces if face.pose == pose]
        if faces:
            found[pose] = found_by_class(faces, min_score)
    return found


def curve(tally: DrawnTally) -> list[CurvePoint]:
    """Recall by class of the faces of `LEAST_PX` against further boxes a photograph."""
    faces = [face for face in tally.faces if face.side_px >= LEAST_PX[0]]
    points: list[CurvePoint] = []
    for rate in CURVE:
        score = score_at(tally, rate)
        found = found_by_class(faces, score)
        point: CurvePoint = {
            "further_per_photo": further_per_photo(tally, score),
            "with_mask": found["with_mask"]["recall"],
            "worn_wrong": found["worn_wrong"]["recall"],
            "without_mask": found["without_mask"]["recall"],
        }
        # a finder with fewer further boxes has no more points
        if point not in points:
            points.append(point)
    return points


def _own(one: MeasuredFinder, name: str, tally: DrawnTally) -> DrawnRecord:
    point = operating_point(tally, one.min_score)
    return {
        "finder": one.name,
        "role": one.role,
        "set": name,
        "photos": tally.photos,
        "processor_ms": float(np.median(tally.times_ms)) if tally.times_ms else None,
        "mean_processor_ms": float(np.mean(tally.times_ms)) if tally.times_ms else None,
        "by_pose": by_pose(tally, one.min_score),
        "min_score": point["min_score"],
        "further_per_photo": point["further_per_photo"],
        "faces": point["faces"],
    }


def _record(one: MeasuredFinder, name: str, tally: DrawnTally) -> DrawnRecord:
    # JSON has no infinity
    scores = [max(score_at(tally, rate), EVERY_SCORE) for rate in CANDIDATES]
    record = _own(one, name, tally)
    record["candidates"] = [operating_point(tally, score) for score in scores]
    record["curve"] = curve(tally)
    return record


def _print(record: DrawnRecord) -> None:
    """Recall at a finder's own minimum score first, then at the others, then by pose."""
    time = "no time" if record["processor_ms"] is None else f"{record['processor_ms']:.1f} ms"
    print(f"{record['set']}, {record['photos']} photographs: {record['finder']}, {time} a photo")
    points: list[OperatingPoint] = [record, *record.get("candidates", [])]
    for point in points:
        sizes = [f"{size}: {_counts(found)}" for size, found in point["faces"].items()]
        print(f"    {point['further_per_photo']:.2f} further boxes a photo: {'; '.join(sizes)}")
    for pose, found in record["by_pose"].items():
        print(f"    {pose}: {_counts(found)}")


def _counts(found: FoundByClass) -> str:
    return ", ".join(f"{label} {one['n_found']}/{one['n']}" for label, one in found.items())
