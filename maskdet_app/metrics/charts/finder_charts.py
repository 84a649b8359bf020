"""Altair charts of the face finder's record: recall and operating curve."""

import math
import statistics
from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import BLUE, VERMILION, Chart, rows_chart, thinned
from maskdet_app.ui.json_values import count, finite, interval, objects, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text, percent_text

_COLOURS: Final = [BLUE, VERMILION]
"""Of masked and bare people, the colours of their verdicts."""
_SHAPES: Final = ["circle", "diamond"]
_HEIGHT_PX: Final = 260
MAX_ROWS: Final = 50
"""Most finders of a record that are drawn."""


def class_labels() -> dict[str, str]:
    """The two classes of a record and their labels on a chart."""
    return {"masked": t("finder.masked"), "bare": t("finder.bare")}


def recall_dots(records: Sequence[dict[str, Any]]) -> Chart | None:
    """Recall of each finder with confidence intervals; None without a usable record."""
    rows: list[dict[str, Any]] = []
    for record in records[:MAX_ROWS]:
        for key, label in class_labels().items():
            result = record.get(key)
            recall = finite(result.get("recall")) if isinstance(result, dict) else None
            if isinstance(result, dict) and recall is not None:
                low, high = interval(result) or (recall, recall)
                rows.append(
                    {
                        "finder": translated(one_line(record.get("finder", "?"), 120)),
                        "people": label,
                        "recall": recall,
                        "low": low,
                        "high": high,
                        "n": count(result.get("n")),
                    }
                )
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["finder"]) for row in rows))
    base = rows_chart(rows).encode(
        y=alt.Y("finder:N", title=None, sort=names, axis=alt.Axis(labelLimit=230)),
        yOffset=alt.YOffset("people:N", sort=list(class_labels().values())),
        color=_by_class("color"),
        tooltip=[
            alt.Tooltip("finder:N", title=t("finder.finder")),
            alt.Tooltip("people:N", title=t("finder.people")),
            alt.Tooltip("n:Q", title=t("finder.n")),
            *(
                alt.Tooltip(f"{key}:Q", title=t(f"finder.{name}"), format=".1%")
                for key, name in (("recall", "found"), ("low", "low"), ("high", "high"))
            ),
        ],
    )
    x = alt.X("low:Q", title=t("finder.found"), axis=alt.Axis(format=".0%")).scale(domain=[0, 1])
    bars = base.mark_rule(strokeWidth=3, opacity=0.55).encode(x=x, x2="high:Q")
    dots = base.mark_point(size=110, filled=True, opacity=1).encode(
        x="recall:Q", shape=_by_class("shape")
    )
    layered: alt.LayerChart = (
        (bars + dots)
        .properties(
            height=alt.Step(26),
            description="; ".join(
                f"{row['finder']}, {row['people']}: {percent_text(row['recall'])}" for row in rows
            ),
        )
        .configure_legend(orient="top")
    )
    return layered


def operating_curve(curve: object) -> Chart | None:
    """Recall against false positives per photo; None without a usable point."""
    rows: list[dict[str, Any]] = []
    for order, point in enumerate(thinned(objects(curve))):
        false_faces = finite(point.get("false_per_photo"))
        for key, label in class_labels().items():
            recall = finite(point.get(key))
            if false_faces is not None and recall is not None:
                rows.append({"false": false_faces, "recall": recall, "people": label, "i": order})
    if not rows:
        return None
    base = rows_chart(rows).encode(
        x=alt.X("false:Q", title=t("finder.false")),
        y=alt.Y("recall:Q", title=t("finder.found"), axis=alt.Axis(format=".0%")).scale(
            domain=[_bottom(rows), 1]
        ),
        color=_by_class("color"),
        strokeDash=alt.StrokeDash("people:N", title=None, sort=list(class_labels().values())),
        order="i:Q",
        tooltip=[
            alt.Tooltip("people:N", title=t("finder.people")),
            alt.Tooltip("false:Q", title=t("finder.false"), format=".2f"),
            alt.Tooltip("recall:Q", title=t("finder.found"), format=".1%"),
        ],
    )
    line = base.mark_line(strokeWidth=2.4, interpolate="step-after", clip=True)
    told = []
    for people in dict.fromkeys(str(row["people"]) for row in rows):
        own = [row for row in rows if row["people"] == people]
        ends = sorted((float(row["false"]), float(row["recall"])) for row in own)
        (few, least), (many, most) = ends[0], ends[-1]
        told.append(
            t(
                "finder.curve_alt",
                people=people,
                least=number_text(100 * least, ".1f"),
                few=number_text(few, ".2f"),
                most=number_text(100 * most, ".1f"),
                many=number_text(many, ".2f"),
            )
        )
    message = " ".join(told)
    chart: alt.Chart = line.properties(height=_HEIGHT_PX, description=message).configure_legend(
        orient="top"
    )
    return chart


def _bottom(rows: Sequence[dict[str, Any]]) -> float:
    """Where the axis of recall begins: below the middle of the curves, not at their steep rise."""
    middle = statistics.median(float(row["recall"]) for row in rows)
    return max(0.0, math.floor(10 * middle - 1) / 10)


def _by_class(channel: str) -> Any:
    labels = list(class_labels().values())
    if channel == "color":
        return alt.Color("people:N", title=None, sort=labels).scale(domain=labels, range=_COLOURS)
    return alt.Shape("people:N", title=None, sort=labels).scale(domain=labels, range=_SHAPES)
