"""The face finder on the training metrics page."""

import os
from pathlib import Path
from typing import Any

import streamlit as st

from maskdet_app.metrics.charts import finder_charts
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records.recorded import Recorded
from maskdet_app.metrics.records.words import translated
from maskdet_app.metrics.tabs import drawn_boxes
from maskdet_app.ops.observability import operator_log
from maskdet_app.ui.json_values import Bounded, count, finite, objects, one_line
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core import CascadeError
from maskdet_core.faces.loading import DEFAULT_MANIFEST, FINDER_ENV, STOCK
from maskdet_core.faces.manifest import CascadeManifest


def show_finder() -> None:
    """Show how many faces the finder in use finds, beside others."""
    st.header(t("finder.title"), anchor=False)
    finder = os.environ.get(FINDER_ENV) or str(DEFAULT_MANIFEST)
    if finder == STOCK:
        st.info(t("finder.stock"), icon=":material/face:")
        return
    try:
        manifest = CascadeManifest.load(Path(finder))
    except CascadeError as error:
        operator_log.log_once(str(error))
        st.warning(t("finder.unusable"), icon=":material/error:")
        return
    records = objects(Bounded(manifest.evaluation.get("records")).value)
    if not records:
        st.info(t("finder.no_record"), icon=":material/fact_check:")
    else:
        _show_records(records, manifest.evaluation.get("time_ratio"), Recorded.of(manifest))
    drawn_boxes.show_drawn(manifest)


def _show_records(records: list[dict[str, Any]], ratios: object, recorded: Recorded) -> None:
    earlier = recorded.rows("records", records)
    ratios = {**(ratios if isinstance(ratios, dict) else {}), **recorded.time_ratio}
    records = [*records, *earlier]
    sets = list(dict.fromkeys(_set_name(record) for record in records))[: finder_charts.MAX_ROWS]
    chosen = st.segmented_control(
        t("finder.pick"),
        sets,
        default=sets[0],
        format_func=lambda name: theme.escape_markdown(translated(name)),
        key="finder_set",
        label_visibility="collapsed",
    )
    shown = [record for record in records if _set_name(record) == (chosen or sets[0])]
    shown = shown[: finder_charts.MAX_ROWS]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        dots = finder_charts.recall_dots(shown)
        if dots is not None:
            draw(dots)
        st.caption(t("finder.dots_note"))
    with right:
        curve = finder_charts.operating_curve(shown[0].get("curve"))
        if curve is not None:
            draw(curve)
            st.caption(t("finder.price_note"))
    st.dataframe([_row(record, ratios) for record in shown], hide_index=True)
    if any(record in earlier for record in shown):
        st.caption(recorded.note(earlier))


def _set_name(record: dict[str, Any]) -> str:
    return one_line(record.get("set", "?"), 60)


def _row(record: dict[str, Any], ratios: dict[Any, Any]) -> dict[str, str]:
    name = one_line(record.get("finder", "?"), 120)
    row = {t("finder.column_finder"): translated(name)}
    for key, label in finder_charts.class_labels().items():
        value = record.get(key)
        counts = value if isinstance(value, dict) else {}
        n_found, n = count(counts.get("n_found")), count(counts.get("n"))
        row[t("finder.column_found", people=label)] = (
            "–"
            if n_found is None or n is None
            else t("finder.count", n=number_text(n_found, ".0f"), total=number_text(n, ".0f"))
        )
    per_photo = count(record.get("false_per_photo"))
    row[t("finder.column_false")] = "–" if per_photo is None else number_text(per_photo, ".2f")
    ratio = finite(ratios.get(name))
    row[t("finder.column_time")] = "–" if ratio is None else number_text(ratio, ".2f")
    return row
