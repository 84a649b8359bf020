"""Charts of a video: who is seen when, and how many people in each second."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.ui.elements.charts import (
    BLUE,
    GREY,
    OUTLINES,
    VERMILION,
    YELLOW,
    Chart,
    rows_chart,
)
from maskdet_app.ui.texts.i18n import t, verdict_label
from maskdet_app.ui.texts.times import clock_tenths
from maskdet_core import Verdict
from maskdet_core.draw.annotate import SIGNS
from maskdet_core.times import clock

COLOURS: Final = {
    Verdict.WITH_MASK: BLUE,
    Verdict.WORN_WRONG: YELLOW,
    Verdict.WITHOUT_MASK: VERMILION,
    Verdict.NOT_SURE: GREY,
}
SELECTED: Final = "interval"
"""Name of the selection by a click."""
MAX_PEOPLE: Final = 40
"""Rows of the chart; a page of more cannot be read."""
_ROW_PX: Final = 30
_LABEL_SHARE: Final = 0.03
"""An interval of at least this part of the video has room for its letter."""
_MAX_BARS: Final = 200
_HEIGHT_PX: Final = 260
_AXIS_PX: Final = 103
_LEGEND_PX: Final = 28
"""Room for axis, and for a line of the legend, in a chart's height."""
_PER_LINE: Final = 2
"""Entries of the legend in a line on a phone."""
_COLUMNS: Final = alt.ExprRef(f"width < 480 ? {_PER_LINE} : {len(COLOURS)}")
"""Entries of the legend in a line, by the chart's width in px."""


def people_chart(row: Mapping[str, Any]) -> Chart:
    """A bar for each interval of each person, with a letter for its verdict.

    Args:
        row: from `maskdet_core.batch.videos.report.video_json`.
    """
    length_s = max(row["length_s"], 0.1)
    rows = [
        {
            "person": t("video.person", n=person["person"]),
            "start_s": one["start_s"],
            "end_s": one["end_s"],
            "middle_s": (one["start_s"] + one["end_s"]) / 2,
            "verdict": verdict_label(Verdict(one["verdict"])),
            "letter": SIGNS[Verdict(one["verdict"])],
            "is_dark": COLOURS[Verdict(one["verdict"])] == BLUE,
            "has_room": one["end_s"] - one["start_s"] >= _LABEL_SHARE * length_s,
            "time": f"{clock_tenths(one['start_s'])} – {clock_tenths(one['end_s'])}",
        }
        for person in row["people"][:MAX_PEOPLE]
        for one in person["intervals"]
    ]
    colours = _colours(row)
    people = list(dict.fromkeys(one["person"] for one in rows))
    y = alt.Y("person:N", title=None, sort=people)
    x = alt.X("start_s:Q", title=t("video.axis"), axis=_time_axis()).scale(
        domain=[0, length_s], nice=False
    )
    clicked = alt.selection_point(
        name=SELECTED, fields=["start_s"], on="click", empty=False, toggle=False
    )
    bars = (
        rows_chart(rows)
        .mark_bar(height=_ROW_PX - 10, strokeWidth=1, cursor="pointer")
        .encode(
            x=x,
            x2="end_s:Q",
            y=y,
            color=_colour(colours),
            stroke=_stroke(colours),
            tooltip=[
                alt.Tooltip("person:N", title=t("video.who")),
                alt.Tooltip("verdict:N", title=t("video.verdict")),
                alt.Tooltip("time:N", title=t("video.when")),
            ],
        )
        .add_params(clicked)
    )
    letters = (
        rows_chart([one for one in rows if one["has_room"]])
        .mark_text(fontSize=12, fontWeight="bold")
        .encode(
            x=alt.X("middle_s:Q", title=t("video.axis"), axis=_time_axis()),
            y=y,
            text="letter:N",
            color=alt.condition("datum.is_dark", alt.value("#FFFFFF"), alt.value("#000000")),
        )
    )
    around_px = _AXIS_PX + _LEGEND_PX * math.ceil(len(colours) / _PER_LINE)
    layers = (bars + letters).properties(height=_ROW_PX * max(1, len(people)) + around_px)
    chart: Chart = layers.configure_legend(orient="top", symbolStrokeWidth=1, columns=_COLUMNS)
    return chart


def seconds_chart(row: Mapping[str, Any]) -> Chart:
    """People by second, stacked by verdict; of a long video the most in each few seconds.

    Args:
        row: as `people_chart`.
    """
    by_second: Mapping[str, Sequence[int]] = row["by_second"]
    n_seconds = len(by_second[Verdict.WITH_MASK.value])
    step = max(1, math.ceil(n_seconds / _MAX_BARS))
    rows = [
        {
            "start_s": second,
            "end_s": min(second + step, n_seconds),
            "people": most,
            "verdict": verdict_label(verdict),
            "order": order,
            "time": clock(second),
        }
        for order, verdict in enumerate(COLOURS)
        for second in range(0, n_seconds, step)
        if (most := max(by_second[verdict.value][second : second + step]))
    ]
    colours = _colours(row)
    bars = (
        rows_chart(rows)
        .mark_bar(strokeWidth=0.5)
        .encode(
            # binned, so that the bars stand
            x=alt.X("start_s:Q", bin="binned", title=t("video.axis"), axis=_time_axis()).scale(
                domain=[0, max(1, n_seconds)], nice=False
            ),
            x2="end_s:Q",
            y=alt.Y(
                "people:Q",
                title=t("video.people_axis"),
                axis=alt.Axis(tickMinStep=1, format="d"),
                stack="zero",
            ),
            color=_colour(colours),
            stroke=_stroke(colours),
            order="order:O",
            tooltip=[
                alt.Tooltip("time:N", title=t("video.when")),
                alt.Tooltip("verdict:N", title=t("video.verdict")),
                alt.Tooltip("people:Q", title=t("video.people_axis")),
            ],
        )
        .properties(height=_HEIGHT_PX)
    )
    chart: Chart = bars.configure_legend(orient="top", symbolStrokeWidth=1, columns=_COLUMNS)
    return chart


def _time_axis() -> alt.Axis:
    minutes = "floor(datum.value / 60) + ':' + format(datum.value % 60, '02.0f')"
    return alt.Axis(labelExpr=minutes, tickMinStep=1)


def _colours(row: Mapping[str, Any]) -> dict[str, str]:
    """Colour by label, of the verdicts that occur, and of the two that always can."""
    return {
        verdict_label(verdict): colour
        for verdict, colour in COLOURS.items()
        if verdict in (Verdict.WITH_MASK, Verdict.WITHOUT_MASK)
        or any(row["by_second"][verdict.value])
    }


def _colour(colours: Mapping[str, str]) -> alt.Color:
    return alt.Color("verdict:N", title=None, sort=list(colours)).scale(
        domain=list(colours), range=list(colours.values())
    )


def _stroke(colours: Mapping[str, str]) -> alt.Stroke:
    return alt.Stroke("verdict:N", title=None, sort=list(colours)).scale(
        domain=list(colours), range=[OUTLINES.get(one, one) for one in colours.values()]
    )
