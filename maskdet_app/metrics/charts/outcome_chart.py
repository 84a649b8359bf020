"""Altair chart of the outcomes for the people in whole photos."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.metrics.charts.dots import label_height_px, name_axis, row_labels
from maskdet_app.metrics.charts.run_charts import class_labels
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import GREY, RIGHT, WRONG, Chart, rows_chart
from maskdet_app.ui.json_values import count, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core.types import MASK_CLASSES

_MAX_RECORDS: Final = 20
_BAR_PX: Final = 28
_OUTCOME_COLOURS: Final = {
    "right_verdict": RIGHT,
    "not_sure": GREY,
    "wrong_verdict": WRONG,
    "not_found": "#C9CED2",
}


def photo_outcomes(records: Sequence[dict[str, Any]]) -> Chart | None:
    """Outcomes for the people in whole photos, as shares; None without a usable count."""
    rows = []
    for record in records[:_MAX_RECORDS]:
        per_class = record.get("per_class")
        for key, label in class_labels(MASK_CLASSES).items():
            value = per_class.get(key) if isinstance(per_class, dict) else None
            counts = _outcomes(value) if isinstance(value, dict) else None
            if counts is not None:
                preset = translated(one_line(record.get("preset", "?"), 60))
                people = t("chart.who", preset=preset, people=label)
                # of other photographs, or of larger faces: rows must not fall together
                if "name" in record:
                    people = f"{translated(one_line(record['name'], 80))}: {people}"
                rows += [
                    {
                        "people": people,
                        "outcome": name,
                        "n": n,
                        "order": order,
                    }
                    for order, (name, n) in enumerate(counts.items())
                ]
    if not rows:
        return None
    labels = row_labels([str(row["people"]) for row in rows])
    rows = [{**row, "label": labels[str(row["people"])]} for row in rows]
    scale = alt.Scale(domain=_outcome_labels(), range=list(_OUTCOME_COLOURS.values()))
    chart: alt.Chart = (
        rows_chart(rows)
        .mark_bar(size=_BAR_PX)
        .encode(
            x=alt.X(
                "n:Q",
                stack="normalize",
                title=t("chart.people"),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            y=alt.Y("label:N", title=None, sort=list(labels.values()), axis=name_axis(labels)),
            color=alt.Color("outcome:N", title=None, scale=scale),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("people:N", title=t("chart.people")),
                alt.Tooltip("outcome:N", title=t("chart.outcome")),
                alt.Tooltip("n:Q", title=t("chart.number")),
            ],
        )
        .properties(height=alt.Step(label_height_px(labels)), description=_message(rows))
        .configure_legend(orient="top", columns=1)
    )
    return chart


def _message(rows: Sequence[dict[str, Any]]) -> str:
    told = []
    for people in dict.fromkeys(str(row["people"]) for row in rows):
        own = [row for row in rows if row["people"] == people]
        counts = ", ".join(f"{row['outcome']} {number_text(row['n'], ',.0f')}" for row in own)
        told.append(f"{people}: {counts}.")
    return " ".join(told)


def _outcomes(class_record: dict[str, Any]) -> dict[str, float] | None:
    n_people, n_found, n_right, n_not_sure = (
        count(class_record.get(name)) for name in ("n_people", "n_found", "n_right", "n_not_sure")
    )
    if n_people is None or n_found is None or n_right is None or n_not_sure is None:
        return None
    if n_right + n_not_sure > n_found or n_found > n_people:
        return None
    counts = (n_right, n_not_sure, n_found - n_right - n_not_sure, n_people - n_found)
    return dict(zip(_outcome_labels(), counts, strict=True))


def _outcome_labels() -> list[str]:
    return [t(f"chart.{name}") for name in _OUTCOME_COLOURS]
