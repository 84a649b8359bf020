"""The metrics page with a record of a network that knows masks worn wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.metrics import view
from maskdet_app.metrics.charts import outcome_chart
from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.ui.elements.charts import Chart
from maskdet_app.ui.texts.i18n import t
from maskdet_core.records.evaluation import EVALUATION_FILE
from maskdet_core.records.runs import EPOCHS_FILE, RUN_FILE
from testbed.repository import REPO_ROOT
from tests.app.metrics.charts.test_slice_charts import COVERED, LOOSE, PEOPLE, RATES

CLASSES = ["with_mask", "worn_wrong", "without_mask"]
SET: dict[str, Any] = {
    "slug": "leak-free",
    "name": "leak-free test",
    "note": "people whom training never saw",
    "n": 300,
    "n_correct": 273,
    "accuracy": 0.91,
    "ci95": [0.872, 0.937],
    "n_not_sure": 9,
    "n_wrong_sure": 20,
    "per_class": {
        "with_mask": {"n": 100, "n_correct": 97, "recall": 0.97, "ci95": [0.92, 0.99]},
        "worn_wrong": {"n": 100, "n_correct": 81, "recall": 0.81, "ci95": [0.72, 0.87]},
        "without_mask": {"n": 100, "n_correct": 95, "recall": 0.95, "ci95": [0.89, 0.98]},
    },
    "confusion": [[97, 2, 1], [11, 81, 8], [1, 4, 95]],
    "roc": {
        "fpr": [0.0, 0.05, 1.0],
        "tpr": [0.5, 0.97, 1.0],
        "threshold": [0.95, 0.6, 0.0],
        "auc": 0.98,
    },
    "pr": {
        "recall": [0.5, 0.97, 1.0],
        "precision": [1.0, 0.9, 0.33],
        "threshold": [0.95, 0.6, 0.0],
        "average_precision": 0.96,
    },
    "calibration_error": 0.015,
    "calibration": [
        {"n": 150, "mean_p": 0.03, "share_masked": 0.02},
        {"n": 90, "mean_p": 0.96, "share_masked": 0.97},
    ],
    "risk_coverage": [
        {"coverage": 0.5, "risk": 0.01, "min_confidence": 0.95},
        {"coverage": 0.97, "risk": 0.07, "min_confidence": 0.6},
        {"coverage": 1.0, "risk": 0.09, "min_confidence": 0.33},
    ],
}
COUNTS = {"n_people": 20, "n_found": 18, "n_right": 15, "n_not_sure": 2}
PHOTOS = {
    "preset": "photo",
    "n_photos": 30,
    "false_faces": 1,
    "per_class": dict.fromkeys(CLASSES, COUNTS),
}
EVALUATION = {
    "format": 1,
    "min_confidence": 0.6,
    "classes": [*CLASSES, "no_face"],
    "sets": [SET],
    "whole_photos": [PHOTOS],
}


def cells(chart: Chart | None) -> list[dict[str, Any]]:
    assert chart is not None
    return list(chart.to_dict()["data"]["values"])


def test_classes_are_those_of_the_figures_where_the_record_names_none() -> None:
    unnamed = {key: value for key, value in EVALUATION.items() if key != "classes"}
    assert list(charts.record_classes(unnamed)) == CLASSES
    assert charts.record_classes({}) == charts.TWO_CLASSES


def test_table_has_the_recall_of_each_class() -> None:
    (row,) = charts.set_rows([SET], CLASSES)
    words = ("Mask", "Worn wrong", "No mask")
    recalls = {word: row[t("metrics.column_class", people=word)] for word in words}
    assert recalls == {"Mask": "97.0 %", "Worn wrong": "81.0 %", "No mask": "95.0 %"}


def test_three_classes_have_one_threshold_on_the_mask_probability() -> None:
    def n_marks(*, two_classes: bool) -> int:
        chart = charts.threshold_curve(
            SET["roc"], "fpr", "tpr", ("x", "y"), 0.6, two_classes=two_classes
        )
        assert chart is not None
        return len(chart.to_dict()["layer"][1]["data"]["values"])

    assert (n_marks(two_classes=True), n_marks(two_classes=False)) == (2, 1)


def test_outcomes_have_people_of_each_class() -> None:
    chart = outcome_chart.photo_outcomes([PHOTOS])
    assert chart is not None
    people = {row["people"] for row in chart.to_dict()["data"]["values"]}
    assert len(people) == 3


FULL = {
    **EVALUATION,
    "format": 2,
    "sets": [
        {
            **SET,
            "verdicts": [[90, 1, 1, 7, 1], [9, 75, 6, 10, 0], [0, 2, 93, 4, 1]],
            "calibration": [{"n": 90, "mean_p": 0.96, "share_right": 0.97}],
        }
    ],
    "rates": RATES,
    "loose_boxes": LOOSE,
    "people": PEOPLE,
    "covered_other": COVERED,
}


def open_page(
    evaluation: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tab: str
) -> AppTest:
    """A tab of the metrics page with the record among its runs."""
    run = tmp_path / "three"
    run.mkdir()
    record = {"format": 1, "name": "three", "epochs_total": 1, "status": "finished"}
    (run / RUN_FILE).write_text(json.dumps(record))
    (run / EPOCHS_FILE).write_text("")
    (run / EVALUATION_FILE).write_text(json.dumps(evaluation))
    monkeypatch.setenv("MASKDET_RUNS", str(tmp_path))
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["tab"] = tab
    page = app.switch_page("pages/metrics.py").run()
    picker = page.selectbox(key="run")
    return picker.set_value(next(one for one in picker.options if "three" in one)).run()


def test_page_explains_three_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(EVALUATION, tmp_path, monkeypatch, "errors")
    assert not page.exception
    captions = [caption.value for caption in page.caption]
    assert t("metrics.threshold_note_three", high="60") in captions
    assert t("metrics.threshold_note", high="60", low="40") not in captions
    assert t("metrics.not_recorded") not in [info.value for info in page.info]
    assert t("metrics.confusion_note") in captions, "no verdicts in this record"
    page.segmented_control(key="tab").set_value("summary").run()
    table = page.dataframe[0].value
    assert t("metrics.column_class", people="Worn wrong") in table.columns


def test_page_shows_rare_errors_loose_boxes_and_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(FULL, tmp_path, monkeypatch, "errors")
    assert not page.exception
    captions = [caption.value for caption in page.caption]
    for key in ("metrics.verdicts_note", "metrics.answer_note", "slices.rates_note"):
        assert t(key) in captions
    assert t("slices.title") in [header.value for header in page.header]
    page.segmented_control(key="loose_around").set_value("with_mask").run()
    page.segmented_control(key="tab").set_value("groups").run()
    assert t("people.title") in [header.value for header in page.header]
    assert any("2.0 points" in text.value for text in page.text)
    page.segmented_control(key="people_by").set_value("gender").run()
    assert not page.exception
    assert not any("2.0 points" in text.value for text in page.text)


def test_threshold_moves_counts_risk_and_coverage_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [percent / 100 for percent in range(50, 100)]
    said = {truth: {label: [50 * (truth == label)] * 50 for label in CLASSES} for truth in CLASSES}
    record = {"min_confidence": steps, "verdicts": said}
    sets = [{**FULL["sets"][0], "by_threshold": record}]
    page = open_page({**FULL, "sets": sets}, tmp_path, monkeypatch, "errors")
    assert t("metrics.moves", percent="60") in [caption.value for caption in page.caption]
    assert [metric.value for metric in page.metric] == ["92.3 %", "6.86 %"]
    page.slider(key="at").set_value(80).run()
    assert not page.exception
    assert page.query_params["at"] == "80"
    assert [metric.value for metric in page.metric] == ["50.0 %", "0.00 %"]
    charts_shown = [json.loads(one.proto.spec) for one in page.get("vega_lite_chart")]
    assert any("said mask 50 (50.0 %)" in one.get("description", "") for one in charts_shown)


@pytest.mark.parametrize("tab", view.TABS)
def test_every_tab_of_the_shipped_record_is_complete(
    tab: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKDET_RUNS", str(tmp_path))
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["tab"] = tab
    page = app.switch_page("pages/metrics.py").run()
    assert not page.exception and not page.warning
    assert t("metrics.not_recorded") not in [info.value for info in page.info]
    shown = page.get("vega_lite_chart")
    assert shown, "the tab that the address names"
    assert [one for one in shown if not one.proto.alt] == [], "a chart without its message"
