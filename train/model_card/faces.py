"""Sections of the model card on faces: sets, what is shown, rates, loose boxes, people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from maskdet_core.records.evaluation import OUTCOMES
from maskdet_core.types import WITH_MASK, WITHOUT_MASK, WORN_WRONG
from train.model_card.text import percent, rate, share, table, words

SHOWN: Final = ("leak-free", "street", "wild", "hands", "objects")
"""Sets whose verdicts are tabled; the others are parts of them or given tests."""
_CONDITIONS: Final = {
    "bare": "bare",
    "drawn_mask": "the same people with masks drawn on",
    "drawn_wrong": "with masks drawn on that leave nose or mouth free",
}

Record = Mapping[str, Any]


def faces_section(record: Record) -> str:
    """All that an evaluation says of faces; parts without a figure are left out."""
    parts = [
        _sets(record.get("sets", [])),
        _verdicts(record.get("sets", [])),
        _rates(record.get("rates", [])),
        _loose(record.get("loose_boxes", [])),
        _covered(record.get("covered_other")),
        _people(record.get("people")),
    ]
    return "\n".join(part for part in parts if part)


def _sets(sets: Sequence[Record]) -> str:
    if not sets:
        return ""
    classes = [WITH_MASK, WITHOUT_MASK]
    if any(WORN_WRONG in one["per_class"] for one in sets):
        classes.append(WORN_WRONG)
    rows = [
        [
            str(one["name"]),
            f"{one['n']:,}",
            share(one["n_correct"], one["n"], one["ci95"]),
            *(_recall(one["per_class"].get(name)) for name in classes),
            percent(one["calibration_error"]) if "calibration_error" in one else "–",
            f"{one['n_not_sure']:,}",
        ]
        for one in sets
    ]
    head = ["test", "faces", "right", *map(words, classes), "calibration gap", "not sure"]
    return f"### Faces\n\n{table(head, rows)}\n"


def _recall(of_class: Record | None) -> str:
    return share(of_class["n_correct"], of_class["n"], of_class["ci95"]) if of_class else "–"


def _verdicts(sets: Sequence[Record]) -> str:
    rows = [
        [
            str(one["name"]),
            words(name),
            f"{sum(counts):,}",
            *(f"{n:,}" for n in counts),
            rate(one["per_class"][name]["shown_right"]),
        ]
        for one in sets
        if one["slug"] in SHOWN and "verdicts" in one
        for name, counts in zip((WITH_MASK, WORN_WRONG, WITHOUT_MASK), one["verdicts"], strict=True)
        if sum(counts)
    ]
    if not rows:
        return ""
    head = ["test", "in truth", "faces", *map(words, OUTCOMES), "right verdict"]
    return f"""### What is shown

Verdicts at the threshold; "no face" is not shown at all.

{table(head, rows)}
"""


def _rates(rates: Sequence[Record]) -> str:
    rows = [[str(one["name"]), f"{one['n_hits']:,} of {one['n']:,}", rate(one)] for one in rates]
    return f"### What should be rare\n\n{table(['', 'counted', 'share'], rows)}\n" if rows else ""


def _loose(records: Sequence[Record]) -> str:
    rows = [
        [
            words(str(one["of"])),
            f"{one['factor']:g} times, {one['place']}",
            f"{one['outcomes']['n']:,}",
            *(rate(one[name]) for name in ("called_mask", "shown", "shown_mask")),
        ]
        for one in records
    ]
    if not rows:
        return ""
    head = ["around faces", "box", "boxes", "called with mask", "shown at all", "shown with mask"]
    return f"""### Loose boxes, which are no face

Boxes larger than a face's: around it, with the face at the top edge (down), or at the left or right
edge (sideways). Called with mask counts verdicts whether or not the box would be shown.

{table(head, rows)}
"""


def _covered(counts: Record | None) -> str:
    if not counts or not counts["n"]:
        return ""
    said = ", ".join(f"{counts[name]:,} {words(name)}" for name in OUTCOMES)
    return (
        "### Veils, scarves and balaclavas\n\n"
        f"No verdict is right for these {counts['n']:,} faces: {said}.\n"
    )


def _people(record: Record | None) -> str:
    if not record:
        return ""
    parts = [
        f"""### How evenly it works

Set `{record["dataset"]}`, used for nothing but this; groups, ages and genders as its publisher
labels them. Wrong counts wrong verdicts; the largest of several gaps is above 0 by chance alone.
"""
    ]
    for one in record["conditions"]:
        rows = [
            [
                str(group["by"]),
                str(group["name"]),
                f"{group['n']:,}",
                *(rate(group[name]) for name in ("wrong", "not_sure", "no_face")),
            ]
            for group in one["groups"]
        ]
        parts.append(f"People {_CONDITIONS.get(one['condition'], one['condition'])}:\n")
        parts.append(
            table(["by", "people", "number", "wrong", "not sure", "taken for no face"], rows) + "\n"
        )
        parts += [f"- {_gap(gap)}" for gap in one["gaps"]]
        parts.append("")
    return "\n".join(parts)


def _gap(gap: Record) -> str:
    low, high = (100 * value for value in gap["ci95"])
    return (
        f"largest gap by {gap['by']}, {words(str(gap['of']))}: {100 * gap['value']:.1f} points "
        f"({low:.1f} to {high:.1f}), {gap['highest']} over {gap['lowest']}"
    )
