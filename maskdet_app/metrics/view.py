"""The parts of the training metrics page, each of which copes with a record that lacks it."""

import time
from typing import Any, Final

import streamlit as st

from maskdet_app.metrics import calibration_charts as trust_charts
from maskdet_app.metrics import charts, outcome_chart
from maskdet_app.metrics.records import Run, read_run, run_folders
from maskdet_app.ui import theme
from maskdet_app.ui.charts import Chart
from maskdet_app.ui.i18n import t
from maskdet_app.ui.json_values import finite, objects

FOLLOW_EVERY_S: Final = 2.0
QUIET_AFTER_S: Final = 30 * 60
"""An epoch on two slow cores takes six minutes; this leaves room for five of them."""
_FIRST_SET: Final = "leak-free"
"""What says most about people whom the network never met."""
_DEFAULT_CONFIDENCE: Final = 0.6


def label(run: Run) -> str:
    """A run's name in the picker."""
    marks = [t("metrics.shipped")] if run.shipped else []
    status = run.info.get("status")
    if isinstance(status, str) and status != "finished":
        marks.append(status)
    return f"{run.name} ({', '.join(marks)})" if marks else run.name


def pick_run() -> Run | None:
    """Offer the runs, newest first; None after saying that there are none."""
    runs = {str(folder): read_run(folder) for folder in run_folders()}
    if not runs:
        st.info(t("metrics.no_runs"), icon=":material/model_training:")
        return None
    keys = sorted(runs, key=lambda key: (not runs[key].running, not runs[key].shipped))
    chosen = st.selectbox(
        t("metrics.pick"), keys, format_func=lambda key: label(runs[key]), key="run"
    )
    return runs[chosen]


def show_run(run: Run) -> None:
    """Draw a run; while it trains, read and draw it again every few seconds."""
    every = FOLLOW_EVERY_S if run.running else None
    st.fragment(_draw, run_every=every)(run, followed=run.running)


def _draw(run: Run, followed: bool) -> None:
    run = read_run(run.folder)
    if followed and not run.running:
        # The whole page, so that the picker's label and the following stop too.
        st.rerun()
    for problem in run.problems:
        st.warning(theme.plain(problem, max_chars=200), icon=":material/warning:")
    if run.running:
        _show_progress(run)
    _show_curves(run)
    _show_evaluation(run)


def _show_progress(run: Run) -> None:
    if run.quiet_s > QUIET_AFTER_S:
        st.warning(t("metrics.quiet", minutes=f"{run.quiet_s / 60:.0f}"))
        return
    total = finite(run.info.get("epochs_total"))
    done = len(run.epochs)
    done_words = t("metrics.progress", done=done, total=f"{total:.0f}") if total else ""
    text = f"{t('metrics.running')} {done_words}"
    st.progress(min(1.0, done / total) if total else 0.0, text=text)
    st.caption(t("metrics.read_at", time=time.strftime("%H:%M:%S")))


def _show_curves(run: Run) -> None:
    st.header(t("metrics.curves"), anchor=False)
    pairs = [
        charts.learning_curve(run.epochs, metric, title)
        for metric, title in (
            ("accuracy", t("metrics.accuracy_axis")),
            ("loss", t("metrics.loss_axis")),
        )
    ]
    if not any(pairs):
        st.info(t("metrics.no_epochs"), icon=":material/hourglass_empty:")
        return
    for column, chart in zip(st.columns(2, gap="medium"), pairs, strict=True):
        if chart is not None:
            column.altair_chart(chart)
    st.caption(t("metrics.curves_note"))


def _show_evaluation(run: Run) -> None:
    evaluation = run.evaluation or {}
    sets = objects(evaluation.get("sets"))
    if not sets and run.evaluation is None:
        st.info(t("metrics.no_evaluation"), icon=":material/fact_check:")
        return
    st.header(t("metrics.sets"), anchor=False)
    dots = charts.accuracy_dots(sets)
    if dots is not None:
        st.altair_chart(dots)
        st.caption(t("metrics.sets_note"))
    if sets:
        st.dataframe(charts.set_rows(sets), hide_index=True)
        _show_set(sets, finite(evaluation.get("min_confidence")))
    _show_whole_photos(objects(evaluation.get("whole_photos")))


def _show_set(sets: list[dict[str, Any]], recorded: float | None) -> None:
    confidence = recorded if recorded is not None and 0.5 <= recorded < 1 else _DEFAULT_CONFIDENCE
    st.header(t("metrics.detail"), anchor=False)
    number = st.selectbox(
        t("metrics.set_pick"),
        range(len(sets)),
        index=next((i for i, one in enumerate(sets) if one.get("slug") == _FIRST_SET), 0),
        format_func=lambda i: str(sets[i].get("name") or sets[i].get("slug") or i + 1),
        key="test_set",
    )
    chosen = sets[number]
    confusion, roc, precision = st.columns(3, gap="medium")
    with confusion:
        _show_chart(t("metrics.confusion"), charts.confusion_matrix(chosen))
        st.caption(t("metrics.confusion_note"))
    with roc:
        curve = chosen.get("roc")
        titles = (t("metrics.roc_x"), t("metrics.roc_y"))
        drawn = charts.threshold_curve(curve, "fpr", "tpr", titles, confidence)
        _show_chart(_with_area(t("metrics.roc"), curve, "auc"), drawn)
    with precision:
        curve = chosen.get("pr")
        titles = (t("metrics.pr_x"), t("metrics.pr_y"))
        drawn = charts.threshold_curve(curve, "recall", "precision", titles, confidence)
        _show_chart(_with_area(t("metrics.pr"), curve, "average_precision"), drawn)
    st.caption(
        t(
            "metrics.threshold_note",
            high=f"{confidence * 100:.0f}",
            low=f"{(1 - confidence) * 100:.0f}",
        )
    )
    _show_trust(chosen, confidence)


def _show_trust(chosen: dict[str, Any], confidence: float) -> None:
    reliability = trust_charts.reliability(chosen)
    risk = trust_charts.risk_curve(chosen, confidence)
    if reliability is None and risk is None:
        return
    left, right = st.columns(2, gap="medium")
    error = finite(chosen.get("calibration_error"))
    with left:
        title = (
            t("metrics.calibration")
            if error is None
            else t("metrics.calibration_gap", gap=f"{error:.1%}")
        )
        _show_chart(title, reliability)
        st.caption(t("metrics.calibration_note"))
    with right:
        _show_chart(t("metrics.withheld"), risk)
        st.caption(t("metrics.risk_note"))


def _show_chart(title: str, chart: Chart | None) -> None:
    st.markdown(f"**{title}**")
    if chart is None:
        st.info(t("metrics.not_recorded"))
    else:
        st.altair_chart(chart)


def _with_area(title: str, curve: Any, name: str) -> str:
    area = finite(curve.get(name)) if isinstance(curve, dict) else None
    return title if area is None else t("metrics.area", title=title, area=f"{area:.4f}")


def _show_whole_photos(records: list[dict[str, Any]]) -> None:
    chart = outcome_chart.photo_outcomes(records)
    if chart is None:
        return
    st.header(t("metrics.photos"), anchor=False)
    st.caption(t("metrics.photos_note"))
    st.altair_chart(chart)
    with st.container(horizontal=True):
        for record in records:
            photos, false_faces = (finite(record.get(key)) for key in ("n_photos", "false_faces"))
            if photos and false_faces is not None:
                preset = record.get("preset", "?")
                title = t("metrics.false_faces", n=f"{photos:,.0f}", preset=preset)
                st.metric(title, f"{false_faces:,.0f}", border=True)
