"""A test set at another threshold."""

from typing import Any

import pytest

from maskdet_app.metrics.records import thresholds
from maskdet_core.types import MASK_CLASSES

STEPS = [percent / 100 for percent in range(50, 100)]


def counts(right: int, wrong: int) -> list[list[int]]:
    """By verdict, right ones at first: one is withheld at each step."""
    return [[max(0, n - i) for i in range(50)] for n in (right, wrong, 0)]


VERDICTS: dict[str, dict[str, list[int]]] = {
    "with_mask": dict(zip(MASK_CLASSES, counts(90, 4), strict=True)),
    "without_mask": dict(zip(MASK_CLASSES, reversed(counts(40, 0)), strict=True)),
}
SET: dict[str, Any] = {
    "verdicts": [[80, 0, 0, 15, 5], [0] * 5, [0, 0, 30, 10, 0]],
    "per_class": {"with_mask": {"recall": 0.9, "n": 100, "shown_right": {"value": 0.8}}},
    "by_threshold": {"min_confidence": STEPS, "verdicts": VERDICTS},
    "risk_coverage": [{"coverage": 0.5, "risk": 0.1, "min_confidence": 0.8}],
}


def test_counts_of_a_threshold_and_what_follows_from_them() -> None:
    moved = thresholds.at(SET, 52, 0.6)
    assert moved["verdicts"] == [[88, 2, 0, 5, 5], [0] * 5, [0, 0, 38, 2, 0]]
    shown = moved["per_class"]["with_mask"]["shown_right"]
    assert (shown["n_hits"], shown["n"], shown["value"]) == (88, 100, 0.88)
    assert moved["per_class"]["with_mask"]["recall"] == 0.9
    found = thresholds.of_verdicts(moved, 0.52)
    assert found == thresholds.AtThreshold(128 / 140, 2 / 128, 0.52)
    assert found in thresholds.curve(SET, 0.6)


def test_recorded_threshold_keeps_its_own_verdicts() -> None:
    assert thresholds.at(SET, 60, 0.604) is SET
    (own,) = [one for one in thresholds.curve(SET, 0.604) if one.min_confidence == 0.604]
    assert own.coverage == 110 / 140


def test_risk_and_coverage_fall_together_with_the_threshold() -> None:
    points = thresholds.curve(SET, 0.6)
    assert len(points) == 50
    assert [one.coverage for one in points] == sorted(
        (one.coverage for one in points), reverse=True
    )


@pytest.mark.parametrize(
    "broken",
    [
        {"by_threshold": None},
        {"by_threshold": {"min_confidence": STEPS[:9], "verdicts": VERDICTS}},
        {"by_threshold": {"min_confidence": STEPS, "verdicts": {"with_mask": {}}}},
        {"by_threshold": {"min_confidence": "x", "verdicts": VERDICTS}},
        {"verdicts": [[1, 2]]},
        {"verdicts": [[1, 0, 0, 0, 0]] * 3},
    ],
)
def test_without_usable_counts_the_curve_of_answers_is_left(broken: dict[str, Any]) -> None:
    record = SET | broken
    assert not thresholds.has_counts(record)
    assert thresholds.at(record, 95, 0.6) is record
    assert thresholds.curve(record, 0.6) == [thresholds.AtThreshold(0.5, 0.1, 0.8)]
