from typing import Any

import pytest

from maskdet_app.metrics import charts
from maskdet_app.ui.charts import MAX_POINTS, Chart

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
        *("new people", "1,234", "98.7 %", "98.0 to 99.0 %", "7"),
        *("90.0 %", "100.0 %", ""),
    ]
    assert list(empty.values()) == ["?", *"––––––", ""]
