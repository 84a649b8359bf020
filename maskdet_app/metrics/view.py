"""One run on the training metrics page. Any part of its record may be missing."""

import time
from pathlib import Path
from typing import Any, Final

import streamlit as st

from maskdet_app.metrics import (
    calibration_charts,
    charts,
    confusion_chart,
    outcome_chart,
    slices_view,
)
from maskdet_app.metrics.records import Run, read_run, run_folders
from maskdet_app.ui import containers, theme
from maskdet_app.ui.charts import Chart
from maskdet_app.ui.i18n import t
from maskdet_app.ui.json_values import count, finite, objects, one_line

REFRESH_S: Final = 2.0
STALLED_AFTER_S: Final = 30 * 60
"""Five epochs on two slow cores, which take six minutes each."""
_DEFAULT_SET: Final = "leak-free"
"""The best estimate for people who are in no training picture."""
_DEFAULT_MIN_CONFIDENCE: Final = 0.6
MAX_SETS: Final = 50
"""Each takes a row of the table and of the chart."""
_MAX_METRICS: Final = 8


def label(run: Run) -> str:
    """A run's label in the picker."""
    marks = [t("metrics.shipped")] if run.shipped else []
    status = run.info.get("status")
    if isinstance(status, str) and status != "finished":
        marks.append(one_line(status, 30))
    name = one_line(run.name, 80)
    return f"{name} ({', '.join(marks)})" if marks else name


def pick_run() -> Path | None:
    """Show the picker of runs, newest first.

    Returns:
        Folder of the selected run; None after a note that there are none.
    """
    runs = {str(folder): read_run(folder, summary=True) for folder in run_folders()}
    if not runs:
        st.info(t("metrics.no_runs"), icon=":material/model_training:")
        return None
    ordered = sorted(runs, key=lambda key: (not runs[key].running, not runs[key].shipped))
    selected = st.selectbox(
        t("metrics.pick"), ordered, format_func=lambda key: label(runs[key]), key="run"
    )
    return runs[selected].folder


def show_run(folder: Path) -> None:
    """Draw a run; while it trains, read and draw its training again every `REFRESH_S`."""
    in_progress, finished, evaluation = containers.reserve(3)
    run = read_run(folder)
    if run.running:
        with in_progress:
            st.fragment(_refresh, run_every=REFRESH_S)(run)
    else:
        with finished:
            _show_training(run)
    # It has a widget, which must not stand in a fragment that refreshes itself.
    with evaluation:
        _show_evaluation(run)


def _refresh(run: Run) -> None:
    run = read_run(run.folder)
    if not run.running:
        # The whole page, so that the picker's label changes and the refresh stops.
        st.rerun()
    _show_training(run)


def _show_training(run: Run) -> None:
    problems, progress, curves = containers.reserve(3)
    for problem in run.problems:
        problems.warning(theme.escape_markdown(problem, max_chars=200), icon=":material/warning:")
    if run.running:
        with progress:
            _show_progress(run)
    with curves:
        _show_curves(run)


def _show_progress(run: Run) -> None:
    if run.quiet_s > STALLED_AFTER_S:
        st.warning(t("metrics.quiet", minutes=f"{run.quiet_s / 60:.0f}"))
        return
    total = count(run.info.get("epochs_total"))
    n_done = len(run.epochs)
    progress = t("metrics.progress", done=n_done, total=f"{total:.0f}") if total else ""
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
            column.altair_chart(chart)
    st.caption(t("metrics.curves_note"))


def _show_evaluation(run: Run) -> None:
    none_yet, title, overview, table, one_set, slices, people, photos = containers.reserve(8)
    evaluation = run.evaluation or {}
    sets = objects(evaluation.get("sets"))
    if len(sets) > MAX_SETS:
        st.warning(t("metrics.too_many_sets", n=len(sets), most=MAX_SETS))
        sets = sets[:MAX_SETS]
    if not sets and run.evaluation is None:
        none_yet.info(t("metrics.no_evaluation"), icon=":material/fact_check:")
        return
    title.header(t("metrics.sets"), anchor=False)
    dots = charts.accuracy_dots(sets)
    if dots is not None:
        overview.altair_chart(dots)
        overview.caption(t("metrics.sets_note"))
    if sets:
        classes = charts.record_classes(evaluation)
        table.dataframe(charts.set_rows(sets, classes), hide_index=True)
        with one_set:
            _show_set(sets, finite(evaluation.get("min_confidence")), classes)
    with slices:
        slices_view.show_slices(evaluation)
    with people:
        slices_view.show_people(evaluation)
    with photos:
        _show_whole_photos(objects(evaluation.get("whole_photos")))


def _show_set(sets: list[dict[str, Any]], recorded: float | None, classes: tuple[str, ...]) -> None:
    two = len(charts.of_faces(classes)) <= len(charts.TWO_CLASSES)
    min_confidence = _DEFAULT_MIN_CONFIDENCE
    if recorded is not None and 0.5 <= recorded < 1:
        min_confidence = recorded
    st.header(t("metrics.detail"), anchor=False)
    number = st.selectbox(
        t("metrics.set_pick"),
        range(len(sets)),
        index=next((i for i, item in enumerate(sets) if item.get("slug") == _DEFAULT_SET), 0),
        format_func=lambda i: charts.set_name(sets[i], default=str(i + 1)),
        key="test_set",
    )
    test_set = sets[number]
    confusion, by_class = st.columns(2, gap="medium")
    with confusion:
        chart = confusion_chart.confusion_matrix(test_set, classes)
        _show_chart(t("metrics.confusion"), chart)
        verdicts = confusion_chart.has_verdicts(test_set, classes)
        st.caption(t("metrics.verdicts_note") if verdicts else t("metrics.confusion_note"))
    with by_class:
        _show_chart(t("classes.title"), confusion_chart.class_dots(test_set, classes))
        st.caption(t("classes.note"))
    roc, precision = st.columns(2, gap="medium")
    with roc:
        curve = test_set.get("roc")
        titles = (t("metrics.roc_x" if two else "metrics.roc_x_three"), t("metrics.roc_y"))
        chart = charts.threshold_curve(curve, "fpr", "tpr", titles, min_confidence, two_classes=two)
        _show_chart(_with_area(t("metrics.roc"), curve, "auc"), chart)
    with precision:
        curve = test_set.get("pr")
        titles = (t("metrics.pr_x"), t("metrics.pr_y"))
        chart = charts.threshold_curve(
            curve, "recall", "precision", titles, min_confidence, two_classes=two
        )
        _show_chart(_with_area(t("metrics.pr"), curve, "average_precision"), chart)
    high, low = f"{min_confidence * 100:.0f}", f"{(1 - min_confidence) * 100:.0f}"
    st.caption(
        t("metrics.threshold_note", high=high, low=low)
        if two
        else t("metrics.threshold_note_three", high=high)
    )
    _show_calibration(test_set, min_confidence)


def _show_calibration(test_set: dict[str, Any], min_confidence: float) -> None:
    reliability = calibration_charts.reliability(test_set)
    risk = calibration_charts.risk_curve(test_set, min_confidence)
    if reliability is None and risk is None:
        return
    left, right = st.columns(2, gap="medium")
    error = finite(test_set.get("calibration_error"))
    with left:
        title = (
            t("metrics.calibration")
            if error is None
            else t("metrics.calibration_gap", gap=f"{error:.1%}")
        )
        _show_chart(title, reliability)
        of_answer = calibration_charts.is_of_answer(test_set)
        st.caption(t("metrics.answer_note") if of_answer else t("metrics.calibration_note"))
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
        # records of the same photographs, faces of other sizes counted, share their false faces
        distinct = {(r.get("preset"), r.get("n_photos")): r for r in records}.values()
        for record in list(distinct)[:_MAX_METRICS]:
            photos, false_faces = (count(record.get(key)) for key in ("n_photos", "false_faces"))
            if photos and false_faces is not None:
                preset = theme.escape_markdown(one_line(record.get("preset", "?")))
                title = t("metrics.false_faces", n=f"{photos:,.0f}", preset=preset)
                st.metric(title, f"{false_faces:,.0f}", border=True)
