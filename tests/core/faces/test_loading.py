"""Which finder is loaded: by argument, by environment variable, by default."""

import json
import shutil
from pathlib import Path

import pytest

from maskdet_core import load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.loading import DEFAULT_MANIFEST, FINDER_ENV
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder


def test_the_shipped_finder_is_the_default() -> None:
    default = load_finder("photo")
    assert default.fingerprint["name"] == "maskdet-street"
    assert default.scores_are_log_odds


def test_the_environment_selects_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = CascadeManifest.load(DEFAULT_MANIFEST)
    for file in (manifest.proposals, manifest.first_look, manifest.second_look):
        assert file is not None
        shutil.copy(DEFAULT_MANIFEST.with_name(file.file), tmp_path)
    path = tmp_path / "another.json"
    path.write_text(json.dumps(manifest.to_json() | {"name": "another"}), encoding="utf-8")
    monkeypatch.setenv(FINDER_ENV, str(path))
    assert load_finder("photo").fingerprint["name"] == "another"
    # an explicit argument comes before the environment
    assert load_finder("live", DEFAULT_MANIFEST).fingerprint["name"] == "maskdet-street"


def test_stock_cascade_stays_selectable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(load_finder("photo", "stock"), OpenCvFaceFinder)
    monkeypatch.setenv(FINDER_ENV, "stock")
    assert isinstance(load_finder("live"), OpenCvFaceFinder)
    assert isinstance(load_finder("live", DEFAULT_MANIFEST), CascadeFaceFinder)


@pytest.mark.parametrize("finder", ["stock", None])
def test_unknown_preset_is_refused(finder: str | None) -> None:
    with pytest.raises(ValueError, match="preset"):
        load_finder("quick", finder)
