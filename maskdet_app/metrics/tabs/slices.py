"""Rare errors, loose boxes and people by group of one run on the training metrics page."""

from typing import Any

import streamlit as st

from maskdet_app.metrics.charts import slice_charts
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.ui.texts.i18n import t


def show_slices(evaluation: dict[str, Any]) -> None:
    """Draw what the record has of them; a record without them draws nothing."""
    rates = slice_charts.rate_dots(evaluation.get("rates"))
    covered = slice_charts.covered_text(evaluation.get("covered_other"))
    if rates is not None or covered is not None:
        st.header(t("slices.title"), anchor=False)
    if rates is not None:
        draw(rates)
        st.caption(t("slices.rates_note"))
    if covered is not None:
        st.caption(covered)
    _show_loose(evaluation.get("loose_boxes"))


def _show_loose(records: object) -> None:
    around = slice_charts.around_known(records)
    if not around:
        return
    st.subheader(t("slices.loose"), anchor=False)
    labels = {name: t(f"slices.around_{name}") for name in around}
    chosen = st.segmented_control(
        t("slices.around"),
        around,
        default=around[0],
        format_func=lambda name: labels[name],
        key="loose_around",
        label_visibility="collapsed",
    )
    chart = slice_charts.loose_dots(records, chosen if chosen in around else around[0])
    if chart is not None:
        draw(chart)
    st.caption(t("slices.loose_note"))


def show_people(evaluation: dict[str, Any]) -> None:
    """Draw how evenly it works, or a note that it was not measured."""
    known = slice_charts.conditions(evaluation.get("people"))
    if not known:
        st.info(t("metrics.not_recorded"), icon=":material/groups:")
        return
    st.header(t("people.title"), anchor=False)
    left, right = st.columns(2, gap="medium")
    labels = {name: t(f"people.{name}") for name in known}
    condition = left.segmented_control(
        t("people.condition"),
        list(known),
        default=next(iter(known)),
        format_func=lambda name: labels[name],
        key="people_condition",
    )
    groupings = {name: t(f"people.by_{name}") for name in slice_charts.GROUPINGS}
    by = right.segmented_control(
        t("people.by"),
        list(groupings),
        default=slice_charts.GROUPINGS[0],
        format_func=lambda name: groupings[name],
        key="people_by",
    )
    record = known[condition if condition in known else next(iter(known))]
    by = by or slice_charts.GROUPINGS[0]
    chart = slice_charts.people_dots(record, by)
    if chart is not None:
        draw(chart)
    for text in slice_charts.gap_texts(record, by):
        st.text(text)
    st.caption(t("people.note"))
