from typing import Any

import pytest

from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.ui.elements.charts import BLUE, MAX_POINTS, VERMILION, Chart

EPOCHS = [
    {"epoch": 1, "phase": "head", "loss": 0.6, "val_loss": 0.5, "accuracy": 0.7},
    {"epoch": 2, "phase": "full", "loss": 0.4, "val_loss": None, "accuracy": None},
]
CURVE = {
    "fpr": [0.0, 0.1, 0.4, 1.0],
    "tpr": [0.2, 0.8, 0.95, 1.0],
    "threshold": [0.99, 0.8, 0.3, 0.0],
}


def data(chart: Chart | None) -> list[dict[str, Any]]:
    """The data of a chart, or of each layer one after the other."""
    assert chart is not None
    parts = chart.to_dict()
    if "data" in parts:
        return list(parts["data"]["values"])
    return [row for layer in parts["layer"] for row in layer["data"]["values"]]


def test_learning_curve_leaves_missing_values_out() -> None:
    epochs = [{"val_accuracy": None} | epoch for epoch in EPOCHS]
    rows = data(charts.learning_curve(epochs, "loss", "Loss"))
    assert [(row["epoch"], row["value"]) for row in rows] == [(1, 0.6), (1, 0.5), (2, 0.4)]
    assert charts.learning_curve([], "loss", "Loss") is None


def test_lines_are_named_at_their_ends_and_told_by_more_than_colour() -> None:
    chart = charts.learning_curve(EPOCHS, "loss", "Loss")
    rows = data(chart)
    named = {row[place]: place for row in rows for place in ("above", "below") if row[place]}
    assert named == {"validation": "above", "training": "below"}
    assert chart is not None
    line = chart.to_dict()["layer"][0]["encoding"]
    assert len(set(map(tuple, line["strokeDash"]["scale"]["range"]))) == 2
    assert not set(line["color"]["scale"]["range"]) & {BLUE, VERMILION}, "those of verdicts"
    assert "training: 0.6 at first, 0.4 after epoch 2" in chart.to_dict()["description"]


def test_curves_are_drawn_where_they_lie() -> None:
    good = {"fpr": [0.0, 0.002, 0.01, 1.0], "tpr": [0.5, 0.96, 0.99, 1.0]}
    good |= {"threshold": [0.99, 0.7, 0.3, 0.0]}
    chart = charts.threshold_curve(good, "fpr", "tpr", ("false", "true"), 0.7)
    assert chart is not None
    axes = chart.to_dict()["layer"][0]["encoding"]
    assert axes["x"]["scale"] == {"type": "log", "domain": [0.001, 1]}
    assert axes["y"]["scale"]["domain"] == [0.9, 1]
    # a rate of 0 has no place on a logarithmic axis
    assert [row["at"] for row in data(chart)[:2]] == [0.001, 0.002]
    assert "96.0 % true" in chart.to_dict()["description"]
    poor = charts.threshold_curve(CURVE, "tpr", "fpr", ("x", "y"), 0.75)
    assert poor is not None
    assert poor.to_dict()["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0.1, 1]


def test_curve_marks_both_thresholds() -> None:
    chart = charts.threshold_curve(CURVE, "fpr", "tpr", ("x", "y"), 0.75)
    marks = [row for row in data(chart) if "mark" in row]
    assert [mark["threshold"] for mark in marks] == [0.8, 0.3]


def test_long_curve_is_downsampled_and_keeps_its_last_point() -> None:
    n = 10 * MAX_POINTS + 3
    values = [i / n for i in range(n)]
    curve = {"x": values, "y": values, "threshold": values}
    line = [
        row
        for row in data(charts.threshold_curve(curve, "x", "y", ("x", "y"), 0.75))
        if "mark" not in row
    ]
    assert len(line) <= MAX_POINTS + 2
    assert line[-1]["x"] == values[-1]


@pytest.mark.parametrize("curve", [None, [], {}, {"fpr": [0], "tpr": "x", "threshold": [1]}])
def test_invalid_curve_gives_no_chart(curve: object) -> None:
    assert charts.threshold_curve(curve, "fpr", "tpr", ("x", "y"), 0.75) is None


def test_accuracy_of_a_set_without_an_interval_is_a_point() -> None:
    sets = [
        {"name": "new people", "accuracy": 0.9, "ci95": [0.8, 0.95]},
        {"slug": "hands", "accuracy": 0.5},
        {"name": "empty"},
    ]
    rows = data(charts.accuracy_dots(sets))
    assert {(row["name"], row["low"], row["high"]) for row in rows} == {
        ("new people", 0.8, 0.95),
        ("hands", 0.5, 0.5),
    }
    assert charts.accuracy_dots([{}]) is None


def test_table_shows_a_dash_for_what_is_not_recorded() -> None:
    full, empty = charts.set_rows(
        [
            {
                "name": "new people",
                "n": 1234,
                "accuracy": 0.987,
                "ci95": [0.98, 0.99],
                "n_not_sure": 7,
                "per_class": {"with_mask": {"recall": 0.9}, "without_mask": {"recall": 1}},
            },
            {"per_class": []},
        ]
    )
    assert list(full.values()) == [
        *("Others", "new people", "1,234", "98.7 %", "98.0 to 99.0 %", "7"),
        *("90.0 %", "100.0 %", ""),
    ]
    assert list(empty.values()) == ["Others", "?", *"––––––", ""]
