"""One run's training on the metrics page; followed while it goes on."""

import time
from typing import Any, Final

import streamlit as st

from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records.runs import Run, read_run
from maskdet_app.ui.json_values import count, objects, one_line
from maskdet_app.ui.layout import containers
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text

REFRESH_S: Final = 2.0
STALLED_AFTER_S: Final = 30 * 60
"""Five epochs on two slow cores, which take six minutes each."""
_MAX_DATASETS: Final = 30


def show_training(run: Run) -> None:
    """Draw a run; while it trains, read and draw it again every `REFRESH_S`."""
    in_progress, finished, faces = containers.reserve(3)
    if run.running:
        with in_progress:
            st.fragment(_refresh, run_every=REFRESH_S)(run)
    else:
        with finished:
            _show(run)
    with faces:
        _show_faces(run)


def _refresh(run: Run) -> None:
    run = read_run(run.folder)
    if not run.running:
        # The whole page, so that the picker's label changes and the refresh stops.
        st.rerun()
    _show(run)


def _show(run: Run) -> None:
    progress, curves = containers.reserve(2)
    if run.running:
        with progress:
            _show_progress(run)
    with curves:
        _show_curves(run)


def _show_progress(run: Run) -> None:
    if run.quiet_s > STALLED_AFTER_S:
        st.warning(t("metrics.quiet", minutes=number_text(run.quiet_s / 60, ".0f")))
        return
    total = count(run.info.get("epochs_total"))
    n_done = len(run.epochs)
    progress = t("metrics.progress", done=n_done, total=number_text(total, ".0f")) if total else ""
    text = f"{t('metrics.running')} {progress}"
    st.progress(min(1.0, n_done / total) if total else 0.0, text=text)
    st.caption(t("metrics.read_at", time=time.strftime("%H:%M:%S")))


def _show_curves(run: Run) -> None:
    st.header(t("metrics.curves"), anchor=False)
    curves = [
        charts.learning_curve(run.epochs, metric, title)
        for metric, title in (
            ("accuracy", t("metrics.accuracy_axis")),
            ("loss", t("metrics.loss_axis")),
        )
    ]
    if not any(curves):
        st.info(t("metrics.no_epochs"), icon=":material/hourglass_empty:")
        return
    for column, chart in zip(st.columns(2, gap="medium"), curves, strict=True):
        if chart is not None:
            with column:
                draw(chart)
    st.caption(t("metrics.curves_note"))


def _show_faces(run: Run) -> None:
    rows = dataset_rows(run)
    if not rows:
        return
    st.subheader(t("metrics.faces_title"), anchor=False)
    st.caption(budget_text(run) or t("metrics.faces_note"))
    st.dataframe(rows, hide_index=True)


def budget_text(run: Run) -> str:
    """How long a run trained and when it began, in words; empty where the record lacks it."""
    config = run.info.get("config")
    samples = count(config.get("epoch_samples")) if isinstance(config, dict) else None
    epochs = len(run.epochs)
    started = run.info.get("started")
    if samples is None or not epochs or not isinstance(started, str):
        return ""
    return t(
        "metrics.budget",
        epochs=number_text(epochs, ","),
        samples=number_text(samples, ",.0f"),
        total=number_text(epochs * samples, ",.0f"),
        date=one_line(started)[:10],
    )


def dataset_rows(run: Run) -> list[dict[str, Any]]:
    """The picture sets of a run and the faces on each side of the split."""
    rows = []
    for one in objects(run.info.get("datasets"))[:_MAX_DATASETS]:
        row: dict[str, Any] = {t("metrics.column_source"): one_line(one.get("name", "?"), 60)}
        for side in ("train", "validation", "test"):
            number = count(one.get(f"n_{side}"))
            row[t(f"metrics.column_{side}")] = (
                "–" if number is None else number_text(number, ",.0f")
            )
        rows.append(row)
    return rows
