"""Altair charts of calibration: reliability diagram and risk-coverage curve."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import altair as alt

from maskdet_app.metrics.records.thresholds import AtThreshold
from maskdet_app.ui.elements.charts import GREY, SLATE, VIOLET, Chart, rows_chart, thinned
from maskdet_app.ui.json_values import finite, objects
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text

_HEIGHT_PX: Final = 260
_MIN_AXIS_TOP: Final = 0.02
"""Least upper end of the risk axis, so that a very low risk is drawn near the bottom."""


def is_of_answer(test_set: dict[str, Any]) -> bool:
    """Whether bins are of the most likely answer; those of older records are of a mask."""
    return any("share_right" in one for one in objects(test_set.get("calibration")))


def reliability(test_set: dict[str, Any]) -> Chart | None:
    """Reliability diagram: share of true answers by probability; None without usable bins."""
    of_answer = is_of_answer(test_set)
    share = "share_right" if of_answer else "share_masked"
    rows = [
        {"mean_p": row["mean_p"], "share": row[share], "n": row["n"]}
        for row in _rows(test_set.get("calibration"), ("mean_p", share, "n"))
        if 0 <= row["mean_p"] <= 1 and 0 <= row[share] <= 1
    ]
    if not rows:
        return None
    x_title = t("chart.p_answer" if of_answer else "chart.p_said")
    y_title = t("chart.how_often_right" if of_answer else "chart.how_often")
    ends = [{"mean_p": 0.0, "share": 0.0}, {"mean_p": 1.0, "share": 1.0}]
    x_axis = alt.X("mean_p:Q", title=x_title, axis=alt.Axis(format=".0%"))
    y_axis = alt.Y("share:Q", title=y_title, axis=alt.Axis(format=".0%"))
    ideal = rows_chart(ends).mark_line(color=GREY, strokeDash=[4, 4]).encode(x=x_axis, y=y_axis)
    dots = (
        rows_chart(rows)
        .mark_circle(color=SLATE, opacity=0.85)
        .encode(
            x=x_axis,
            y=y_axis,
            size=alt.Size("n:Q", title=t("chart.faces"), legend=None).scale(
                type="log", range=[30, 500]
            ),
            tooltip=[
                alt.Tooltip("n:Q", title=t("chart.faces")),
                alt.Tooltip("mean_p:Q", title=t("chart.said"), format=".1%"),
                alt.Tooltip("share:Q", title=t("chart.true"), format=".1%"),
            ],
        )
    )
    largest = max(rows, key=lambda row: row["n"])
    message = t(
        "chart.reliability_alt" if of_answer else "chart.reliability_mask_alt",
        said=number_text(100 * largest["mean_p"], ".1f"),
        true=number_text(100 * largest["share"], ".1f"),
        n=number_text(largest["n"], ",.0f"),
    )
    chart: Chart = (ideal + dots).properties(height=_HEIGHT_PX, description=message)
    return chart


def risk_curve(points: Sequence[AtThreshold], marked: AtThreshold | None) -> Chart | None:
    """Risk-coverage curve: share of wrong verdicts against the share of faces that get one.

    Args:
        points: of `thresholds.curve`.
        marked: the one of the threshold in use.

    Returns:
        None without a point.
    """
    if not points:
        return None
    x_axis = alt.X(
        "coverage:Q", title=t("chart.get_verdict"), axis=alt.Axis(format="~%", tickCount=5)
    )
    y_axis = alt.Y("risk:Q", title=t("chart.of_these"), axis=alt.Axis(format=".1%", tickCount=5))
    y_axis = y_axis.scale(domain=[0, max(_MIN_AXIS_TOP, *(point.risk for point in points))])
    tooltip = [
        alt.Tooltip("coverage:Q", title=t("chart.get_verdict"), format=".1%"),
        alt.Tooltip("risk:Q", title=t("chart.of_these"), format=".2%"),
        alt.Tooltip("min_confidence:Q", title=t("chart.least_sure"), format=".1%"),
    ]
    line = (
        rows_chart([asdict(point) for point in thinned(points)])
        .mark_line(color=SLATE, strokeWidth=2.2)
        .encode(x=x_axis.scale(zero=False), y=y_axis, order="min_confidence:Q", tooltip=tooltip)
    )
    mark = (
        rows_chart([asdict(point) for point in (marked,) if point is not None])
        .mark_point(color=VIOLET, filled=True, size=140, shape="diamond", opacity=1)
        .encode(x=x_axis, y=y_axis, tooltip=tooltip)
    )
    told = "" if marked is None else risk_message(marked)
    chart: Chart = (line + mark).properties(height=_HEIGHT_PX, description=told)
    return chart


def risk_message(point: AtThreshold) -> str:
    """Risk and coverage of a threshold in words."""
    return t(
        "chart.risk_alt",
        percent=number_text(100 * point.min_confidence, ".0f"),
        coverage=number_text(100 * point.coverage, ".1f"),
        risk=number_text(100 * point.risk, ".2f"),
    )


def _rows(value: Any, names: Sequence[str]) -> list[dict[str, float]]:
    """The objects of a list that hold a finite number under every name."""
    rows = []
    for item in objects(value):
        numbers = {name: number for name in names if (number := finite(item.get(name))) is not None}
        if len(numbers) == len(names):
            rows.append(numbers)
    return thinned(rows)
