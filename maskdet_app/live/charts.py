"""The live page's timeline chart, readable without colour: position shows the verdict as well."""

from collections.abc import Collection, Sequence
from typing import Final

import altair as alt

from maskdet_app.ui.charts import BLUE, GREY, OUTLINES, VERMILION, YELLOW, Chart, rows_chart
from maskdet_app.ui.i18n import t, verdict_label
from maskdet_core import Verdict
from maskdet_core.live import TimelinePoint

_COLOURS: Final = {
    Verdict.WITH_MASK: BLUE,
    Verdict.WORN_WRONG: YELLOW,
    Verdict.WITHOUT_MASK: VERMILION,
    Verdict.NOT_SURE: GREY,
}
_HEIGHT_PX: Final = 200
MIN_SPAN_S: Final = 30
"""The axis covers at least this time, even when the stream has just begun."""


def timeline(points: Sequence[TimelinePoint], verdicts: Collection[Verdict] = ()) -> Chart:
    """Faces by second: no mask and mask worn wrong below the axis, mask and not sure above it.

    Args:
        points: oldest first, one a second.
        verdicts: those that can be given. The legend has masks worn wrong only if they are among
            these or in the chart.
    """
    newest = points[-1].second if points else 0
    rows = [
        {"ago": point.second - newest, "faces": sign * n, "verdict": verdict_label(verdict)}
        for point in points
        for verdict, sign, n in (
            (Verdict.WITH_MASK, 1, point.n_with),
            (Verdict.WORN_WRONG, -1, point.n_worn_wrong),
            (Verdict.WITHOUT_MASK, -1, point.n_without),
            (Verdict.NOT_SURE, 1, point.n_not_sure),
        )
        if n
    ]
    has_worn_wrong = Verdict.WORN_WRONG in verdicts or any(p.n_worn_wrong for p in points)
    colours = {
        verdict_label(verdict): colour
        for verdict, colour in _COLOURS.items()
        if has_worn_wrong or verdict is not Verdict.WORN_WRONG
    }
    words = list(colours)
    span_s = max(MIN_SPAN_S, newest - points[0].second if points else 0)
    most = max(
        (max(p.n_with, p.n_without + p.n_worn_wrong, p.n_not_sure) for p in points), default=0
    )
    limit = 1 + most
    bars = rows_chart(rows).mark_bar(size=4, strokeWidth=1)
    layers = bars.encode(
        x=alt.X("ago:Q", title=t("live.timeline_axis"), axis=alt.Axis(format="d")).scale(
            domain=[-span_s, 0], nice=False
        ),
        y=alt.Y(
            "faces:Q", title=None, axis=alt.Axis(tickMinStep=1, labelExpr="abs(datum.value)")
        ).scale(domain=[-limit, limit], nice=False),
        color=alt.Color("verdict:N", title=None, sort=words).scale(
            domain=words, range=list(colours.values())
        ),
        stroke=alt.Stroke("verdict:N", title=None, sort=words).scale(
            domain=words, range=[OUTLINES.get(colour, colour) for colour in colours.values()]
        ),
        tooltip=[alt.Tooltip("verdict:N"), alt.Tooltip("ago:Q", title=t("live.timeline_axis"))],
    ) + rows_chart([{"faces": 0}]).mark_rule(opacity=0.5).encode(y="faces:Q")
    chart: Chart = layers.properties(height=_HEIGHT_PX).configure_legend(
        orient="top", symbolStrokeWidth=1
    )
    return chart
