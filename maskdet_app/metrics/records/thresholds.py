"""What a test set would show at another threshold: verdicts, risk and coverage together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from maskdet_app.ui.json_values import count, finite, objects
from maskdet_core.intervals import wilson_interval
from maskdet_core.records.evaluation import OUTCOMES
from maskdet_core.types import MASK_CLASSES, NO_FACE

RANGE_PERCENT: Final = (50, 99)
_NO_FACE_AT: Final = OUTCOMES.index(NO_FACE)
_NEAR: Final = 1e-6
_MAX_THRESHOLDS: Final = 200

Table = list[list[int]]
"""Rows are the true classes, columns `OUTCOMES`."""


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """A test set at one threshold.

    Attributes:
        coverage: share of the faces that get a verdict.
        risk: share of these verdicts that are wrong.
        min_confidence: the threshold.
    """

    coverage: float
    risk: float
    min_confidence: float


def at(test_set: dict[str, Any], percent: int, recorded: float) -> dict[str, Any]:
    """The set with the verdicts of a threshold, as far as the record has them.

    Args:
        test_set: one set of an evaluation record.
        percent: the threshold.
        recorded: the evaluation's own, whose verdicts stand for the percent that it rounds to.
    """
    if percent == round(100 * recorded):
        return test_set
    table = _table(test_set, percent)
    if table is None:
        return test_set
    per_class = test_set.get("per_class")
    of_class = dict(per_class) if isinstance(per_class, dict) else {}
    for i, name in enumerate(MASK_CLASSES):
        n = sum(table[i])
        if n and isinstance(of_class.get(name), dict):
            shown = {
                "n": n,
                "n_hits": table[i][i],
                "value": table[i][i] / n,
                "ci95": list(wilson_interval(table[i][i], n)),
            }
            of_class[name] = {**of_class[name], "shown_right": shown}
    return {**test_set, "verdicts": table, "per_class": of_class}


def has_counts(test_set: dict[str, Any]) -> bool:
    """Whether the record has the verdicts of every threshold of the slider."""
    low, high = RANGE_PERCENT
    return all(_table(test_set, percent) is not None for percent in (low, high))


def of_verdicts(test_set: dict[str, Any], min_confidence: float) -> AtThreshold | None:
    """Risk and coverage of a set's verdicts; None where the record has none."""
    table = recorded_table(test_set)
    return None if table is None else _of_table(table, min_confidence)


def curve(test_set: dict[str, Any], recorded: float) -> list[AtThreshold]:
    """Risk and coverage at every threshold, that of the lowest first.

    Where the record has no verdicts by threshold, those of the most probable answer: then faces
    taken for no face count as having one.
    """
    low, high = RANGE_PERCENT
    if has_counts(test_set):
        found = []
        for percent in range(low, high + 1):
            one = at(test_set, percent, recorded)
            exact = recorded if one is test_set else percent / 100
            point = of_verdicts(one, exact)
            if point is not None:
                found.append(point)
        return found
    points = []
    for item in objects(test_set.get("risk_coverage")):
        values = [finite(item.get(key)) for key in ("coverage", "risk", "min_confidence")]
        coverage, risk, confidence = values
        if coverage is not None and risk is not None and confidence is not None:
            points.append(AtThreshold(coverage, risk, confidence))
    # thresholds that the slider does not reach would take most of the chart
    offered = [point for point in points if 100 * point.min_confidence <= high]
    return sorted(offered or points, key=lambda point: point.min_confidence)


def nearest(points: Sequence[AtThreshold], min_confidence: float) -> AtThreshold | None:
    """The point of the lowest threshold that is no lower; None above all of them."""
    return next((one for one in points if one.min_confidence >= min_confidence - _NEAR), None)


def recorded_table(test_set: dict[str, Any]) -> Table | None:
    """The set's verdicts as whole numbers, None unless there is one for each class and outcome."""
    rows = test_set.get("verdicts")
    if not isinstance(rows, list) or len(rows) != len(MASK_CLASSES):
        return None
    table = []
    for row in rows:
        numbers = [count(value) for value in row] if isinstance(row, list) else []
        usable = [int(number) for number in numbers if number is not None]
        if len(usable) != len(OUTCOMES):
            return None
        table.append(usable)
    return table


def _table(test_set: dict[str, Any], percent: int) -> Table | None:
    table, record = recorded_table(test_set), test_set.get("by_threshold")
    if table is None or not isinstance(record, dict):
        return None
    thresholds, verdicts = record.get("min_confidence"), record.get("verdicts")
    if not isinstance(thresholds, list) or not isinstance(verdicts, dict):
        return None
    numbers = [finite(value) for value in thresholds[:_MAX_THRESHOLDS]]
    position = next(
        (i for i, one in enumerate(numbers) if one is not None and abs(100 * one - percent) < 0.01),
        None,
    )
    if position is None:
        return None
    moved = []
    for row, truth in zip(table, MASK_CLASSES, strict=True):
        n, no_face = sum(row), row[_NO_FACE_AT]
        if not n:
            moved.append(row)
            continue
        said = verdicts.get(truth)
        lists = [said.get(label) for label in MASK_CLASSES] if isinstance(said, dict) else []
        found = [
            count(one[position]) if isinstance(one, list) and position < len(one) else None
            for one in lists
        ]
        counts = [int(number) for number in found if number is not None]
        withheld = n - no_face - sum(counts)
        if len(counts) != len(MASK_CLASSES) or withheld < 0:
            return None
        moved.append([*counts, withheld, no_face])
    return moved


def _of_table(table: Table, min_confidence: float) -> AtThreshold | None:
    n = sum(map(sum, table))
    verdicts = sum(sum(row[: len(MASK_CLASSES)]) for row in table)
    right = sum(row[i] for i, row in enumerate(table))
    if not n:
        return None
    risk = (verdicts - right) / verdicts if verdicts else 0.0
    return AtThreshold(verdicts / n, risk, min_confidence)
