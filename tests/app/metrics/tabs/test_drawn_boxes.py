"""The section on street photographs of the metrics page."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.metrics.records.recorded import Recorded
from maskdet_app.metrics.tabs import drawn_boxes
from maskdet_core.faces.loading import FINDER_ENV
from maskdet_core.faces.manifest import CascadeManifest
from tests.app.metrics.drawn_records import MEASURED, RECORDED, RECORDS, found

DRAWN = {
    "match_iou": 0.3,
    "manifests": {"maskdet": "new"},
    "processor": "Some_Processor",
    "records": MEASURED,
}
PORTRAITS = [
    {"finder": "maskdet photo", "set": name, "photos": n, "masked": found(9), "bare": found(8)}
    for name, n in (("held back", 5), ("of them some", 3))
]


def page() -> None:
    from maskdet_app.metrics.tabs import finder

    finder.show_finder()


@pytest.fixture
def manifest(repo_root: Path) -> CascadeManifest:
    shipped = CascadeManifest.load(repo_root / "models" / "maskdet-haar.json")
    return replace(shipped, evaluation={})


def test_the_shipped_comparison_stands_in_for_a_missing_one(
    manifest: CascadeManifest, tmp_path: Path
) -> None:
    shipped = tmp_path / "shipped.json"
    assert drawn_boxes.drawn_record(manifest, shipped) == ({}, Recorded({}))
    stored = {"drawn": {"records": MEASURED}, "recorded": RECORDED}
    replace(manifest, evaluation=stored).save(shipped)
    assert drawn_boxes.drawn_record(manifest, shipped) == (stored["drawn"], Recorded(RECORDED))
    own = replace(manifest, evaluation={"drawn": {"records": []}})
    assert drawn_boxes.drawn_record(own, shipped) == ({"records": []}, Recorded({}))


@pytest.mark.parametrize("measured", [True, False])
def test_the_page_shows_the_comparison_of_the_finder_in_use(
    measured: bool,
    manifest: CascadeManifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "finder.json"
    replace(manifest, evaluation={"drawn": DRAWN if measured else {}}).save(path)
    monkeypatch.setenv(FINDER_ENV, str(path))
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert [one.value for one in app.subheader] == (["Faces in the street"] if measured else [])
    if measured:
        assert any("Some&#95;Processor" in one.value for one in app.caption)
        assert app.dataframe[-1].value.shape == (3, 7)


@pytest.mark.parametrize("n_photos", [7, 8])
def test_figures_of_a_finder_that_is_gone_say_so_and_are_of_the_same_photographs(
    n_photos: int, manifest: CascadeManifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = [one | {"photos": n_photos} for one in RECORDED["drawn"]]
    evaluation = {
        "records": PORTRAITS,
        "time_ratio": {"maskdet photo": 0.5},
        "drawn": DRAWN,
        "recorded": RECORDED | {"drawn": earlier},
    }
    path = tmp_path / "finder.json"
    replace(manifest, evaluation=evaluation).save(path)
    monkeypatch.setenv(FINDER_ENV, str(path))
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    portraits, drawn = (frame.value for frame in app.dataframe)
    assert portraits["Finder"].tolist() == ["maskdet photo", "earlier photo"]
    assert portraits["Time, frontalface_alt = 1"].tolist() == ["0.50", "0.75"]
    assert ("earlier photo" in drawn["Finder"].tolist()) is (n_photos == 7)
    notes = [one.value for one in app.caption if one.value.startswith("Figures recorded on ")]
    assert len(notes) == (2 if n_photos == 7 else 1)
    assert notes[0].startswith(
        "Figures recorded on 2024&#45;05&#45;06 by version 1.2&#95;3 and not"
    )
    assert "again: earlier photo." in notes[0]
    # that finder was not measured on the other set
    app.button_group(key="finder_set").set_value("of them some").run()
    assert app.dataframe[0].value["Finder"].tolist() == ["maskdet photo"]
    left = [one.value for one in app.caption if one.value.startswith("Figures recorded on ")]
    assert len(left) == len(notes) - 1


def test_the_introduction_says_what_was_measured() -> None:
    told = drawn_boxes.intro(DRAWN, RECORDS)
    assert told.startswith("7 photos") and "0.3" in told
    assert told.endswith("“maskdet” is new.")
    assert "?" in drawn_boxes.intro({}, [{}])
