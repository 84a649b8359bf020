"""The live page's timeline. Place tells masks and bare faces apart as well as colour."""

from collections.abc import Sequence
from typing import Final

import altair as alt

from maskdet_app.ui.charts import BLUE, GREY, VERMILION, Chart, rows_chart
from maskdet_app.ui.i18n import t, verdict_label
from maskdet_core import Verdict
from maskdet_core.live import TimelinePoint

_COLOURS: Final = {
    Verdict.WITH_MASK: BLUE,
    Verdict.WITHOUT_MASK: VERMILION,
    Verdict.NOT_SURE: GREY,
}
_HEIGHT_PX: Final = 200
LEAST_SPAN_S: Final = 30
"""The axis reaches back so far even when the stream has just begun."""


def timeline(moments: Sequence[TimelinePoint]) -> Chart:
    """Faces by second, no mask below the line and masks above, so that it reads without colour.

    Args:
        moments: oldest first, one a second.
    """
    newest = moments[-1].second if moments else 0
    rows = [
        {"ago": m.second - newest, "faces": sign * n, "verdict": verdict_label(verdict)}
        for m in moments
        for verdict, sign, n in (
            (Verdict.WITH_MASK, 1, m.n_with),
            (Verdict.WITHOUT_MASK, -1, m.n_without),
            (Verdict.NOT_SURE, 1, m.n_not_sure),
        )
        if n
    ]
    words = [verdict_label(verdict) for verdict in _COLOURS]
    span = max(LEAST_SPAN_S, newest - moments[0].second if moments else 0)
    high = 1 + max((max(m.n_with, m.n_without, m.n_not_sure) for m in moments), default=0)
    bars = rows_chart(rows).mark_bar(size=4)
    layers = bars.encode(
        x=alt.X("ago:Q", title=t("live.timeline_axis"), axis=alt.Axis(format="d")).scale(
            domain=[-span, 0], nice=False
        ),
        y=alt.Y(
            "faces:Q", title=None, axis=alt.Axis(tickMinStep=1, labelExpr="abs(datum.value)")
        ).scale(domain=[-high, high], nice=False),
        color=alt.Color("verdict:N", title=None, sort=words).scale(
            domain=words, range=list(_COLOURS.values())
        ),
        tooltip=[alt.Tooltip("verdict:N"), alt.Tooltip("ago:Q", title=t("live.timeline_axis"))],
    ) + rows_chart([{"faces": 0}]).mark_rule(opacity=0.5).encode(y="faces:Q")
    chart: Chart = layers.properties(height=_HEIGHT_PX).configure_legend(orient="top")
    return chart
