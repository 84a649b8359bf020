"""The section on street photographs of the metrics page."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.metrics.tabs import drawn_view
from maskdet_core.faces.loading import FINDER_ENV
from maskdet_core.faces.manifest import CascadeManifest
from tests.app.metrics.drawn_records import RECORDS

DRAWN = {
    "match_iou": 0.3,
    "manifests": {"maskdet": "new", "earlier": "old"},
    "processor": "Some_Processor",
    "records": RECORDS,
}


@pytest.fixture
def manifest(repo_root: Path) -> CascadeManifest:
    shipped = CascadeManifest.load(repo_root / "models" / "maskdet-haar.json")
    return replace(shipped, evaluation={})


def test_the_shipped_comparison_stands_in_for_a_missing_one(
    manifest: CascadeManifest, tmp_path: Path
) -> None:
    shipped = tmp_path / "shipped.json"
    assert drawn_view.drawn_record(manifest, shipped) == {}
    replace(manifest, evaluation={"drawn": {"records": RECORDS}}).save(shipped)
    assert drawn_view.drawn_record(manifest, shipped) == {"records": RECORDS}
    own = replace(manifest, evaluation={"drawn": {"records": []}})
    assert drawn_view.drawn_record(own, shipped) == {"records": []}


@pytest.mark.parametrize("measured", [True, False])
def test_the_page_shows_the_comparison_of_the_finder_in_use(
    measured: bool,
    manifest: CascadeManifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def page() -> None:
        from maskdet_app.metrics.tabs import finder

        finder.show_finder()

    path = tmp_path / "finder.json"
    replace(manifest, evaluation={"drawn": DRAWN if measured else {}}).save(path)
    monkeypatch.setenv(FINDER_ENV, str(path))
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert [one.value for one in app.subheader] == (["Faces in the street"] if measured else [])
    if measured:
        assert any("Some&#95;Processor" in one.value for one in app.caption)
        assert app.dataframe[-1].value.shape == (4, 7)


def test_the_introduction_says_what_was_measured() -> None:
    told = drawn_view.intro(DRAWN, RECORDS)
    assert told.startswith("7 photographs") and "0.3" in told
    assert told.endswith("“maskdet” is new. “earlier” is old.")
    assert "?" in drawn_view.intro({}, [{}])
