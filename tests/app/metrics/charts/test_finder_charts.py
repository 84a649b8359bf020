from typing import Any

import pytest

from maskdet_app.metrics.charts import finder_charts
from maskdet_app.ui.elements.charts import Chart


def data(chart: Chart | None) -> list[dict[str, Any]]:
    """The data of a chart with one source."""
    assert chart is not None
    rows: list[dict[str, Any]] = chart.to_dict()["data"]["values"]
    return rows


def test_operating_curve_has_a_line_for_each_class() -> None:
    points = [
        {"false_per_photo": 0.1, "masked": 0.8, "bare": 0.9},
        {"false_per_photo": 0.2, "masked": 0.85, "bare": None},
    ]
    rows = data(finder_charts.operating_curve(points))
    assert [(row["false"], row["recall"]) for row in rows] == [(0.1, 0.8), (0.1, 0.9), (0.2, 0.85)]


def test_recall_without_an_interval_is_a_point() -> None:
    record = {"finder": "ours", "masked": {"recall": 0.9, "n": 10}, "bare": {}}
    rows = data(finder_charts.recall_dots([record]))
    assert [(row["low"], row["high"]) for row in rows] == [(0.9, 0.9)]


@pytest.mark.parametrize("record", [None, "x", [], [None, 3], [{}], [{"masked": 2}]])
def test_invalid_records_give_no_chart(record: Any) -> None:
    assert finder_charts.operating_curve(record) is None
    assert finder_charts.recall_dots([]) is None
