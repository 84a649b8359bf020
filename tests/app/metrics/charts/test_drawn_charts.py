"""Charts and table of finders on hand-drawn boxes, from records that may be anything."""

from typing import Any

import pytest

from maskdet_app.metrics.charts import drawn_charts
from maskdet_app.ui.elements.charts import GREY, SLATE, VIOLET, Chart
from tests.app.metrics.drawn_records import RECORDS, record


def spec(chart: Chart | None) -> dict[str, Any]:
    assert chart is not None
    return chart.to_dict()


def test_curves_have_a_colour_and_a_dash_pattern_each() -> None:
    chart = spec(drawn_charts.recall_curves(RECORDS, "without_mask"))
    lines, points = chart["layer"]
    assert lines["encoding"]["color"]["scale"] == {
        "domain": ["maskdet photo", "earlier photo", "frontalface_alt"],
        "range": [SLATE, VIOLET, GREY],
    }
    dashes = lines["encoding"]["strokeDash"]["scale"]["range"]
    assert len({tuple(dash) for dash in dashes}) == 3
    rows = [row for row in lines["data"]["values"] if row["finder"] == "maskdet photo"]
    # beyond the axis there is no point
    assert [(row["further"], row["recall"]) for row in rows] == [(0.1, 0.5), (0.5, 0.8)]
    assert [row["recall"] for row in points["data"]["values"]] == [0.8, 0.6, 0.3]


def test_curves_are_told_in_words() -> None:
    told = spec(drawn_charts.recall_curves(RECORDS, "without_mask"))["description"]
    assert "maskdet photo finds 80.0 % at 0.40 further boxes" in told
    assert "earlier photo finds 60.0 %" in told


def test_a_class_without_a_recall_has_no_curve() -> None:
    assert drawn_charts.recall_curves(RECORDS, "with_mask") is None


def test_poses_compare_the_finder_with_the_earlier_one() -> None:
    chart = spec(drawn_charts.pose_dots(RECORDS, "without_mask"))
    rows = chart["data"]["values"]
    assert [(row["kind"], row["value"]) for row in rows] == [
        ("maskdet photo", 0.8),
        ("earlier photo", 0.6),
    ]
    assert "maskdet photo finds 80.0 % of 10" in chart["description"]


def test_the_table_has_counts_further_boxes_and_time() -> None:
    (first, *_) = drawn_charts.table_rows(RECORDS)
    assert list(first.values()) == [
        "maskdet photo",
        "24 px and more",
        "9 of 10, 90.0 %",
        "9 of 10, 90.0 %",
        "8 of 10, 80.0 %",
        "0.40",
        "42",
    ]


@pytest.mark.parametrize(
    "records",
    [
        None,
        "x",
        [{}],
        [{"role": "measured", "curve": [{}], "faces": 3, "by_pose": [1]}],
        [{"role": ["measured"], "curve": "x", "faces": {"a": None}, "by_pose": {"profile": 1}}],
        [record("f", "measured", 8, further_per_photo=float("nan"), curve=[None, 3])],
    ],
)
def test_broken_records_give_what_they_can(records: Any) -> None:
    shown = drawn_charts.of_first_set(records)
    assert drawn_charts.recall_curves(shown, "without_mask") is None
    list(drawn_charts.table_rows(shown))
    drawn_charts.pose_dots(shown, "without_mask")


def test_only_the_first_set_is_drawn() -> None:
    other = record("maskdet photo", "measured", 1, set="of them the test part")
    assert drawn_charts.of_first_set([*RECORDS, other]) == RECORDS
