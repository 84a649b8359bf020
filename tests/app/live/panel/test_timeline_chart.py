"""The live page's timeline chart."""

import pytest

from maskdet_app.live.panel import timeline_chart
from maskdet_core import LiveStats, Verdict
from maskdet_core.live import TimelinePoint


def test_timeline_puts_masks_above_and_no_masks_below() -> None:
    points = [TimelinePoint(0, 2, 0, 0), TimelinePoint(1, 1, 3, 0), TimelinePoint(2, 0, 0, 1)]
    rows = timeline_chart.timeline(points)["layer"][0]["data"]["values"]
    shown = {(row["ago"], row["verdict"]): row["faces"] for row in rows}
    assert shown == {(-2, "Mask"): 2, (-1, "Mask"): 1, (-1, "No mask"): -3, (0, "Not sure"): 1}


def test_worn_wrong_is_below_with_an_outline_for_light_pages() -> None:
    points = [TimelinePoint(0, 1, 2, 0, n_worn_wrong=3)]
    bars = timeline_chart.timeline(points)["layer"][0]
    faces = {row["verdict"]: row["faces"] for row in bars["data"]["values"]}
    assert faces == {"Mask": 1, "No mask": -2, "Worn wrong": -3}
    scales = {name: bars["encoding"][name]["scale"] for name in ("color", "stroke", "y")}
    looks = {
        name: dict(zip(scales[name]["domain"], scales[name]["range"], strict=True))
        for name in ("color", "stroke")
    }
    assert looks["color"]["Worn wrong"] == "#F0E442"
    assert looks["stroke"]["Worn wrong"] == "#14222E"
    # bars below the axis are stacked
    assert scales["y"]["domain"] == [-6, 6]


@pytest.mark.parametrize(
    ("n_worn_wrong", "verdicts", "expected"),
    [(0, (), False), (0, tuple(Verdict), True), (1, (), True)],
)
def test_legend_has_worn_wrong_where_it_can_be_given_or_was(
    n_worn_wrong: int, verdicts: tuple[Verdict, ...], expected: bool
) -> None:
    points = [TimelinePoint(0, 1, 0, 0, n_worn_wrong=n_worn_wrong)]
    bars = timeline_chart.timeline(points, verdicts)["layer"][0]
    assert ("Worn wrong" in bars["encoding"]["color"]["scale"]["domain"]) is expected


def test_bars_above_are_stacked_too_and_the_axis_names_the_most() -> None:
    points = [TimelinePoint(0, 3, 0, 2), TimelinePoint(1, 1, 4, 0)]
    y = timeline_chart.timeline(points)["layer"][0]["encoding"]["y"]
    assert y["scale"]["domain"] == [-6, 6]
    assert y["axis"]["values"] == [-5, 0, 5]


def test_empty_timeline_is_a_chart() -> None:
    bars = timeline_chart.timeline(LiveStats().timeline)["layer"][0]
    assert bars["encoding"]["y"]["axis"]["values"] == [0]


def test_chart_of_one_visitor_does_not_change_anothers() -> None:
    mine = timeline_chart.timeline([TimelinePoint(0, 2, 0, 0)])
    before = str(mine)
    theirs = timeline_chart.timeline([TimelinePoint(n, 0, 5, 0) for n in range(60)])
    assert str(mine) == before
    encodings = [chart["layer"][0]["encoding"] for chart in (mine, theirs)]
    assert [e["x"]["scale"]["domain"] for e in encodings] == [[-30, 0], [-59, 0]]
    assert [e["y"]["scale"]["domain"] for e in encodings] == [[-3, 3], [-6, 6]]
