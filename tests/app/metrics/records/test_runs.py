"""Training records of any content: read within a second, drawn or left out with a message."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from maskdet_app.metrics import lead, view
from maskdet_app.metrics.charts import (
    calibration_charts,
    confusion_chart,
    outcome_chart,
    slice_charts,
)
from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.metrics.records import test_sets, thresholds
from maskdet_app.metrics.records.runs import MAX_EPOCHS, Run, read_run
from maskdet_app.metrics.tabs import ablations, compare, training
from maskdet_app.ui.elements.charts import MAX_POINTS
from maskdet_app.ui.json_values import MAX_ITEMS, MAX_NUMBER, finite, objects
from maskdet_core.records.evaluation import EVALUATION_FILE
from maskdet_core.records.runs import EPOCHS_FILE, RUN_FILE
from maskdet_core.types import MASK_CLASSES
from testbed.repository import REPO_ROOT

WITHIN_S = 1.0
HUGE = 10**400
MARKUP = "<img src=x onerror=alert(1)> **bold** [link](https://evil.example) :red[x] $x$"
FILES = (RUN_FILE, EPOCHS_FILE, EVALUATION_FILE)
# Derandomized: the same inputs in every run.
FUZZ = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

NAMES = st.sampled_from(
    [
        *("name", "status", "epochs_total", "epoch", "phase", "loss", "accuracy", "val_loss"),
        *("val_accuracy", "sets", "slug", "note", "n", "ci95", "n_not_sure", "per_class"),
        *(
            "classes",
            "with_mask",
            "worn_wrong",
            "without_mask",
            "recall",
            "confusion",
            "roc",
            "fpr",
            "tpr",
            "threshold",
        ),
        *("auc", "pr", "precision", "calibration", "mean_p", "share_masked", "risk_coverage"),
        *("coverage", "risk", "min_confidence", "whole_photos", "preset", "n_photos"),
        *(
            "verdicts",
            "share_right",
            "shown_right",
            "rates",
            "loose_boxes",
            "of",
            "factor",
            "place",
        ),
        *("shown", "shown_mask", "people", "conditions", "condition", "groups", "by", "gaps"),
        *("by_threshold", "datasets", "config", "epoch_samples", "started", "n_wrong_sure"),
        *("wrong", "not_sure", "highest", "lowest", "covered_other", "no_face"),
        *("false_faces", "n_people", "n_found", "n_right", "configurations", "tests", "value"),
    ]
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.sampled_from([HUGE, -HUGE, 0, 1, -1, 0.5, 2, 1e308]),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.text(max_size=20), st.sampled_from([MARKUP, "\ud800"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=6)),
    max_leaves=25,
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=8)


def draw(run: Run) -> list[str]:
    """What the page draws of a run, as strict JSON."""
    evaluation = run.evaluation or {}
    sets = objects(evaluation.get("sets"))[: view.MAX_SETS]
    classes = charts.record_classes(evaluation)
    charts.set_rows(sets, classes)
    found: list[Any] = [
        charts.learning_curve(run.epochs, "loss", "Loss"),
        charts.learning_curve(run.epochs, "accuracy", "Accuracy"),
        charts.accuracy_dots(sets),
        outcome_chart.photo_outcomes(objects(evaluation.get("whole_photos"))),
    ]
    found += [
        slice_charts.rate_dots(evaluation.get("rates")),
        *(slice_charts.loose_dots(evaluation.get("loose_boxes"), one) for one in MASK_CLASSES),
        *(
            slice_charts.people_dots(one, by)
            for one in slice_charts.conditions(evaluation.get("people")).values()
            for by in slice_charts.GROUPINGS
        ),
    ]
    configurations = objects(evaluation.get("configurations"))
    # One at a time is drawn, by the visitor's choice.
    for name in ablations.test_names(configurations)[:1]:
        found.append(ablations.dots(configurations, name))
    for item in sets[:1]:
        found += [
            confusion_chart.confusion_matrix(item, classes),
            confusion_chart.class_dots(item, classes),
            charts.threshold_curve(item.get("roc"), "fpr", "tpr", ("x", "y"), 0.6),
            charts.threshold_curve(item.get("pr"), "recall", "precision", ("x", "y"), 0.6),
            calibration_charts.reliability(item),
            calibration_charts.risk_curve(
                points := thresholds.curve(thresholds.at(item, 80, 0.6), 0.6),
                thresholds.nearest(points, 0.8),
            ),
        ]
    texts = [chart.to_dict() for chart in found if chart is not None]
    texts += [
        text
        for one in slice_charts.conditions(evaluation.get("people")).values()
        for text in slice_charts.gap_texts(one, "group")
    ]
    texts.append(slice_charts.covered_text(evaluation.get("covered_other")))
    texts += [charts.set_rows(sets), view.label(run), list(run.problems)]
    texts += [list(lead.sentences(evaluation)), test_sets.codes_of(test_sets.ordered(sets))]
    texts += [training.dataset_rows(run), training.budget_text(run), compare.row_of(run)]
    texts.append(ablations.reasons(evaluation, configurations, "a", run))
    shown = [json.dumps(text, ensure_ascii=False, allow_nan=False) for text in texts]
    for text in shown:
        text.encode()
    return shown


def write(folder: Path, name: str, value: object) -> None:
    text = json.dumps(value).encode()
    (folder / name).write_bytes(text)


@FUZZ
@given(run=RECORDS, epochs=st.lists(VALUES, max_size=5), evaluation=VALUES)
def test_any_json_is_drawn_or_left_out(
    run: object, epochs: list[object], evaluation: object, tmp_path: Path
) -> None:
    write(tmp_path, RUN_FILE, run)
    write(tmp_path, EVALUATION_FILE, evaluation)
    (tmp_path / EPOCHS_FILE).write_text("".join(f"{json.dumps(one)}\n" for one in epochs))
    draw(read_run(tmp_path))


@FUZZ
@given(
    sets=st.lists(RECORDS, max_size=3),
    photos=st.lists(RECORDS, max_size=3),
    configurations=st.lists(RECORDS, max_size=3),
)
def test_any_evaluation_is_drawn_or_left_out(
    sets: list[object], photos: list[object], configurations: list[object], tmp_path: Path
) -> None:
    evaluation = {"sets": sets, "whole_photos": photos, "configurations": configurations}
    write(tmp_path, EVALUATION_FILE, evaluation)
    draw(read_run(tmp_path))


@FUZZ
@given(name=st.sampled_from(FILES), content=st.binary(max_size=400))
def test_any_bytes_give_a_message(name: str, content: bytes, tmp_path: Path) -> None:
    for one in FILES:
        (tmp_path / one).unlink(missing_ok=True)
    (tmp_path / name).write_bytes(content)
    run = read_run(tmp_path)
    assert run.problems
    draw(run)


def epoch(number: object, **values: object) -> dict[str, object]:
    return {"epoch": number, "phase": "full", "loss": 0.5, "accuracy": 0.5, **values}


def test_set(**values: object) -> dict[str, object]:
    return {"name": "a set", "slug": "a", "n": 10, "accuracy": 0.5, **values}


test_set.__test__ = False  # type: ignore[attr-defined]

HOSTILE: dict[str, tuple[str, Callable[[], str]]] = {
    "huge total": (RUN_FILE, lambda: json.dumps({"status": "running", "epochs_total": HUGE})),
    "negative total": (RUN_FILE, lambda: json.dumps({"status": "running", "epochs_total": -5})),
    "deep": (RUN_FILE, lambda: '{"config":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "deep enough to parse": (RUN_FILE, lambda: '{"config":' + "[" * 90 + "]" * 90 + "}"),
    "thousands of digits": (RUN_FILE, lambda: '{"epochs_total":' + "9" * 100_000 + "}"),
    "huge values": (EPOCHS_FILE, lambda: json.dumps(epoch(1, loss=HUGE, accuracy=-HUGE))),
    "huge epoch": (EPOCHS_FILE, lambda: json.dumps(epoch(HUGE)) + "\n"),
    "200,000 epochs": (
        EPOCHS_FILE,
        lambda: "".join(f'{{"epoch":{n},"loss":1}}\n' for n in range(200_000)),
    ),
    "100,000 bad lines": (EPOCHS_FILE, lambda: "x\n" * 100_000),
    "negative counts": (
        EVALUATION_FILE,
        lambda: json.dumps({"sets": [test_set(n=-3, n_not_sure=-1)]}),
    ),
    "huge counts": (
        EVALUATION_FILE,
        lambda: json.dumps({"sets": [test_set(n=HUGE, confusion=[[HUGE, 1], [1, -HUGE]])]}),
    ),
    "many sets": (EVALUATION_FILE, lambda: json.dumps({"sets": [test_set()] * 20_000})),
    "long curve": (
        EVALUATION_FILE,
        lambda: json.dumps(
            {
                "sets": [
                    test_set(roc={name: [0.5] * 100_000 for name in ("fpr", "tpr", "threshold")})
                ]
            }
        ),
    ),
    "larger than any record": (EVALUATION_FILE, lambda: '"' + "x" * 5_000_000 + '"'),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_record_gives_a_message_within_a_second(case: str, tmp_path: Path) -> None:
    (tmp_path / RUN_FILE).write_text('{"name": "odd"}')
    (tmp_path / EPOCHS_FILE).write_text("")
    name, content = HOSTILE[case]
    (tmp_path / name).write_text(content())
    draw(read_run(tmp_path))  # what is imported at first use does not count
    began = time.process_time()
    run = read_run(tmp_path)
    drawn = draw(run)
    assert time.process_time() - began < WITHIN_S
    assert any(name in problem for problem in run.problems)
    assert sum(map(len, drawn)) < 4_000_000


def test_long_runs_are_cut_and_thinned(tmp_path: Path) -> None:
    (tmp_path / EPOCHS_FILE).write_text(
        "".join(f'{{"epoch":{n},"loss":1}}\n' for n in range(5 * MAX_EPOCHS))
    )
    run = read_run(tmp_path)
    assert len(run.epochs) == MAX_EPOCHS
    chart = charts.learning_curve(run.epochs, "loss", "Loss")
    assert chart is not None
    assert len(chart.to_dict()["data"]["values"]) <= MAX_POINTS + 1


@pytest.mark.parametrize("value", [HUGE, -HUGE, 1e16, math.nan, -math.inf])
def test_numbers_beyond_any_measurement_are_none(value: float) -> None:
    assert finite(value) is None
    assert finite(MAX_NUMBER) == MAX_NUMBER


def test_lists_are_cut(tmp_path: Path) -> None:
    write(tmp_path, EVALUATION_FILE, {"sets": [{}] * (MAX_ITEMS + 7)})
    run = read_run(tmp_path)
    assert run.evaluation is not None
    assert len(run.evaluation["sets"]) == MAX_ITEMS
    assert any("7 values of evaluation.json" in problem for problem in run.problems)


@pytest.mark.parametrize("status", ["running", "finished"])
def test_page_shows_names_literally_and_survives_hostile_totals(
    status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    write(folder, RUN_FILE, {"name": MARKUP, "status": status, "epochs_total": -5})
    (folder / EPOCHS_FILE).write_text(json.dumps(epoch(1)) + "\n")
    photos = {"preset": MARKUP, "n_photos": 5, "false_faces": 2}
    counts = {"n_people": 4, "n_found": 3, "n_right": 2, "n_not_sure": 1}
    photos |= {"per_class": {"with_mask": counts}}
    sets = [test_set(name=MARKUP, note=MARKUP, n=-HUGE) for _ in range(60)]
    write(folder, EVALUATION_FILE, {"sets": sets, "whole_photos": [photos]})
    monkeypatch.setenv("MASKDET_RUNS", str(tmp_path))
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.run()
    app.switch_page("pages/metrics.py").run()
    picker = app.selectbox[0]
    picker.set_value(str(folder)).run()
    rendered = []
    for tab in view.TABS:
        app.segmented_control(key=view.TAB_PARAM).set_value(tab).run()
        assert not app.exception
        groups = (app.markdown, app.caption, app.warning)
        rendered += [element.value for group in groups for element in group]
        rendered += [metric.label for metric in app.metric]
    assert [text for text in rendered if "<img" in text or "](https" in text] == []
    assert any("run.json" in text.replace("&#46;", ".") for text in rendered)
