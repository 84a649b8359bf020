"""Altair charts of a training record, legible in the light and the dark theme."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.metrics.dots import Dot, dot_plot
from maskdet_app.ui.charts import BLUE, VERMILION, Chart, rows_chart, thinned
from maskdet_app.ui.i18n import t
from maskdet_app.ui.json_values import count, finite, interval, objects, one_line
from maskdet_core.types import MASK_CLASSES, NO_FACE, WITH_MASK, WITHOUT_MASK, WORN_WRONG

TWO_CLASSES: Final = (WITH_MASK, WITHOUT_MASK)
"""Classes of records that do not name them."""
_MAX_CLASSES: Final = 8
_HEIGHT_PX: Final = 260
_LEGEND_PX: Final = 60


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
        {"epoch": epoch["epoch"], "value": epoch[key], "set": name, "phase": epoch["phase"]}
        for epoch in epochs
        for key, name in zip((metric, f"val_{metric}"), sets, strict=True)
        if epoch[key] is not None
    ]
    if not rows:
        return None
    is_share = metric == "accuracy"
    base = rows_chart(rows).encode(
        x=alt.X("epoch:Q", title=t("chart.epoch"), axis=alt.Axis(tickMinStep=1, format="d")).scale(
            zero=False, nice=False, padding=12
        ),
        y=alt.Y("value:Q", title=title, axis=alt.Axis(format=".1%" if is_share else "~g")).scale(
            zero=False
        ),
        color=alt.Color("set:N", title=None, sort=sets),
        tooltip=[
            alt.Tooltip("set:N", title=t("chart.pictures")),
            alt.Tooltip("epoch:Q", title=t("chart.epoch")),
            alt.Tooltip("value:Q", title=title, format=".2%" if is_share else ".4f"),
            alt.Tooltip("phase:N", title=t("chart.phase")),
        ],
    )
    lines = base.mark_line(strokeWidth=2.2).encode(
        strokeDash=alt.StrokeDash("set:N", title=None, sort=sets)
    )
    points = base.mark_point(size=45, filled=True, opacity=1).encode(
        shape=alt.Shape("set:N", title=None, sort=sets)
    )
    return _sized((lines + points).configure_legend(orient="top"))


def threshold_curve(
    curve: Any,
    x_name: str,
    y_name: str,
    titles: tuple[str, str],
    min_confidence: float,
    *,
    two_classes: bool = True,
) -> Chart | None:
    """A ROC or precision-recall curve with its thresholds marked; None without a usable point.

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
    threshold_tooltip = alt.Tooltip("threshold:Q", title=t("chart.p_mask"), format=".3f")
    base = rows_chart(thinned(points)).encode(
        x=alt.X("x:Q", title=titles[0], axis=alt.Axis(format="%")).scale(domain=[0, 1]),
        y=alt.Y("y:Q", title=titles[1], axis=alt.Axis(format="%")).scale(domain=[0, 1]),
        order="order:Q",
        tooltip=[
            alt.Tooltip("x:Q", title=titles[0], format=".2%"),
            alt.Tooltip("y:Q", title=titles[1], format=".2%"),
            threshold_tooltip,
        ],
    )
    line = base.mark_line(strokeWidth=2.4, color=BLUE)
    marks = []
    thresholds = [(t("chart.from_mask", percent=f"{min_confidence:.0%}"), min_confidence)]
    if two_classes:
        below = 1 - min_confidence
        thresholds.append((t("chart.below_mask", percent=f"{below:.0%}"), below))
    for name, threshold in thresholds:
        nearest = min(points, key=lambda point: abs(point["threshold"] - threshold))
        marks.append({**nearest, "mark": name})
    names = [str(mark["mark"]) for mark in marks]
    markers = (
        rows_chart(marks)
        .mark_point(size=170, filled=True, opacity=1)
        .encode(
            x="x:Q",
            y="y:Q",
            shape=alt.Shape("mark:N", sort=names, title=None).scale(range=["circle", "diamond"]),
            color=alt.Color("mark:N", sort=names, title=None).scale(range=[BLUE, VERMILION]),
            tooltip=["mark:N", alt.Tooltip("x:Q", format=".2%"), alt.Tooltip("y:Q", format=".2%")],
        )
    )
    layered = alt.layer(line, markers).properties(height=_HEIGHT_PX + _LEGEND_PX)
    chart: Chart = layered.configure_legend(orient="bottom", labelLimit=300, columns=1)
    return chart


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
        row[t("metrics.column_note")] = one_line(item.get("note") or "")
        rows.append(row)
    return rows


def set_name(test_set: dict[str, Any], default: str = "?") -> str:
    """Name of a test set on one line."""
    return one_line(test_set.get("name") or test_set.get("slug") or default, 120)


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


def _sized(chart: Chart) -> Chart:
    return chart.properties(height=_HEIGHT_PX)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}".replace("%", " %")


def _interval_text(pair: tuple[float, float] | None) -> str:
    return "–" if pair is None else f"{pair[0] * 100:.1f} to {pair[1] * 100:.1f} %"


def _count(value: Any) -> str:
    number = count(value)
    return "–" if number is None else f"{number:,.0f}"
