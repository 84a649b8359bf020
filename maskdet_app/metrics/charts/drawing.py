"""Draw charts so that a screen reader hears their finding."""

import streamlit as st

from maskdet_app.ui.elements.charts import Chart, finished
from maskdet_app.ui.texts.i18n import t


def draw(chart: Chart | None, title: str = "") -> None:
    """Draw a chart with its description, which is its message, as the alternative text.

    Args:
        chart: without one, nothing is drawn; with a title, a note that it was not recorded.
        title: above the chart.
    """
    if title:
        st.markdown(f"**{title}**")
    if chart is not None:
        message = chart.description
        st.altair_chart(finished(chart), alt=message if isinstance(message, str) else None)
    elif title:
        st.info(t("metrics.not_recorded"))
