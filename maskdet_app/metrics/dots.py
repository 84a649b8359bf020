"""Dot plots of shares with their 95 % intervals: the form of most charts on the metrics page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from maskdet_app.ui.charts import BLUE, VERMILION, Chart, rows_chart
from maskdet_app.ui.i18n import t
from maskdet_app.ui.json_values import count, finite, interval, one_line

MAX_ROWS: Final = 60
"""More dots than this are not drawn."""
_STEP_PX: Final = 38
_APART_STEP_PX: Final = 21
"""Height of each dot's own line, where a row has two."""
_TWO_LINE_LABEL: Final = "split(replace(datum.label, /[,:] /, '\\n'), '\\n')"
"""Vega expression that breaks a label at its first comma or colon."""
_COLOURS: Final = [BLUE, VERMILION]
_SHAPES: Final = ["circle", "diamond"]


@dataclass(frozen=True, slots=True)
class Dot:
    """One share.

    Attributes:
        name: of the row.
        kind: of the dot; a chart has one kind or two, told apart by colour and shape.
        value: 0 to 1.
        low: lower end of its interval.
        high: upper end.
        n: number that it is a share of, where it is known.
    """

    name: str
    kind: str
    value: float
    low: float
    high: float
    n: float | None = None

    @classmethod
    def of(cls, name: str, kind: str, share: Any, key: str = "value") -> "Dot | None":
        """The dot of a recorded share with `ci95`; None without a finite value.

        Args:
            name: of the row.
            kind: of the dot.
            share: the record.
            key: where its value is.
        """
        value = finite(share.get(key)) if isinstance(share, Mapping) else None
        if value is None or not isinstance(share, Mapping):
            return None
        low, high = interval(share) or (value, value)
        return cls(one_line(name, 120), kind, value, low, high, count(share.get("n")))


def dot_plot(
    dots: Sequence[Dot | None], title: str, *, from_zero: bool = False, apart: bool = True
) -> Chart | None:
    """A row for each name, with its dots and intervals; None without a dot.

    Args:
        dots: in the order of their rows; None is left out.
        title: of the axis.
        from_zero: whether the axis begins at 0, as for rates of errors.
        apart: whether dots of two kinds are drawn beside each other, since rows have both.
    """
    shown = [dot for dot in dots if dot is not None][:MAX_ROWS]
    if not shown:
        return None
    names = list(dict.fromkeys(dot.name for dot in shown))
    kinds = list(dict.fromkeys(dot.kind for dot in shown))
    rows = [
        {"name": d.name, "kind": d.kind, "value": d.value, "low": d.low, "high": d.high, "n": d.n}
        for d in shown
    ]
    legend = alt.Legend(orient="top", columns=1, labelLimit=300) if len(kinds) > 1 else None
    base = rows_chart(rows).encode(
        y=alt.Y("name:N", title=None, sort=names, axis=name_axis()),
        color=alt.Color("kind:N", title=None, sort=kinds, legend=legend).scale(
            domain=kinds, range=_COLOURS[: len(kinds)]
        ),
        tooltip=[
            alt.Tooltip("name:N", title=t("dots.row")),
            alt.Tooltip("kind:N", title=t("dots.kind")),
            alt.Tooltip("n:Q", title=t("chart.number")),
            *(
                alt.Tooltip(f"{key}:Q", title=t(f"dots.{key}"), format=".1%")
                for key in ("value", "low", "high")
            ),
        ],
    )
    side_by_side = apart and len(kinds) > 1
    if side_by_side:
        base = base.encode(yOffset=alt.YOffset("kind:N", sort=kinds))
    x = alt.X("low:Q", title=title, axis=alt.Axis(format="~%", tickCount=6)).scale(
        zero=from_zero, nice=True
    )
    bars = base.mark_rule(strokeWidth=3, opacity=0.55).encode(x=x, x2="high:Q")
    points = base.mark_point(size=110, filled=True, opacity=1).encode(
        x="value:Q",
        shape=alt.Shape("kind:N", title=None, sort=kinds, legend=legend).scale(
            domain=kinds, range=_SHAPES[: len(kinds)]
        ),
    )
    layered: alt.LayerChart = (bars + points).properties(
        height=alt.Step(_APART_STEP_PX if side_by_side else _STEP_PX)
    )
    return layered


def name_axis() -> alt.Axis:
    """A y axis for long names, on two lines each to fit a narrow screen."""
    return alt.Axis(labelExpr=_TWO_LINE_LABEL, labelLimit=230)
