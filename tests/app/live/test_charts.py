"""The live page's timeline chart."""

from maskdet_app.live import charts
from maskdet_core import LiveStats
from maskdet_core.live import TimelinePoint


def test_timeline_puts_masks_above_and_no_masks_below() -> None:
    points = [TimelinePoint(0, 2, 0, 0), TimelinePoint(1, 1, 3, 0), TimelinePoint(2, 0, 0, 1)]
    rows = charts.timeline(points).to_dict()["layer"][0]["data"]["values"]
    shown = {(row["ago"], row["verdict"]): row["faces"] for row in rows}
    assert shown == {(-2, "Mask"): 2, (-1, "Mask"): 1, (-1, "No mask"): -3, (0, "Not sure"): 1}


def test_empty_timeline_is_a_chart() -> None:
    assert charts.timeline(LiveStats().timeline).to_dict()["layer"]
