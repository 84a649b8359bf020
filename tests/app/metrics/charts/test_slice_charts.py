"""Rare errors, loose boxes and people by group."""

from typing import Any

import pytest

from maskdet_app.metrics.charts import slice_charts
from maskdet_app.ui.elements.charts import Chart


def share(value: float, n: int = 100) -> dict[str, Any]:
    return {"n": n, "n_hits": round(value * n), "value": value, "ci95": [value / 2, value * 1.5]}


RATES = [{"slug": "a", "name": "Masks worn wrong, shown as “mask”", **share(0.08)}]
LOOSE = [
    {
        "of": of,
        "factor": factor,
        "place": "down",
        "called_mask": share(0.5),
        "shown": share(0.2),
        "shown_mask": share(0.1),
    }
    for of in ("without_mask", "with_mask")
    for factor in (1.5, 2.0)
]
PEOPLE = {
    "dataset": "people",
    "conditions": [
        {
            "condition": "bare",
            "n_left_out": 0,
            "groups": [
                {"by": by, "name": name, "n": 100, "wrong": share(wrong), "not_sure": share(0.1)}
                | {"no_face": share(0.0)}
                for by, name, wrong in (
                    ("all", "all", 0.02),
                    ("group", "A", 0.03),
                    ("group", "B", 0.01),
                    ("gender", "female", 0.02),
                )
            ],
            "gaps": [
                {"by": "group", "of": "wrong", "highest": "A", "lowest": "B", "value": 0.02}
                | {"ci95": [-0.01, 0.05]},
                {"by": "gender", "of": "wrong", "highest": "female", "lowest": "male"},
            ],
        }
    ],
}
COVERED = {"n": 20, "with_mask": 9, "worn_wrong": 1, "without_mask": 2, "not_sure": 7, "no_face": 1}


def rows(chart: Chart | None) -> list[dict[str, Any]]:
    assert chart is not None
    return list(chart.to_dict()["data"]["values"])


def test_rates_begin_at_zero() -> None:
    chart = slice_charts.rate_dots(RATES)
    assert [(row["value"], row["low"]) for row in rows(chart)] == [(0.08, 0.04)]
    assert chart is not None
    assert chart.to_dict()["layer"][0]["encoding"]["x"]["scale"]["zero"] is True


def test_loose_boxes_are_shown_around_one_class() -> None:
    assert slice_charts.around_known(LOOSE) == ["without_mask", "with_mask"]
    found = rows(slice_charts.loose_dots(LOOSE, "without_mask"))
    assert [(row["name"], row["value"]) for row in found] == [
        ("1.5 times, face at the top", 0.2),
        ("1.5 times, face at the top", 0.1),
        ("2 times, face at the top", 0.2),
        ("2 times, face at the top", 0.1),
    ]
    assert slice_charts.around_known(LOOSE[:1]) == ["without_mask"]


def test_people_have_two_dots_each_and_all_come_first() -> None:
    bare = slice_charts.conditions(PEOPLE)["bare"]
    chart = slice_charts.people_dots(bare, "group")
    found = rows(chart)
    assert [row["name"] for row in found[::2]] == ["all people", "A", "B"]
    assert [row["value"] for row in found if row["kind"] == "wrong verdict"] == [0.02, 0.03, 0.01]
    assert chart is not None
    colour = chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
    assert colour["range"] == ["#6F8598", "#8A63D2"]
    assert [row["name"] for row in rows(slice_charts.people_dots(bare, "gender"))[2:]] == [
        "women and girls"
    ] * 2


def test_gaps_are_said_with_their_intervals() -> None:
    bare = slice_charts.conditions(PEOPLE)["bare"]
    assert list(slice_charts.gap_texts(bare, "group")) == [
        "wrong verdict: the largest gap is 2.0 points (-1.0 to 5.0), A over B."
    ]
    assert list(slice_charts.gap_texts(bare, "gender")) == [], "without its value"


def test_covered_faces_are_told_apart() -> None:
    text = slice_charts.covered_text(COVERED)
    assert text is not None and "Of 20 such faces 9 are shown as “mask”" in text
    assert slice_charts.covered_text({**COVERED, "no_face": "x"}) is None
    assert slice_charts.covered_text({**COVERED, "n": 0}) is None


@pytest.mark.parametrize("bad", [None, 3, "x", [], {}, [{}], [3, {"conditions": 1}], {"x": [{}]}])
def test_invalid_records_give_no_chart(bad: Any) -> None:
    assert slice_charts.rate_dots(bad) is None
    assert slice_charts.loose_dots(bad, "without_mask") is None
    assert slice_charts.conditions(bad) == {}
    assert slice_charts.covered_text(bad) is None
    assert slice_charts.people_dots({"groups": bad}, "age") is None
    assert list(slice_charts.gap_texts({"gaps": bad}, "age")) == []
