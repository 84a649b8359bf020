"""The model card's section of a face finder: what was measured, side by side with others."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.records.finder import RECORDED, of_same_photos
from maskdet_core.types import MASK_CLASSES
from train.model_card.text import share, table, words

_CURVE_AT: Final = (0.05, 0.1, 0.3, 1.0, 3.0)
"""Further boxes a photograph at which the curves are written as a table."""


_MARK: Final = "†"
"""Behind the name of a finder whose figures were recorded earlier."""

Record = Mapping[str, Any]


def finder_section(manifest: CascadeManifest) -> str:
    """The section of a finder, from its manifest."""
    training, evaluation = manifest.training, manifest.evaluation
    recorded = evaluation.get(RECORDED, {})
    measured = "Not measured yet.\n"
    if evaluation.get("records"):
        measured = _photographs(evaluation, recorded)
    drawn = _drawn(evaluation["drawn"], recorded) if "drawn" in evaluation else ""
    networks = " and ".join(
        f"`{network.file}`" for network in (manifest.first_look, manifest.second_look) if network
    )
    return f"""## The face finder

`{manifest.proposals.file}` makes proposals, {networks} verify them; trained
on {training.get("faces", "?")} faces and {training.get("photos", "?")} pictures.
Time is for a camera frame on one core, OpenCV's `frontalface_alt` being 1.

{measured}{drawn}"""


def _photographs(evaluation: Record, recorded: Record) -> str:
    measured, earlier = evaluation["records"], recorded.get("records", [])
    ratios = evaluation.get("time_ratio", {}) | {
        f"{name} {_MARK}": ratio for name, ratio in recorded.get("time_ratio", {}).items()
    }
    rows = [
        [
            str(one["set"]),
            str(one["finder"]),
            *(_found(one[name]) for name in ("masked", "bare")),
            f"{one['false_per_photo']:.2f}",
            f"{ratios[one['finder']]:.2f}" if one["finder"] in ratios else "–",
        ]
        for one in _beside(measured, earlier)
    ]
    head = ["photographs", "finder", "masked", "bare", "false faces a photo", "time"]
    return f"{table(head, rows)}\n{_note(recorded) if of_same_photos(earlier, measured) else ''}"


def _beside(measured: Sequence[Record], recorded: Sequence[Record]) -> list[Record]:
    """Measured rows set by set, behind each set the recorded ones of it, their finders marked."""
    marked = [
        {**one, "finder": f"{one['finder']} {_MARK}"} for one in of_same_photos(recorded, measured)
    ]
    sets = list(dict.fromkeys(one["set"] for one in measured))
    return sorted([*measured, *marked], key=lambda one: sets.index(one["set"]))


def _note(recorded: Record) -> str:
    version, processor = recorded["version"], recorded["processor"]
    return f"""
{_MARK} Recorded on {recorded["date"][:10]} by version {version} of
`train evaluate-finder`, on {processor}, and not measured again: that finder,
`{recorded["manifest"]}`, is no longer part of Maskdet.
"""


def _drawn(drawn: Record, recorded: Record) -> str:
    measured, earlier = drawn["records"], recorded.get("drawn", [])
    records = _beside(measured, earlier)
    names = ", ".join(f"“{role}” is `{name}`" for role, name in drawn["manifests"].items())
    return f"""
### Hand-drawn boxes

All finders in turn on the same photographs: {names}.
A match needs an intersection over union of {drawn["match_iou"]:g}. A further box matches no drawn
face; some show faces that nobody drew. Processor time of all threads: median for one photograph on
{drawn["processor"]}.
{_note(recorded) if of_same_photos(earlier, measured) else ""}
{_by_size(records)}

By pose, as one person noted it for some of the faces:

{_by_pose(records)}

Recall by class along the curves, faces of {drawn["curve_px"]} px and more: {_classes()}.

{_curves(records)}
"""


def _classes() -> str:
    return " / ".join(words(label) for label in MASK_CLASSES)


def _by_size(records: Sequence[Record]) -> str:
    rows = [
        [
            f"{record['set']} ({record['photos']})",
            str(record["finder"]),
            size,
            *(_found(found[label]) for label in MASK_CLASSES),
            f"{point['further_per_photo']:.2f}",
            _ms(record) if point is record else "",
        ]
        for record in records
        for point in (record, *record.get("candidates", []))
        for size, found in point["faces"].items()
    ]
    head = ["photographs", "finder", "faces", *map(words, MASK_CLASSES)]
    return table([*head, "further boxes a photo", "ms a photo"], rows)


def _by_pose(records: Sequence[Record]) -> str:
    rows = [
        [
            str(record["finder"]),
            words(pose),
            *(_counted(found[label]) for label in MASK_CLASSES),
        ]
        for record in records
        if record["set"] == records[0]["set"]
        for pose, found in record["by_pose"].items()
    ]
    return table(["finder", "pose", *map(words, MASK_CLASSES)], rows)


def _curves(records: Sequence[Record]) -> str:
    rows = [
        [str(record["finder"]), *(_at(record["curve"], rate) for rate in _CURVE_AT)]
        for record in records
        if record.get("curve")
    ]
    head = ["finder", *(f"{rate:g} further boxes a photo" for rate in _CURVE_AT)]
    return table(head, rows)


def _at(curve: Sequence[Record], rate: float) -> str:
    """The last point with at most so many further boxes; a dash where the curve has ended."""
    if rate > curve[-1]["further_per_photo"]:
        return "–"
    point = [one for one in curve if one["further_per_photo"] <= rate][-1:]
    shares = [one[label] for one in point for label in MASK_CLASSES]
    known = ["–" if value is None else f"{100 * value:.1f}" for value in shares]
    return " / ".join(known) + " %" if known else "–"


def _found(record: Record) -> str:
    return share(record["n_found"], record["n"], record["ci95"])


def _counted(record: Record) -> str:
    return f"{record['n_found']} of {record['n']}, {_found(record)}" if record["n"] else "–"


def _ms(record: Record) -> str:
    return "–" if record["processor_ms"] is None else f"{record['processor_ms']:.0f}"
