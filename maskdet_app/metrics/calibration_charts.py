"""Altair charts on whether the network's probabilities can be trusted."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.ui.charts import BLUE, GREY, Chart, rows_chart
from maskdet_app.ui.i18n import t
from maskdet_app.ui.json_values import finite, objects

_HEIGHT_PX: Final = 260
_LEAST_RISK: Final = 0.02
"""Top of the axis where hardly anything is wrong, so that such a line lies at the bottom."""


def reliability(test_set: dict[str, Any]) -> Chart | None:
    """How often there is a mask against the probability said; None without usable bins."""
    rows = _rows(test_set.get("calibration"), ("mean_p", "share_masked", "n"))
    rows = [row for row in rows if 0 <= row["mean_p"] <= 1 and 0 <= row["share_masked"] <= 1]
    if not rows:
        return None
    ends = [{"mean_p": 0.0, "share_masked": 0.0}, {"mean_p": 1.0, "share_masked": 1.0}]
    across = alt.X("mean_p:Q", title=t("chart.p_said"), axis=alt.Axis(format=".0%"))
    up = alt.Y("share_masked:Q", title=t("chart.how_often"), axis=alt.Axis(format=".0%"))
    ideal = rows_chart(ends).mark_line(color=GREY, strokeDash=[4, 4]).encode(x=across, y=up)
    dots = (
        rows_chart(rows)
        .mark_circle(color=BLUE, opacity=0.85)
        .encode(
            x=across,
            y=up,
            size=alt.Size("n:Q", title=t("chart.faces"), legend=None).scale(
                type="log", range=[30, 500]
            ),
            tooltip=[
                alt.Tooltip("n:Q", title=t("chart.faces")),
                alt.Tooltip("mean_p:Q", title=t("chart.said"), format=".1%"),
                alt.Tooltip("share_masked:Q", title=t("chart.true"), format=".1%"),
            ],
        )
    )
    drawn: Chart = (ideal + dots).properties(height=_HEIGHT_PX)
    return drawn


def risk_curve(test_set: dict[str, Any], min_confidence: float) -> Chart | None:
    """Wrong verdicts against the share of faces that get one, the app's threshold marked."""
    rows = _rows(test_set.get("risk_coverage"), ("coverage", "risk", "min_confidence"))
    if not rows:
        return None
    across = alt.X("coverage:Q", title=t("chart.get_verdict"), axis=alt.Axis(format=".0%"))
    up = alt.Y("risk:Q", title=t("chart.of_these"), axis=alt.Axis(format=".1%", tickCount=5))
    up = up.scale(domain=[0, max(_LEAST_RISK, *(row["risk"] for row in rows))])
    tips = [
        alt.Tooltip("coverage:Q", title=t("chart.get_verdict"), format=".1%"),
        alt.Tooltip("risk:Q", title=t("chart.of_these"), format=".2%"),
        alt.Tooltip("min_confidence:Q", title=t("chart.least_sure"), format=".1%"),
    ]
    line = (
        rows_chart(rows)
        .mark_line(color=BLUE, strokeWidth=2.2)
        .encode(x=across.scale(zero=False), y=up, tooltip=tips)
    )
    last = [row for row in rows if row["min_confidence"] >= min_confidence][-1:]
    mark = (
        rows_chart(last)
        .mark_point(color=BLUE, filled=True, size=90)
        .encode(x=across, y=up, tooltip=tips)
    )
    drawn: Chart = (line + mark).properties(height=_HEIGHT_PX)
    return drawn


def _rows(value: Any, names: Sequence[str]) -> list[dict[str, float]]:
    """The objects that hold a finite number under every name."""
    rows = []
    for item in objects(value):
        numbers = {name: number for name in names if (number := finite(item.get(name))) is not None}
        if len(numbers) == len(names):
            rows.append(numbers)
    return rows
