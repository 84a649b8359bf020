"""What is said of each class: verdicts, most likely answers, and how often they are right."""

import math
from typing import Any

import pytest

from maskdet_app.metrics.charts import confusion_chart
from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.ui.elements.charts import Chart
from maskdet_core.records.evaluation import OUTCOMES

CLASSES = ["with_mask", "worn_wrong", "without_mask"]
THREE = {"confusion": [[97, 2, 1], [11, 81, 8], [1, 4, 95]]}
VERDICTS = {**THREE, "verdicts": [[90, 1, 0, 8, 1], [0] * 5, [1, 0, 92, 5, 2]]}


def cells(chart: Chart | None) -> list[dict[str, Any]]:
    assert chart is not None
    return list(chart.to_dict()["data"]["values"])


def test_counts_and_shares_of_each_true_class() -> None:
    rows = cells(confusion_chart.confusion_matrix({"confusion": [[9, 1], [0, 30]]}))
    assert [row["n"] for row in rows] == [9, 1, 0, 30]
    assert [row["share"] for row in rows] == [0.9, 0.1, 0, 1]
    assert [row["kind"] for row in rows] == ["right", "wrong", "wrong", "right"]


def test_a_row_and_a_column_for_each_class() -> None:
    rows = cells(confusion_chart.confusion_matrix(THREE, CLASSES))
    assert [row["n"] for row in rows] == [97, 2, 1, 11, 81, 8, 1, 4, 95]
    assert [row["true"] for row in rows[::3]] == ["mask", "worn wrong", "no mask"]
    assert [row["predicted"] for row in rows[:3]] == ["mask", "worn wrong", "no mask"]
    assert [row["kind"] for row in rows].count("right") == 3


def test_verdicts_come_before_answers_and_leave_out_absent_classes() -> None:
    rows = cells(confusion_chart.confusion_matrix(VERDICTS, CLASSES))
    assert [row["predicted"] for row in rows[:5]] == [
        *("mask", "worn wrong", "no mask", "not sure", "no face")
    ]
    assert list(dict.fromkeys(row["true"] for row in rows)) == ["mask", "no mask"]
    assert [row["kind"] for row in rows[:5]] == ["right", "wrong", "wrong", "withheld", "withheld"]
    assert rows[0]["share"] == 0.9
    assert confusion_chart.has_verdicts(VERDICTS, CLASSES)
    assert not confusion_chart.has_verdicts(THREE, CLASSES)


@pytest.mark.parametrize("verdicts", [None, "x", [], [[1] * 5], [[1, 2, 3]] * 3, [["x"] * 5] * 3])
def test_invalid_verdicts_leave_the_answers(verdicts: object) -> None:
    rows = cells(confusion_chart.confusion_matrix(THREE | {"verdicts": verdicts}, CLASSES))
    assert len(rows) == 9


def test_confusion_matrix_can_have_no_face() -> None:
    square = [[9, 0, 0, 1], [1, 8, 1, 0], [0, 0, 10, 0], [0, 0, 0, 0]]
    rows = cells(confusion_chart.confusion_matrix({"confusion": square}, [*CLASSES, "no_face"]))
    assert (rows[-1]["true"], rows[-1]["predicted"]) == ("no face", "no face")
    assert (rows[-1]["n"], rows[-1]["share"]) == (0, 0.0)


def test_set_of_other_classes_than_its_evaluation_names_them_itself() -> None:
    item = {"classes": ["with_mask", "veil <b>"], "confusion": [[1, 2], [3, 4]]}
    rows = cells(confusion_chart.confusion_matrix(item, CLASSES))
    assert [row["true"] for row in rows[::2]] == ["mask", "veil <b>"]


@pytest.mark.parametrize(
    "classes",
    [
        None,
        "x",
        3,
        [],
        [1, 2, 3],
        ["a", "a", "b"],
        ["no_face"],
        [["a"]],
        [str(i) for i in range(99)],
    ],
)
def test_unusable_classes_count_as_two(classes: object) -> None:
    assert charts.record_classes({"classes": classes}) == charts.TWO_CLASSES
    item = {"classes": classes, **THREE}
    assert confusion_chart.confusion_matrix(item, charts.TWO_CLASSES) is None


@pytest.mark.parametrize(
    "matrix", [None, [], [[1, 2]], [[1, 2], [3]], [[1, 2], [3, -1]], [[1, 2], [3, math.nan]], "x"]
)
def test_invalid_confusion_matrix_gives_no_chart(matrix: object) -> None:
    assert confusion_chart.confusion_matrix({"confusion": matrix}) is None


def test_class_dots_have_answers_and_shown_verdicts() -> None:
    shown = {"value": 0.9, "ci95": [0.8, 0.95], "n": 100}
    per_class = {
        "with_mask": {"recall": 0.97, "ci95": [0.92, 0.99], "n": 100, "shown_right": shown},
        "without_mask": {"recall": 0.95},
        "worn_wrong": {"recall": None},
    }
    rows = cells(confusion_chart.class_dots({"per_class": per_class}, CLASSES))
    assert [(row["name"], row["value"], row["low"]) for row in rows] == [
        ("mask", 0.97, 0.92),
        ("mask", 0.9, 0.8),
        ("no mask", 0.95, 0.95),
    ]
    assert len({row["kind"] for row in rows}) == 2
    assert confusion_chart.class_dots({"per_class": []}, CLASSES) is None


def test_columns_are_those_that_training_writes() -> None:
    assert set(confusion_chart.outcome_labels(OUTCOMES)) == set(OUTCOMES)
