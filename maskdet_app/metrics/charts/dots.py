"""Dot plots of shares with their 95 % intervals: the form of most charts on the metrics page."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import altair as alt

from maskdet_app.ui.elements.charts import SLATE, VIOLET, Chart, rows_chart
from maskdet_app.ui.json_values import count, finite, interval, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text

MAX_ROWS: Final = 60
"""More dots than this are not drawn."""
_STEP_PX: Final = 38
_APART_STEP_PX: Final = 21
"""Height of each dot's own line, where a row has two."""
_LABEL_CHARS: Final = 30
"""Of a line of a label, so that names fit beside a chart on a narrow screen."""
_LABEL_LINE_PX: Final = 15
_COLOURS: Final = [SLATE, VIOLET]
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
    labels = row_labels(names)
    rows = [{**asdict(dot), "label": labels[dot.name]} for dot in shown]
    base = rows_chart(rows).encode(
        y=alt.Y("label:N", title=None, sort=list(labels.values()), axis=name_axis(labels)),
        tooltip=[
            alt.Tooltip("name:N", title=t("dots.row")),
            alt.Tooltip("kind:N", title=t("dots.kind")),
            *share_tooltips(),
        ],
    )
    side_by_side = apart and len(kinds) > 1
    if side_by_side:
        base = base.encode(yOffset=alt.YOffset("kind:N", sort=kinds))
    share = alt.X("low:Q", title=title, axis=alt.Axis(format="~%", tickCount=6)).scale(
        zero=from_zero, nice=True
    )
    bars, points = interval_dots(base, kinds, share)
    label_px = label_height_px(labels)
    chart: Chart = alt.LayerChart(layer=[bars, points]).properties(
        height=alt.Step(
            max(_APART_STEP_PX, label_px // 2) if side_by_side else max(_STEP_PX, label_px)
        ),
        description=message(shown, title),
    )
    return chart


def message(dots: Sequence[Dot], title: str) -> str:
    """What a dot plot says, in words: each kind's lowest and highest share.

    Args:
        dots: one or more.
        title: of the axis.
    """
    told = [] if all(dot.kind == title for dot in dots) else [f"{title}."]
    for kind in dict.fromkeys(dot.kind for dot in dots):
        ranked = sorted((dot for dot in dots if dot.kind == kind), key=lambda dot: dot.value)
        low, high = ranked[0], ranked[-1]
        least, most = number_text(100 * low.value, ".1f"), number_text(100 * high.value, ".1f")
        told.append(
            t("dots.alt_one", kind=kind, name=low.name, low=least)
            if len(ranked) == 1
            else t("dots.alt", kind=kind, lowest=low.name, highest=high.name, low=least, high=most)
        )
    return " ".join(told)


def interval_dots(
    base: alt.Chart, kinds: Sequence[str], share: alt.X | alt.Y
) -> tuple[alt.Chart, alt.Chart]:
    """Layers of shares as dots upon bars of their intervals, two kinds by colour and shape.

    Args:
        base: with the position across the axis of the shares; its rows have `kind`, `value`,
            `low` and `high`.
        kinds: one or two, in the order of the legend, which one alone does not need.
        share: the axis of the shares, of the field `low`.
    """
    axis = "x" if isinstance(share, alt.X) else "y"
    legend = alt.Legend(orient="top", columns=1, labelLimit=320) if len(kinds) > 1 else None
    base = base.encode(
        color=alt.Color("kind:N", title=None, sort=kinds, legend=legend).scale(
            domain=kinds, range=_COLOURS[: len(kinds)]
        )
    )
    bars = base.mark_rule(strokeWidth=3, opacity=0.55).encode(share, **{f"{axis}2": "high:Q"})
    dots = base.mark_point(size=110, filled=True, opacity=1).encode(
        shape=alt.Shape("kind:N", title=None, sort=kinds, legend=legend).scale(
            domain=kinds, range=_SHAPES[: len(kinds)]
        ),
        **{axis: "value:Q"},
    )
    return bars, dots


def share_tooltips() -> list[alt.Tooltip]:
    """A share's number, value and interval."""
    return [
        alt.Tooltip("n:Q", title=t("chart.number")),
        *(
            alt.Tooltip(f"{key}:Q", title=t(f"dots.{key}"), format=".1%")
            for key in ("value", "low", "high")
        ),
    ]


def wrapped(name: str) -> str:
    """A name in lines that fit beside a chart; what stands before a colon has its own."""
    parts = name.replace(": ", ":\n").split("\n")
    lines = [textwrap.wrap(part, _LABEL_CHARS, break_on_hyphens=False) for part in parts]
    return "\n".join(line for part in lines for line in part) or name


def row_labels(names: Sequence[str]) -> dict[str, str]:
    """The `wrapped` label of each name, for `name_axis`.

    An axis puts the first line beside its row. So shorter labels get empty lines before them, and
    the axis lifts all by half of the longest.
    """
    lines = {name: wrapped(name).split("\n") for name in names}
    most = max(map(len, lines.values()), default=1)
    return {name: "\n".join([""] * ((most - len(own)) // 2) + own) for name, own in lines.items()}


def label_height_px(labels: Mapping[str, str]) -> int:
    """Height of a row in which the highest of the `row_labels` stands free."""
    return _LABEL_LINE_PX * (_most_lines(labels) + 1)


def name_axis(labels: Mapping[str, str]) -> alt.Axis:
    """A y axis for `row_labels`, each in the middle of its row."""
    return alt.Axis(
        labelExpr="split(datum.label, '\\n')",
        labelLimit=230,
        labelLineHeight=_LABEL_LINE_PX,
        labelOffset=-_LABEL_LINE_PX * (_most_lines(labels) - 1) / 2,
    )


def _most_lines(labels: Mapping[str, str]) -> int:
    return max((label.count("\n") + 1 for label in labels.values()), default=1)
