"""The face finder's part of the training metrics page."""

import os
from pathlib import Path
from typing import Any

import streamlit as st

from maskdet_app import finder_charts, texts, theme
from maskdet_app.records import finite, objects
from maskdet_core import CascadeError, CascadeManifest
from maskdet_core.trained_finder import DEFAULT_MANIFEST, FINDER_ENV, STOCK


def show_finder() -> None:
    """How many people the cascade in use finds, beside OpenCV's own ones."""
    st.subheader(texts.FINDER_TITLE, anchor=False)
    chosen = os.environ.get(FINDER_ENV) or str(DEFAULT_MANIFEST)
    if chosen == STOCK:
        st.info(texts.FINDER_STOCK, icon=":material/face:")
        return
    try:
        manifest = CascadeManifest.load(Path(chosen))
    except CascadeError as error:
        st.warning(theme.plain(str(error), max_chars=300), icon=":material/error:")
        return
    records = objects(manifest.evaluation.get("records"))
    if not records:
        st.info(texts.FINDER_NO_RECORD, icon=":material/fact_check:")
    else:
        _show_records(records, manifest.evaluation.get("time_ratio"))
    drawn = finder_charts.stage_curve(manifest.training.get("stages"))
    if drawn is not None:
        with st.expander(texts.FINDER_STAGES):
            st.altair_chart(drawn)
            st.caption(texts.FINDER_STAGES_NOTE)


def _show_records(records: list[dict[str, Any]], ratios: object) -> None:
    sets = list(dict.fromkeys(str(record.get("set", "?")) for record in records))
    chosen = st.segmented_control(
        texts.FINDER_PICK, sets, default=sets[0], key="finder_set", label_visibility="collapsed"
    )
    shown = [record for record in records if str(record.get("set", "?")) == (chosen or sets[0])]
    found, price = st.columns([3, 2], gap="medium")
    with found:
        dots = finder_charts.recall_dots(shown)
        if dots is not None:
            st.altair_chart(dots)
        st.caption(texts.FINDER_DOTS_NOTE)
    with price:
        curve = finder_charts.price_curve(shown[0].get("curve"))
        if curve is not None:
            st.altair_chart(curve)
            st.caption(texts.FINDER_PRICE_NOTE)
    st.dataframe([_row(record, ratios) for record in shown], hide_index=True)


def _row(record: dict[str, Any], ratios: object) -> dict[str, str]:
    row = {"Finder": str(record.get("finder", "?"))}
    for key, word in finder_charts.CLASSES.items():
        one = record.get(key)
        one = one if isinstance(one, dict) else {}
        n_found, n = finite(one.get("n_found")), finite(one.get("n"))
        row[f"Found {word}"] = "–" if n_found is None or n is None else f"{n_found:.0f} of {n:.0f}"
    per_photo = finite(record.get("false_per_photo"))
    row["False faces a photo"] = "–" if per_photo is None else f"{per_photo:.2f}"
    ratio = finite(ratios.get(row["Finder"])) if isinstance(ratios, dict) else None
    row["Time, frontalface_alt = 1"] = "–" if ratio is None else f"{ratio:.2f}"
    return row
