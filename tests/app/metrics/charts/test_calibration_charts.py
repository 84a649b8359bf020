import math
from typing import Any

import pytest

from maskdet_app.metrics.charts import calibration_charts
from maskdet_app.metrics.records import thresholds
from maskdet_app.ui.elements.charts import Chart

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


def points(chart: Chart | None) -> list[list[dict[str, Any]]]:
    """The data of each layer."""
    assert chart is not None
    return [layer["data"]["values"] for layer in chart.to_dict()["layer"]]


def test_reliability_diagram_has_the_ideal_line() -> None:
    ideal, dots = points(calibration_charts.reliability(GOOD))
    assert [row["mean_p"] for row in ideal] == [row["share"] for row in ideal] == [0, 1]
    assert [(row["n"], row["mean_p"], row["share"]) for row in dots] == [
        (40, 0.02, 0.0),
        (9, 0.97, 1.0),
    ]


def test_bins_of_the_answer_are_told_from_those_of_a_mask() -> None:
    bins = [{"n": 9, "mean_p": 0.9, "share_right": 0.8}]
    old, new = GOOD, {"calibration": bins}
    assert not calibration_charts.is_of_answer(old) and calibration_charts.is_of_answer(new)
    _, dots = points(calibration_charts.reliability(new))
    assert dots == [{"n": 9, "mean_p": 0.9, "share": 0.8}]
    titles = [
        chart.to_dict()["layer"][1]["encoding"]["y"]["title"]
        for chart in map(calibration_charts.reliability, (old, new))
        if chart is not None
    ]
    assert len(set(titles)) == 2
    alts = [
        chart.to_dict()["description"]
        for chart in map(calibration_charts.reliability, (old, new))
        if chart is not None
    ]
    assert "0.0 % are masked, of 40" in alts[0]
    assert "80.0 % are right, of 9" in alts[1]


@pytest.mark.parametrize(("min_confidence", "coverage"), [(0.6, 0.9), (0.7, 0.9), (0.995, None)])
def test_risk_curve_marks_the_threshold(min_confidence: float, coverage: float | None) -> None:
    found = thresholds.curve(GOOD, 0.7)
    marked = thresholds.nearest(found, min_confidence)
    chart = calibration_charts.risk_curve(found, marked)
    line, mark = points(chart)
    assert len(line) == 3
    assert [row["coverage"] for row in mark] == ([] if coverage is None else [coverage])
    assert chart is not None
    told = chart.to_dict()["description"]
    assert told == (
        ""
        if coverage is None
        else "From 70 % on, 90.0 % of the faces get a verdict; 1.00 % of these are wrong."
    )


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
def test_invalid_records_give_no_chart(bad: object) -> None:
    record = {"calibration": bad, "risk_coverage": bad}
    assert calibration_charts.reliability(record) is None
    assert calibration_charts.risk_curve(thresholds.curve(record, 0.6), None) is None
    assert calibration_charts.reliability({}) is None
