"""Charts and table of finders on hand-drawn boxes; see `maskdet_core.records.finder`."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import altair as alt

from maskdet_app.metrics.charts.dots import Dot, dot_plot
from maskdet_app.metrics.charts.run_charts import class_labels
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import GREY, SLATE, VIOLET, Chart, rows_chart, thinned
from maskdet_app.ui.json_values import count, finite, objects, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text, percent_text
from maskdet_core.types import MASK_CLASSES

POSES: Final = ("frontal", "three_quarter", "profile", "turned_away_or_down")
"""Poses with a translated name; others keep theirs."""
MAX_FINDERS: Final = 12
_LINES: Final = {
    "measured": ((SLATE, [1, 0]),),
    "earlier": ((VIOLET, [7, 3]),),
    "stock": ((GREY, [2, 3]), (GREY, [9, 3, 2, 3])),
}
"""Colour and dash pattern of each finder's curve by role."""
_MAX_FURTHER: Final = 2.0
"""Upper end of the axis of further boxes: nobody would want more."""
_HEIGHT_PX: Final = 400
"""The legend above included."""


def of_first_set(records: object) -> list[dict[str, Any]]:
    """The records of the first set, which has all photographs."""
    found = objects(records)
    return [one for one in found if one.get("set") == found[0].get("set")][:MAX_FINDERS]


def curve_records(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records whose curves are drawn: the first preset of each trained finder, and stock ones."""
    kept = []
    for role, lines in _LINES.items():
        kept += [one for one in records if one.get("role") == role and one.get("curve")][
            : len(lines)
        ]
    return kept


def recall_curves(records: Sequence[dict[str, Any]], label: str) -> Chart | None:
    """Recall of one class against further boxes a photograph, with each finder's own point.

    Args:
        records: of one set.
        label: one of `maskdet_core.types.MASK_CLASSES`.

    Returns:
        None without a usable point.
    """
    lines: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    styles: dict[str, tuple[str, list[int]]] = {}
    used: dict[str, int] = {}
    for record in curve_records(records):
        name, role = finder_name(record), str(record["role"])
        found = [row for row in _curve_rows(record, label) if row["further"] <= _MAX_FURTHER]
        if not found or name in styles:
            continue
        styles[name] = _LINES[role][used.get(role, 0)]
        used[role] = used.get(role, 0) + 1
        lines += [{"finder": name, "i": order, **row} for order, row in enumerate(thinned(found))]
        own = own_point(record, label)
        if own is not None and own["further"] <= _MAX_FURTHER:
            points.append({"finder": name, **own})
    if not lines:
        return None
    names = list(styles)
    colour = alt.Color("finder:N", title=None, sort=names).scale(
        domain=names, range=[colour for colour, _ in styles.values()]
    )
    dash = alt.StrokeDash("finder:N", title=None, sort=names).scale(
        domain=names, range=[dash for _, dash in styles.values()]
    )
    line, mark = (
        rows_chart(rows).encode(
            x=alt.X("further:Q", title=t("drawn.further")).scale(domain=[0, _MAX_FURTHER]),
            y=alt.Y("recall:Q", title=t("drawn.found"), axis=alt.Axis(format=".0%")).scale(
                zero=False, nice=True
            ),
            color=colour,
            tooltip=[
                alt.Tooltip("finder:N", title=t("finder.finder")),
                alt.Tooltip("further:Q", title=t("drawn.further"), format=".2f"),
                alt.Tooltip("recall:Q", title=t("drawn.found"), format=".1%"),
            ],
        )
        for rows in (lines, points)
    )
    layers = alt.LayerChart(
        layer=[
            line.mark_line(strokeWidth=2.4).encode(strokeDash=dash, order="i:Q"),
            mark.mark_point(size=110, filled=True, opacity=1),
        ]
    )
    chart: Chart = layers.properties(
        height=_HEIGHT_PX,
        description=t(
            "drawn.curve_alt",
            people=class_labels(MASK_CLASSES)[label],
            points="; ".join(
                t(
                    "drawn.point_alt",
                    finder=str(point["finder"]),
                    recall=number_text(100 * point["recall"], ".1f"),
                    further=number_text(point["further"], ".2f"),
                )
                for point in points
            ),
        ),
    ).configure_legend(
        # the dash pattern is seen on a line only
        orient="top",
        columns=1,
        labelLimit=200,
        symbolType="stroke",
        symbolSize=500,
        symbolStrokeWidth=2.4,
    )
    return chart


def pose_dots(records: Sequence[dict[str, Any]], label: str) -> Chart | None:
    """Recall of one class by pose, of the measured finder and the one before it.

    Args:
        records: of one set.
        label: one of `maskdet_core.types.MASK_CLASSES`.

    Returns:
        None without a usable pose.
    """
    shown = [one for one in curve_records(records) if one["role"] != "stock"]
    dots: list[Dot | None] = []
    texts = []
    for pose in POSES:
        for record in shown:
            poses = record.get("by_pose")
            found = poses.get(pose) if isinstance(poses, dict) else None
            one = found.get(label) if isinstance(found, dict) else None
            dot = Dot.of(pose_name(pose), finder_name(record), one, "recall")
            dots.append(dot)
            if dot is not None:
                texts.append(
                    t(
                        "drawn.pose_alt",
                        pose=dot.name,
                        finder=dot.kind,
                        recall=number_text(100 * dot.value, ".1f"),
                        n=number_text(dot.n or 0, ".0f"),
                    )
                )
    chart = dot_plot(dots, t("drawn.found"))
    return None if chart is None else chart.properties(description="; ".join(texts))


def table_rows(records: Sequence[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Each finder at its own minimum score, by size, as rows of a table."""
    for record in records:
        faces = record.get("faces")
        for size, found in list(faces.items())[:4] if isinstance(faces, dict) else []:
            row = {
                t("finder.column_finder"): finder_name(record),
                t("drawn.column_size"): translated(one_line(size, 40)),
            }
            for label, people in class_labels(MASK_CLASSES).items():
                one = found.get(label) if isinstance(found, dict) else None
                row[people] = _share_text(one)
            further, ms = count(record.get("further_per_photo")), count(record.get("processor_ms"))
            row[t("drawn.column_further")] = "–" if further is None else number_text(further, ".2f")
            row[t("drawn.column_ms")] = "–" if ms is None else number_text(ms, ".0f")
            yield row


def finder_name(record: dict[str, Any]) -> str:
    """Name of a record's finder."""
    return translated(one_line(record.get("finder", "?"), 60))


def pose_name(pose: str) -> str:
    """A pose in the visitor's language where it is known."""
    return t(f"drawn.{pose}") if pose in POSES else one_line(pose, 30)


def own_point(record: dict[str, Any], label: str) -> dict[str, float] | None:
    """Recall of the smallest faces' size and further boxes at the finder's own minimum score."""
    faces, further = record.get("faces"), count(record.get("further_per_photo"))
    found = next(iter(faces.values()), None) if isinstance(faces, dict) else None
    one = found.get(label) if isinstance(found, dict) else None
    recall = finite(one.get("recall")) if isinstance(one, dict) else None
    return None if recall is None or further is None else {"further": further, "recall": recall}


def _curve_rows(record: dict[str, Any], label: str) -> Iterator[dict[str, float]]:
    for point in objects(record.get("curve")):
        further, recall = count(point.get("further_per_photo")), finite(point.get(label))
        if further is not None and recall is not None:
            yield {"further": further, "recall": recall}


def _share_text(found: object) -> str:
    if not isinstance(found, dict):
        return "–"
    n, n_found = count(found.get("n")), count(found.get("n_found"))
    if not n or n_found is None:
        return "–"
    counts = t("finder.count", n=number_text(n_found, ".0f"), total=number_text(n, ".0f"))
    return f"{counts}, {percent_text(n_found / n)}"
