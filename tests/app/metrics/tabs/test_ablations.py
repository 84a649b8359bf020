"""The ablation study on the metrics page: complete, invalid or missing."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.metrics.records.runs import Run
from maskdet_app.metrics.tabs import ablations
from maskdet_app.ui.texts.i18n import t

RECORD = {
    "epochs": 3,
    "epoch_samples": 5000,
    "configurations": [
        {
            "name": name,
            "summary": summary,
            "tests": [
                {"name": "new people", "n": 100, "value": value, "ci95": [value - 0.05, value]},
                {"name": "hands", "n": 50, "value": value / 2, "ci95": [0.1, 0.9]},
            ],
        }
        for name, summary, value in (
            ("slim", "The recipe that ships", 0.98),
            ("original", "The old recipe", 0.9),
        )
    ],
}


def _page() -> AppTest:
    def page() -> None:
        from maskdet_app.metrics.tabs import ablations

        ablations.show_ablations()

    return AppTest.from_function(page).run()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ablations.json"
    monkeypatch.setattr(ablations, "FILE", path)
    return path


def test_every_test_set_can_be_picked(file: Path) -> None:
    file.write_text(json.dumps(RECORD))
    app = _page()
    assert not app.exception and not app.warning
    assert app.pills[0].options == ["new people", "hands"]
    told = " ".join(text.value for text in app.markdown)
    assert "3 epochs of 5,000 faces, 15,000 in all" in told
    assert "wholly apart: none. Worse likewise: “The old recipe”." in told
    assert not app.pills[0].set_value("hands").run().exception


def test_dots_mark_the_shipped_configuration() -> None:
    chart = ablations.dots(RECORD["configurations"], "new people")  # type: ignore[arg-type]
    assert chart is not None
    rows = chart.to_dict()["data"]["values"]
    assert [(row["kind"], row["value"]) for row in rows] == [
        ("unchanged", 0.98),
        ("changed", 0.9),
    ]
    assert ablations.dots([], "new people") is None


def test_reasons_have_the_figures_of_both_records() -> None:
    shipped = Run(
        *("slim <b>", Path(), True),
        info={
            "started": "2026-11-30T10:58:59+00:00",
            "config": {"epoch_samples": 6400, "network": {"widths": [16, 32]}},
        },
        epochs=({"epoch": 1}, {"epoch": 2}),
    )
    told = " ".join(ablations.reasons(RECORD, RECORD["configurations"], "hands", shipped))  # type: ignore[arg-type]
    assert (
        "its last run" in told
        and "2 epochs of 6,400 faces, from" in told
        and "16, 32 channels" in told
    )
    assert "<b>" not in told
    assert "apart: none. Worse likewise: none." in told
    without = ablations.reasons({}, [], "hands", None)
    assert len(without) == 3


def test_dropped_pictures_are_explained_where_they_are_counted() -> None:
    for test, is_told in (("no face, dropped", True), ("new people", False)):
        told = ablations.reasons({}, [], test, None)
        assert (t("ablations.dropped") in told) is is_told


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "{}", json.dumps({"configurations": [{"tests": [{"name": "a", "value": "x"}]}]})],
    ids=["half", "list", "empty", "no-number"],
)
def test_invalid_records_give_no_traceback(file: Path, content: str) -> None:
    file.write_text(content)
    assert not _page().exception


def test_nothing_is_shown_without_a_record(file: Path) -> None:
    app: Any = _page()
    assert not app.exception and not app.header
