"""People in whole photographs on the metrics page: found, and with which verdict."""

from typing import Any, Final

import streamlit as st

from maskdet_app.metrics.charts import outcome_chart
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.json_values import count, one_line
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text

_MAX_METRICS: Final = 8


def show_whole_photos(records: list[dict[str, Any]]) -> None:
    """Draw them, or nothing where that was not measured."""
    chart = outcome_chart.photo_outcomes(records)
    if chart is None:
        return
    st.header(t("metrics.photos"), anchor=False)
    st.caption(t("metrics.photos_note"))
    draw(chart)
    with st.container(horizontal=True):
        # records of the same photographs, faces of other sizes counted, share their false faces
        distinct = {(r.get("preset"), r.get("n_photos")): r for r in records}.values()
        for record in list(distinct)[:_MAX_METRICS]:
            photos, false_faces = (count(record.get(key)) for key in ("n_photos", "false_faces"))
            if photos and false_faces is not None:
                preset = theme.escape_markdown(translated(one_line(record.get("preset", "?"))))
                title = t("metrics.false_faces", n=number_text(photos, ",.0f"), preset=preset)
                st.metric(title, number_text(false_faces, ",.0f"), border=True)
