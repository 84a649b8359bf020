"""The live page's timeline chart, readable without colour: position shows the verdict as well."""

from collections.abc import Collection, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final

import altair as alt

from maskdet_app.ui.elements.charts import BLUE, GREY, OUTLINES, VERMILION, YELLOW, rows_chart
from maskdet_app.ui.texts.i18n import t, verdict_label
from maskdet_core import Verdict
from maskdet_core.live import TimelinePoint

_COLOURS: Final = {
    Verdict.WITH_MASK: BLUE,
    Verdict.WORN_WRONG: YELLOW,
    Verdict.WITHOUT_MASK: VERMILION,
    Verdict.NOT_SURE: GREY,
}
_HEIGHT_PX: Final = 240
_LEGEND_PX: Final = 340
"""A chart wider than this has room for its legend in one row, in any language."""
MIN_SPAN_S: Final = 30
"""The axis covers at least this time, even when the stream has just begun."""


def timeline(points: Sequence[TimelinePoint], verdicts: Collection[Verdict] = ()) -> dict[str, Any]:
    """Faces by second: no mask and mask worn wrong below the axis, mask and not sure above it.

    Args:
        points: oldest first, one a second.
        verdicts: those that can be given. The legend has masks worn wrong only if they are among
            these or in the chart.

    Returns:
        A Vega-Lite specification, the caller's own.
    """
    newest = points[-1].second if points else 0
    labels = {verdict: verdict_label(verdict) for verdict in _COLOURS}
    rows = [
        {"ago": point.second - newest, "faces": sign * n, "verdict": labels[verdict]}
        for point in points
        for verdict, sign, n in (
            (Verdict.WITH_MASK, 1, point.n_with),
            (Verdict.WORN_WRONG, -1, point.n_worn_wrong),
            (Verdict.WITHOUT_MASK, -1, point.n_without),
            (Verdict.NOT_SURE, 1, point.n_not_sure),
        )
        if n
    ]
    if Verdict.WORN_WRONG not in verdicts and not any(p.n_worn_wrong for p in points):
        del labels[Verdict.WORN_WRONG]
    span_s = max(MIN_SPAN_S, newest - points[0].second if points else 0)
    # bars of one second are stacked
    most = max(
        (max(p.n_with + p.n_not_sure, p.n_without + p.n_worn_wrong) for p in points), default=0
    )
    spec = deepcopy(_template(tuple(labels.items()), t("live.timeline_axis")))
    has_wrong = Verdict.WORN_WRONG in labels
    spec["description"] = t("live.timeline_worn_wrong" if has_wrong else "live.timeline")
    bars = spec["layer"][0]
    bars["data"]["values"] = rows
    bars["encoding"]["x"]["scale"]["domain"] = [-span_s, 0]
    bars["encoding"]["y"]["scale"]["domain"] = [-(1 + most), 1 + most]
    # the chart is low: with ticks of its own choice, 0 may be the only one
    bars["encoding"]["y"]["axis"]["values"] = sorted({-most, 0, most})
    return spec


@lru_cache(maxsize=16)
def _template(labels: tuple[tuple[Verdict, str], ...], axis: str) -> dict[str, Any]:
    """The chart without its data: Altair takes 20 times as long to build one as to fill it in."""
    colours = {word: _COLOURS[verdict] for verdict, word in labels}
    words = list(colours)
    layers = rows_chart([]).mark_bar(size=4, strokeWidth=1).encode(
        x=alt.X("ago:Q", title=axis, axis=alt.Axis(format="d")).scale(domain=[-1, 0], nice=False),
        y=alt.Y(
            "faces:Q", title=None, axis=alt.Axis(values=[0], labelExpr="abs(datum.value)")
        ).scale(domain=[-1, 1], nice=False),
        color=alt.Color("verdict:N", title=None, sort=words).scale(
            domain=words, range=list(colours.values())
        ),
        stroke=alt.Stroke("verdict:N", title=None, sort=words).scale(
            domain=words, range=[OUTLINES.get(colour, colour) for colour in colours.values()]
        ),
        tooltip=[alt.Tooltip("verdict:N"), alt.Tooltip("ago:Q", title=axis)],
    ) + rows_chart([{"faces": 0}]).mark_rule(opacity=0.5).encode(y="faces:Q")
    chart = layers.properties(height=_HEIGHT_PX).configure_legend(
        orient="top",
        symbolStrokeWidth=1,
        # two rows on a phone, where one would be cut
        columns=alt.ExprRef(expr=f"width < {_LEGEND_PX} ? 2 : {len(words)}"),
    )
    spec: dict[str, Any] = chart.to_dict()
    return spec
