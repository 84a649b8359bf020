"""Shared parts of the charts: their type, colours, and data as rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import altair as alt

from maskdet_app.ui.texts.i18n import t

Chart = alt.Chart | alt.LayerChart

GREY: Final = "#808A92"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
YELLOW: Final = "#F0E442"
SLATE: Final = "#6F8598"
"""Of the first line or dot that is no verdict; stands out from a light and a dark page."""
VIOLET: Final = "#8A63D2"
"""Of the second."""
RIGHT: Final = "#009E73"
"""Of right answers, so that blue and vermilion stay those of verdicts."""
WRONG: Final = "#AA3377"
OUTLINES: Final = {YELLOW: "#14222E"}
"""Of a colour that would not stand out from a light page."""


MAX_POINTS: Final = 400
"""More points than pixels only slow the page down."""
_Point = TypeVar("_Point")


def thinned(points: Sequence[_Point]) -> list[_Point]:
    """Every n-th point and the last one, about `MAX_POINTS` of them."""
    step = -(-len(points) // MAX_POINTS) or 1
    return [*points[:-1:step], *points[-1:]]


def finished(chart: Chart) -> Chart:
    """The chart as it is shown, on a wide page and on a phone.

    The numbers of its axes, labels and tooltips are in the visitor's language. Titles below it, and
    legends above it, end where it ends: those longer than its axis reach to the left, where there
    is room beside it, and are not cut on the right.
    """
    signs = alt.NumberLocale(
        decimal=t("number.decimal"),
        thousands=t("number.group"),
        grouping=[3],
        currency=["", ""],
        percent="\u00a0%",
    )
    made: Chart = chart.copy(deep=False)
    config = alt.Config() if made.config is alt.Undefined else made.config.copy()
    config.locale = alt.Locale(number=signs)
    config.axisX = alt.AxisConfig(titleAnchor="end")
    legend = alt.LegendConfig() if config.legend is alt.Undefined else config.legend.copy()
    legend.layout = alt.ExprRef(expr="{top: {anchor: 'end'}}")
    config.legend = legend
    made.config = config
    return made


def rows_chart(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart whose data are rows of JSON values."""
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]
