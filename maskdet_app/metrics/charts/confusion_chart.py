"""Altair charts of one test set by class: what is shown of each, and how often it is right."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.metrics.charts.dots import Dot, dot_plot
from maskdet_app.metrics.charts.run_charts import TWO_CLASSES, class_labels, of_faces, usable_names
from maskdet_app.ui.elements.charts import GREY, RIGHT, WRONG, Chart, rows_chart
from maskdet_app.ui.json_values import finite
from maskdet_app.ui.layout.theme import text_colour
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text, percent_text
from maskdet_core.records.evaluation import OUTCOMES
from maskdet_core.types import NO_FACE, Verdict

_HEIGHT_PX: Final = 260
_KINDS: Final = ["right", "withheld", "wrong"]
_COLOURS: Final = [RIGHT, GREY, WRONG]
_WITHHELD: Final = (Verdict.NOT_SURE.value, NO_FACE)


def confusion_matrix(
    test_set: dict[str, Any], classes: Sequence[str] = TWO_CLASSES
) -> Chart | None:
    """What is said of each class: counts, and shares of each true class.

    Verdicts with "not sure" and "no face" where the record has them, else the most likely answers.

    Args:
        test_set: one set of an evaluation record. Its own "classes" come before the evaluation's.
        classes: of the evaluation. The matrix may leave out "no face".

    Returns:
        None without a number for each class and answer.
    """
    own = usable_names(test_set.get("classes"))
    for key, columns in (("verdicts", OUTCOMES), ("confusion", None)):
        matrix = test_set.get(key)
        if not isinstance(matrix, list):
            continue
        names = next(
            (one for one in (own, classes, of_faces(classes)) if len(one) == len(matrix)), None
        )
        if names:
            cells = _cells(matrix, names, columns or names)
            if cells:
                return _chart(cells, names, columns or names)
    return None


def has_verdicts(test_set: dict[str, Any], classes: Sequence[str]) -> bool:
    """Whether `confusion_matrix` draws verdicts, not the most likely answers."""
    return (
        confusion_matrix({key: test_set.get(key) for key in ("classes", "verdicts")}, classes)
        is not None
    )


def class_dots(test_set: dict[str, Any], classes: Sequence[str]) -> Chart | None:
    """Right answers of each class with intervals: the most likely answer, and the shown verdict.

    Args:
        test_set: one set of an evaluation record.
        classes: of the evaluation.
    """
    per_class = test_set.get("per_class")
    of_class = per_class if isinstance(per_class, dict) else {}
    dots: list[Dot | None] = []
    for key, label in class_labels(of_faces(classes)).items():
        scores = of_class.get(key)
        dots.append(Dot.of(label, t("classes.label"), scores, "recall"))
        shown = scores.get("shown_right") if isinstance(scores, dict) else None
        dots.append(Dot.of(label, t("classes.shown"), shown))
    return dot_plot(dots, t("chart.right"))


def _cells(
    matrix: list[Any], names: Sequence[str], columns: Sequence[str]
) -> list[dict[str, Any]] | None:
    """Cells of the rows; rows of verdicts on a class that does not occur are left out."""
    labels = outcome_labels((*names, *columns))
    cells = []
    for true, row in zip(names, matrix, strict=True):
        numbers = [finite(value) for value in row] if isinstance(row, list) else []
        if len(numbers) != len(columns) or any(n is None or n < 0 for n in numbers):
            return None
        total = sum(number or 0.0 for number in numbers)
        if not total and columns is OUTCOMES:
            continue
        for said, number in zip(columns, numbers, strict=True):
            kind = "withheld" if said in _WITHHELD else "wrong"
            cells.append(
                {
                    "true": labels[true],
                    "predicted": labels[said],
                    "n": number,
                    "share": (number or 0.0) / total if total else 0.0,
                    "kind": "right" if said == true else kind,
                }
            )
    return cells


def outcome_labels(names: Sequence[str]) -> dict[str, str]:
    """Classes and verdicts with their labels on a chart; an unknown one keeps its name."""
    return class_labels(names) | {Verdict.NOT_SURE.value: t("chart.not_sure")}


def _chart(cells: list[dict[str, Any]], names: Sequence[str], columns: Sequence[str]) -> Chart:
    labels = outcome_labels((*names, *columns))
    true_labels, said_labels = ([labels[one] for one in some] for some in (names, columns))
    base = rows_chart(cells).encode(
        x=alt.X(
            "predicted:N",
            title=t("chart.said"),
            sort=said_labels,
            # a word a line, each above its column: long labels would cover those beside them
            axis=alt.Axis(
                labelAngle=0,
                orient="top",
                labelLimit=90,
                labelFontSize=11,
                labelFlush=False,
                labelOverlap=False,
                labelExpr="split(datum.label, ' ')",
            ),
        ),
        y=alt.Y("true:N", title=t("chart.true"), sort=true_labels),
        tooltip=[
            alt.Tooltip("true:N", title=t("chart.true")),
            alt.Tooltip("predicted:N", title=t("chart.said")),
            alt.Tooltip("n:Q", title=t("chart.number")),
            alt.Tooltip("share:Q", title=t("chart.share"), format=".2%"),
        ],
    )
    boxes = base.mark_rect(cornerRadius=8, stroke=GREY, strokeOpacity=0.4).encode(
        color=alt.Color("kind:N", legend=None).scale(domain=_KINDS, range=_COLOURS),
        opacity=alt.Opacity("share:Q", legend=None).scale(domain=[0, 1], range=[0.14, 0.45]),
    )
    number_px, share_px = (22, 14) if len(columns) <= len(TWO_CLASSES) else (17, 12)
    counts = base.mark_text(fontSize=number_px, fontWeight=700, dy=-9, color=text_colour()).encode(
        text=alt.Text("n:Q", format=",d")
    )
    shares = base.mark_text(fontSize=share_px, dy=14, color=text_colour()).encode(
        text=alt.Text("share:Q", format=".1%")
    )
    chart: Chart = (boxes + counts + shares).properties(
        height=_HEIGHT_PX, description=_message(cells)
    )
    return chart


def _message(cells: list[dict[str, Any]]) -> str:
    """What is said of each class, the most frequent first."""
    told = []
    for true in dict.fromkeys(str(cell["true"]) for cell in cells):
        row = [cell for cell in cells if cell["true"] == true and cell["n"]]
        said = ", ".join(
            f"{cell['predicted']} {number_text(cell['n'], ',.0f')} ({percent_text(cell['share'])})"
            for cell in sorted(row, key=lambda cell: -float(cell["n"]))
        )
        told.append(t("chart.confusion_alt", true=true, said=said or "0"))
    return " ".join(told)
