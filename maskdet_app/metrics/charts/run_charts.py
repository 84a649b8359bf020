"""Altair charts of a training record, legible in the light and the dark theme."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.metrics.charts.dots import Dot, dot_plot
from maskdet_app.metrics.records import test_sets
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import GREY, SLATE, VIOLET, Chart, rows_chart, thinned
from maskdet_app.ui.json_values import count, finite, interval, objects, one_line
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text, percent_text
from maskdet_core.types import MASK_CLASSES, NO_FACE, WITH_MASK, WITHOUT_MASK, WORN_WRONG

TWO_CLASSES: Final = (WITH_MASK, WITHOUT_MASK)
"""Classes of records that do not name them."""
_MAX_CLASSES: Final = 8
_HEIGHT_PX: Final = 260
_LEGEND_PX: Final = 60
_NAME_CHAR_PX: Final = 7
"""Width of a letter of a line's name, at the most."""
_NAME_DY_PX: Final = 7
"""Half the height of a name, so that those of lines with one end do not lie on each other."""
_LEAST_ZOOM: Final = 0.9
"""A share's axis begins here or lower: curves of good networks lie in the last tenth."""
_LEAST_FPR: Final = 1e-4
"""Left end of a logarithmic axis at the lowest."""


def class_labels(classes: Sequence[str] = TWO_CLASSES) -> dict[str, str]:
    """Classes of a record and their labels on a chart; an unknown class keeps its name."""
    known = {name: t(f"chart.{name}") for name in (*MASK_CLASSES, NO_FACE)}
    return {name: known.get(name) or one_line(name, 30) for name in classes}


def record_classes(evaluation: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes that an evaluation names, else those of its sets' figures by class."""
    names = usable_names(evaluation.get("classes"))
    if set(names) - {NO_FACE}:
        return names
    by_class = [item.get("per_class") for item in objects(evaluation.get("sets"))]
    has_worn_wrong = any(isinstance(scores, dict) and WORN_WRONG in scores for scores in by_class)
    return MASK_CLASSES if has_worn_wrong else TWO_CLASSES


def of_faces(classes: Sequence[str]) -> tuple[str, ...]:
    """The same classes without "no face"."""
    return tuple(name for name in classes if name != NO_FACE)


def learning_curve(epochs: Sequence[dict[str, Any]], metric: str, title: str) -> Chart | None:
    """Training and validation metric by epoch; None without a finite value.

    Args:
        epochs: as `records.Run.epochs`.
        metric: "loss" or "accuracy".
        title: of the y axis.
    """
    sets = [t("chart.training"), t("chart.validation")]
    epochs = thinned(epochs)
    rows = [
        {
            "epoch": epoch["epoch"],
            "value": epoch[key],
            "set": name,
            "phase": translated(epoch["phase"]),
        }
        for epoch in epochs
        for key, name in zip((metric, f"val_{metric}"), sets, strict=True)
        if epoch[key] is not None
    ]
    if not rows:
        return None
    _name_ends(rows)
    is_share = metric == "accuracy"
    first, last = (edge(int(row["epoch"]) for row in rows) for edge in (min, max))
    # room for the lines' names at their right ends, on a phone too; no epoch is named there
    name_px = _NAME_CHAR_PX * (2 + max(map(len, sets)))
    end = f"{last} + {max(1, last - first)} * {name_px} / max(width - {name_px}, {name_px})"
    epoch_axis = alt.Axis(
        tickMinStep=1, format="d", labelExpr=f"datum.value > {last} ? '' : datum.label"
    )
    base = rows_chart(rows).encode(
        x=alt.X("epoch:Q", title=t("chart.epoch"), axis=epoch_axis).scale(
            domainMin=first, domainMax=alt.ExprRef(expr=end), nice=False
        ),
        y=alt.Y("value:Q", title=title, axis=alt.Axis(format=".1%" if is_share else "~g")).scale(
            zero=False
        ),
        color=alt.Color("set:N", title=None, sort=sets, legend=None).scale(
            domain=sets, range=[SLATE, VIOLET]
        ),
        tooltip=[
            alt.Tooltip("set:N", title=t("chart.pictures")),
            alt.Tooltip("epoch:Q", title=t("chart.epoch")),
            alt.Tooltip("value:Q", title=title, format=".2%" if is_share else ".4f"),
            alt.Tooltip("phase:N", title=t("chart.phase")),
        ],
    )
    lines = base.mark_line(strokeWidth=2.2).encode(
        strokeDash=alt.StrokeDash("set:N", title=None, sort=sets, legend=None).scale(
            domain=sets, range=[[1, 0], [6, 4]]
        )
    )
    points = base.mark_point(size=45, filled=True, opacity=1).encode(
        shape=alt.Shape("set:N", title=None, sort=sets, legend=None).scale(
            domain=sets, range=["circle", "diamond"]
        )
    )
    named = base.encode(color=alt.value(theme.text_colour()))
    above, below = (
        named.mark_text(align="left", dx=9, dy=dy, fontWeight=600).encode(text=f"{place}:N")
        for place, dy in (("above", -_NAME_DY_PX), ("below", _NAME_DY_PX))
    )
    chart: Chart = alt.LayerChart(layer=[lines, points, above, below]).properties(
        height=_HEIGHT_PX, description=_curve_message(rows, title, is_share=is_share)
    )
    return chart


def _name_ends(rows: Sequence[dict[str, Any]]) -> None:
    """Write the name of each line at its end: the higher one's above it, the other's below."""
    for row in rows:
        row |= {"above": "", "below": ""}
    ends = {str(row["set"]): row for row in rows}
    ranked = sorted(ends.values(), key=lambda row: float(row["value"]))
    for row in ranked:
        row["above" if row is ranked[-1] else "below"] = row["set"]


def _curve_message(rows: Sequence[dict[str, Any]], title: str, *, is_share: bool) -> str:
    told = []
    for name in dict.fromkeys(str(row["set"]) for row in rows):
        own = [row for row in rows if row["set"] == name]
        first, last = (
            percent_text(row["value"]) if is_share else number_text(row["value"], ".3g")
            for row in (own[0], own[-1])
        )
        told.append(t("chart.curve_alt", name=name, first=first, last=last, epoch=own[-1]["epoch"]))
    return f"{title}. " + " ".join(told)


def threshold_curve(
    curve: Any,
    x_name: str,
    y_name: str,
    titles: tuple[str, str],
    min_confidence: float,
    *,
    two_classes: bool = True,
) -> Chart | None:
    """A ROC or precision-recall curve where it lives; None without a usable point.

    False positive rates have a logarithmic axis and shares that should be high one that begins
    near the marked thresholds, so that curves of good networks are not a line along two edges.

    Args:
        curve: record with lists ``x_name``, ``y_name`` and ``threshold`` (on the mask probability).
        x_name: key of the x values.
        y_name: key of the y values.
        titles: of the x and the y axis.
        min_confidence: threshold of "mask"; that of "no mask" is 1 minus it.
        two_classes: whether to mark that of "no mask"; with three classes there is none.
    """
    points = _curve_points(curve, x_name, y_name)
    if not points:
        return None
    thresholds = [(t("chart.from_mask", percent=percent_text(min_confidence, 0)), min_confidence)]
    if two_classes:
        below = 1 - min_confidence
        thresholds.append((t("chart.below_mask", percent=percent_text(below, 0)), below))
    marks: list[dict[str, Any]] = []
    for name, threshold in thresholds:
        nearest = min(points, key=lambda point: abs(point["threshold"] - threshold))
        marks.append({**nearest, "mark": name})
    names = [str(mark["mark"]) for mark in marks]
    x_scale, left = _x_scale(points, marks, logarithmic=x_name == "fpr")
    bottom = _zoomed([mark["y"] for mark in marks])
    threshold_tooltip = alt.Tooltip("threshold:Q", title=t("chart.p_mask"), format=".3f")
    x = alt.X("at:Q", title=titles[0], axis=alt.Axis(format="~%", tickCount=5), scale=x_scale)
    y = alt.Y("y:Q", title=titles[1], axis=alt.Axis(format="~%", tickCount=5)).scale(
        domain=[bottom, 1]
    )
    tooltip = [
        alt.Tooltip("x:Q", title=titles[0], format=".2%"),
        alt.Tooltip("y:Q", title=titles[1], format=".2%"),
        threshold_tooltip,
    ]
    line = (
        rows_chart([{**point, "at": max(point["x"], left)} for point in thinned(points)])
        .mark_line(strokeWidth=2.4, color=SLATE, clip=True)
        .encode(x=x, y=y, order="order:Q", tooltip=tooltip)
    )
    markers = (
        rows_chart([{**mark, "at": max(mark["x"], left)} for mark in marks])
        .mark_point(size=170, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            shape=alt.Shape("mark:N", sort=names, title=None).scale(range=["circle", "diamond"]),
            color=alt.Color("mark:N", sort=names, title=None).scale(range=[VIOLET, GREY]),
            tooltip=["mark:N", *tooltip],
        )
    )
    told = [
        t(
            "chart.mark_alt",
            mark=mark["mark"],
            x=f"{percent_text(mark['x'], 2)} {titles[0]}",
            y=f"{percent_text(mark['y'])} {titles[1]}",
        )
        for mark in marks
    ]
    layered = alt.layer(line, markers).properties(
        height=_HEIGHT_PX + _LEGEND_PX, description=" ".join(told)
    )
    chart: Chart = layered.configure_legend(orient="bottom", labelLimit=300, columns=1)
    return chart


def _x_scale(
    points: Sequence[dict[str, float]], marks: Sequence[dict[str, Any]], *, logarithmic: bool
) -> tuple[alt.Scale, float]:
    """The scale of the x axis, and its left end, where smaller values are drawn."""
    if not logarithmic:
        left = _zoomed([mark["x"] for mark in marks])
        return alt.Scale(domain=[left, 1]), left
    # a rate of 0 has no place on a logarithmic axis: half of the least other one stands for it
    positive = [point["x"] for point in points if point["x"] > 0]
    left = max(_LEAST_FPR, min(positive, default=1.0) / 2)
    return alt.Scale(type="log", domain=[min(left, 0.5), 1]), min(left, 0.5)


def _zoomed(values: Sequence[float]) -> float:
    """Where an axis begins that shows shares up to 1: a tenth below the least of the values."""
    least = min(values, default=0.0)
    return max(0.0, min(_LEAST_ZOOM, math.floor(10 * least) / 10))


def accuracy_dots(sets: Sequence[dict[str, Any]]) -> Chart | None:
    """Accuracy of each test set with its confidence interval; None without a usable set."""
    kind = t("chart.right")
    return dot_plot([Dot.of(set_name(item), kind, item, "accuracy") for item in sets], kind)


def set_rows(
    sets: Sequence[dict[str, Any]], classes: Sequence[str] = TWO_CLASSES
) -> list[dict[str, Any]]:
    """The test sets as rows of a table; percentages are text, missing values a dash.

    Args:
        sets: of an evaluation record.
        classes: of the evaluation; each but "no face" gets a column for its recall.
    """
    rows = []
    for item in sets:
        per_class = item.get("per_class")
        of_class = per_class if isinstance(per_class, dict) else {}
        row: dict[str, Any] = {
            t("metrics.column_group"): test_sets.group_name(test_sets.group_of(item)),
            t("metrics.column_set"): set_name(item),
            t("metrics.column_n"): _count(item.get("n")),
            t("metrics.column_right"): _percent(finite(item.get("accuracy"))),
            t("metrics.column_interval"): _interval_text(interval(item)),
            t("metrics.column_not_sure"): _count(item.get("n_not_sure")),
        }
        for key, class_label in class_labels(of_faces(classes)).items():
            scores = of_class.get(key)
            recall = finite(scores.get("recall")) if isinstance(scores, dict) else None
            row[t("metrics.column_class", people=class_label.capitalize())] = _percent(recall)
        row[t("metrics.column_note")] = translated(one_line(item.get("note") or ""))
        rows.append(row)
    return rows


def set_name(test_set: dict[str, Any], default: str = "?") -> str:
    """Name of a test set on one line, in the visitor's language where it is known."""
    return translated(one_line(test_set.get("name") or test_set.get("slug") or default, 120))


def usable_names(value: Any) -> tuple[str, ...]:
    """A list of different names of classes, at most `_MAX_CLASSES`, or nothing."""
    names = value if isinstance(value, list) else []
    usable = len(set(map(str, names))) == len(names) <= _MAX_CLASSES
    return tuple(names) if usable and all(isinstance(name, str) for name in names) else ()


def _curve_points(curve: Any, x_name: str, y_name: str) -> list[dict[str, float]]:
    if not isinstance(curve, dict):
        return []
    columns = [curve.get(name) for name in (x_name, y_name, "threshold")]
    if not all(isinstance(column, list) for column in columns):
        return []
    points = []
    # Some writers leave out the last threshold; the shortest list decides.
    for order, row in enumerate(zip(*columns, strict=False)):
        x, y, threshold = (finite(value) for value in row)
        if x is not None and y is not None and threshold is not None:
            points.append({"x": x, "y": y, "threshold": threshold, "order": float(order)})
    return points


def _percent(value: float | None) -> str:
    return "–" if value is None else percent_text(value)


def _interval_text(pair: tuple[float, float] | None) -> str:
    if pair is None:
        return "–"
    low, high = (number_text(100 * end, ".1f") for end in pair)
    return t("metrics.range", low=low, high=high)


def _count(value: Any) -> str:
    number = count(value)
    return "–" if number is None else number_text(number, ",.0f")
