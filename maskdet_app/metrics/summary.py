"""The summary on the metrics page: how often right by test, and the model card."""

from pathlib import Path
from typing import Any

import streamlit as st

from maskdet_app.metrics import charts, model_card, test_sets
from maskdet_app.metrics.drawing import draw
from maskdet_app.ui import containers
from maskdet_app.ui.i18n import t


def show_summary(evaluation: dict[str, Any], sets: list[dict[str, Any]], folder: Path) -> None:
    """Draw the whole test sets, the table of all, and the model card.

    Args:
        evaluation: the record.
        sets: its test sets, group by group.
        folder: of the run.
    """
    overview, table, card = containers.reserve(3)
    if sets:
        with overview:
            st.header(t("metrics.sets"), anchor=False)
            draw(charts.accuracy_dots([one for one in sets if test_sets.is_whole(one)]))
            st.caption(t("metrics.sets_note"))
        with table.expander(t("metrics.all_tests", n=len(sets))):
            st.dataframe(charts.set_rows(sets, charts.record_classes(evaluation)), hide_index=True)
    with card:
        model_card.show_model_card(folder)
