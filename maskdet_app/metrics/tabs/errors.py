"""What one test set shows, at a threshold to choose, on the metrics page."""

from typing import Any, Final

import streamlit as st

from maskdet_app.metrics.charts import calibration_charts, confusion_chart
from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records import test_sets, thresholds
from maskdet_app.metrics.tabs import slices
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.json_values import finite
from maskdet_app.ui.layout import containers
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text, percent_text

SET_PARAM: Final = "test"
"""Query parameter of the test set, and its key."""
THRESHOLD_PARAM: Final = "at"
"""Of the threshold in whole percent."""
_DEFAULT_THRESHOLD: Final = "at_default"
"""Key of the threshold that the slider began with."""
_DEFAULT_MIN_CONFIDENCE: Final = 0.6


def show_errors(evaluation: dict[str, Any], sets: list[dict[str, Any]]) -> None:
    """Draw a test set's verdicts, and what should be rare.

    Args:
        evaluation: the record.
        sets: its test sets, in the order of the picker.
    """
    one_set, rare = containers.reserve(2)
    if sets:
        with one_set:
            _show_set(evaluation, sets)
    with rare:
        slices.show_slices(evaluation)


def recorded_threshold(evaluation: dict[str, Any]) -> float:
    """The threshold that a record was measured at, 0.5 to 1."""
    recorded = finite(evaluation.get("min_confidence"))
    return recorded if recorded is not None and 0.5 <= recorded < 1 else _DEFAULT_MIN_CONFIDENCE


def _show_set(evaluation: dict[str, Any], sets: list[dict[str, Any]]) -> None:
    classes = charts.record_classes(evaluation)
    recorded = recorded_threshold(evaluation)
    left, right = st.columns(2, gap="medium")
    with left:
        original = _pick(sets)
    with right:
        percent = _pick_threshold(recorded)
    # the recorded threshold is no whole percent: its own verdicts stand for the nearest one
    min_confidence = recorded if percent == round(100 * recorded) else percent / 100
    test_set = thresholds.at(original, percent, recorded)
    points = thresholds.curve(original, recorded)
    has_counts = thresholds.has_counts(original)
    found = (
        thresholds.of_verdicts(test_set, min_confidence)
        if has_counts
        else thresholds.nearest(points, min_confidence)
    )
    if found is not None:
        _show_readouts(found, min_confidence, has_counts=has_counts)
    confusion, curve = st.columns(2, gap="medium")
    with confusion:
        draw(confusion_chart.confusion_matrix(test_set, classes), t("metrics.confusion"))
        has_verdicts = confusion_chart.has_verdicts(test_set, classes)
        st.caption(t("metrics.verdicts_note") if has_verdicts else t("metrics.confusion_note"))
    with curve:
        draw(calibration_charts.risk_curve(points, found), t("metrics.withheld"))
        st.caption(t("metrics.risk_note"))
    by_class, calibration = st.columns(2, gap="medium")
    with by_class:
        draw(confusion_chart.class_dots(test_set, classes), t("classes.title"))
        st.caption(t("classes.note"))
    with calibration:
        _show_calibration(test_set)
    _show_curves(test_set, classes, min_confidence)
    weaker = test_sets.parts_of(original, sets)
    if weaker:
        draw(charts.accuracy_dots(weaker), t("metrics.parts"))
        st.caption(t("metrics.sets_note"))


def _pick(sets: list[dict[str, Any]]) -> dict[str, Any]:
    codes = test_sets.codes_of(sets)
    default = test_sets.BEST_ESTIMATE if test_sets.BEST_ESTIMATE in codes else codes[0]
    # another run may have other sets
    if st.session_state.get(SET_PARAM) not in codes:
        st.session_state[SET_PARAM] = query_params.read(SET_PARAM, codes, default)
    code = st.selectbox(
        t("metrics.set_pick"),
        codes,
        format_func=lambda code: charts.set_name(sets[codes.index(code)], default=code),
        key=SET_PARAM,
    )
    query_params.write(SET_PARAM, [code], [default])
    return sets[codes.index(code)]


def _pick_threshold(recorded: float) -> int:
    low, high = thresholds.RANGE_PERCENT
    default = min(max(round(100 * recorded), low), high)
    # another run may have another threshold, which a visitor who chose none should see
    if (
        THRESHOLD_PARAM not in st.session_state
        or st.session_state.get(_DEFAULT_THRESHOLD) != default
    ):
        codes = [str(percent) for percent in range(low, high + 1)]
        st.session_state[THRESHOLD_PARAM] = int(
            query_params.read(THRESHOLD_PARAM, codes, str(default))
        )
        st.session_state[_DEFAULT_THRESHOLD] = default
    percent: int = st.slider(
        t("metrics.at_label"),
        low,
        high,
        format="%d %%",
        help=t("metrics.at_help", percent=number_text(100 * recorded, ".1f")),
        key=THRESHOLD_PARAM,
    )
    query_params.write(THRESHOLD_PARAM, [str(percent)], [str(default)])
    return percent


def _show_readouts(
    found: thresholds.AtThreshold, min_confidence: float, *, has_counts: bool
) -> None:
    coverage, risk = st.columns(2, gap="medium")
    coverage.metric(t("metrics.coverage"), percent_text(found.coverage), border=True)
    risk.metric(t("metrics.risk"), percent_text(found.risk, 2), border=True)
    percent = number_text(round(100 * min_confidence, 1), "g")
    st.caption(
        t("metrics.moves", percent=percent)
        if has_counts
        else t("metrics.moves_partly", percent=percent)
    )


def _show_curves(test_set: dict[str, Any], classes: tuple[str, ...], min_confidence: float) -> None:
    two = len(charts.of_faces(classes)) <= len(charts.TWO_CLASSES)
    roc, precision = st.columns(2, gap="medium")
    with roc:
        curve = test_set.get("roc")
        titles = (t("metrics.roc_x" if two else "metrics.roc_x_three"), t("metrics.roc_y"))
        chart = charts.threshold_curve(curve, "fpr", "tpr", titles, min_confidence, two_classes=two)
        draw(chart, _with_area(t("metrics.roc"), curve, "auc"))
        st.caption(t("metrics.roc_note"))
    with precision:
        curve = test_set.get("pr")
        titles = (t("metrics.pr_x"), t("metrics.pr_y"))
        chart = charts.threshold_curve(
            curve, "recall", "precision", titles, min_confidence, two_classes=two
        )
        draw(chart, _with_area(t("metrics.pr"), curve, "average_precision"))
        high, low = (
            number_text(min_confidence * 100, ".0f"),
            number_text((1 - min_confidence) * 100, ".0f"),
        )
        st.caption(
            t("metrics.threshold_note", high=high, low=low)
            if two
            else t("metrics.threshold_note_three", high=high)
        )


def _show_calibration(test_set: dict[str, Any]) -> None:
    reliability = calibration_charts.reliability(test_set)
    if reliability is None:
        return
    error = finite(test_set.get("calibration_error"))
    title = t("metrics.calibration")
    if error is not None:
        title = t("metrics.calibration_gap", gap=percent_text(error))
    draw(reliability, title)
    of_answer = calibration_charts.is_of_answer(test_set)
    st.caption(t("metrics.answer_note") if of_answer else t("metrics.calibration_note"))


def _with_area(title: str, curve: Any, name: str) -> str:
    area = finite(curve.get(name)) if isinstance(curve, dict) else None
    return title if area is None else t("metrics.area", title=title, area=number_text(area, ".4f"))
