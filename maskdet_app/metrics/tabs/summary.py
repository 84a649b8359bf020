"""The summary on the metrics page: how often right by test, and the model card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from maskdet_app.metrics import lead
from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.metrics.charts.dots import Dot, dot_plot
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records import test_sets
from maskdet_app.metrics.tabs import model_card
from maskdet_app.ui.elements.charts import Chart
from maskdet_app.ui.layout import containers
from maskdet_app.ui.texts.i18n import t
from maskdet_core.intervals import wilson_interval


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
            draw(set_dots([one for one in sets if test_sets.is_whole(one)]))
            st.caption(f"{t('metrics.sets_note')} {t('metrics.shown_note')}")
        with table.expander(t("metrics.all_tests", n=len(sets))):
            st.dataframe(charts.set_rows(sets, charts.record_classes(evaluation)), hide_index=True)
    with card:
        model_card.show_model_card(folder)


def set_dots(sets: Sequence[dict[str, Any]]) -> Chart | None:
    """Right answers and right verdicts of each test, its group before its name; None without any.

    Args:
        sets: of an evaluation record, in the order of the rows.
    """
    dots: list[Dot | None] = []
    for one in sets:
        group = test_sets.group_name(test_sets.group_of(one))
        name = charts.set_name(one)
        if not name.startswith(group):
            name = t("tests.of_group", group=group, name=name)
        dots.append(Dot.of(name, t("classes.label"), one, "accuracy"))
        shown = lead.right(one)
        if shown is not None:
            low, high = wilson_interval(shown.n_hits, shown.n)
            share = shown.n_hits / shown.n
            dots.append(Dot(name, t("classes.shown"), share, low, high, shown.n))
    return dot_plot(dots, t("chart.right"))
