import math
from typing import Any

import pytest

from maskdet_app.metrics import calibration_charts as trust_charts

GOOD = {
    "calibration": [
        {"n": 40, "mean_p": 0.02, "share_masked": 0.0},
        {"n": 9, "mean_p": 0.97, "share_masked": 1.0},
    ],
    "risk_coverage": [
        {"coverage": 0.5, "risk": 0.0, "min_confidence": 0.99},
        {"coverage": 0.9, "risk": 0.01, "min_confidence": 0.7},
        {"coverage": 1.0, "risk": 0.02, "min_confidence": 0.5},
    ],
}


def points(chart: trust_charts.Chart | None) -> list[list[dict[str, Any]]]:
    """The data of each layer."""
    assert chart is not None
    drawn = chart.to_dict()
    return [layer["data"]["values"] for layer in drawn["layer"]]


def test_calibration_is_drawn_against_the_ideal() -> None:
    ideal, dots = points(trust_charts.reliability(GOOD))
    assert [row["mean_p"] for row in ideal] == [row["share_masked"] for row in ideal] == [0, 1]
    assert dots == GOOD["calibration"]


@pytest.mark.parametrize(("least", "coverage"), [(0.6, 0.9), (0.7, 0.9), (0.995, None)])
def test_the_threshold_in_use_is_marked(least: float, coverage: float | None) -> None:
    line, mark = points(trust_charts.risk_curve(GOOD, least))
    assert len(line) == 3
    assert [row["coverage"] for row in mark] == ([] if coverage is None else [coverage])


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "x",
        [],
        [1, None],
        [{"n": 3}],
        [{"n": 3, "mean_p": math.nan, "share_masked": 1.0, "coverage": math.inf, "risk": 0}],
        [{"n": 3, "mean_p": 7, "share_masked": 1.0}],
    ],
)
def test_records_that_cannot_be_drawn_give_no_chart(bad: object) -> None:
    record = {"calibration": bad, "risk_coverage": bad}
    assert trust_charts.reliability(record) is None
    assert trust_charts.risk_curve(record, 0.6) is None
    assert trust_charts.reliability({}) is None
