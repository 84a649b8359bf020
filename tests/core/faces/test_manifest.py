"""Manifests of finders: what is read, what is refused, what is written."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from maskdet_core import CascadeError, load_finder
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copy(DEFAULT_MANIFEST, tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale_step": 1.0}, "scale_step must be"),
        ({"min_score": None}, "haar.json"),
        ({"max_windows": 0}, "max_windows must be 1 or more"),
        ({"stages": 0}, "stages must be 1 or more"),
        ({"least_window": 0.5}, "least_window must be 1 to 2"),
        ({"least_window": 2.5}, "least_window must be 1 to 2"),
        ({"candidate_score": 9.0}, "candidate_score must be at most min_score"),
    ],
)
def test_invalid_preset_is_refused(
    change: dict[str, float | None], message: str, copied: Path
) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    raw["presets"]["live"] |= change
    copied.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(CascadeError, match=message):
        CascadeManifest.load(copied)


def first_look(**changes: object) -> dict[str, object]:
    """A network's entry, changed."""
    entry = {"file": "a.tflite", "sha256": "", "input_px": 32, "context": 1.5}
    return {"first_look": entry | {"log_odds": {"scale": 1, "shift": 0}} | changes}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "format must be 4, got 1"),
        ({"format": 3}, "format must be 4, got 3"),
        ({"search": {"file": "../cascade.xml", "sha256": ""}}, "bare file name"),
        ({"window_px": 4}, "window_px must be 8 to 128"),
        ({"box": {"width": 9, "height": 1, "shift_y": 0}}, "width and height"),
        ({"presets": []}, "haar.json"),
        ({"presets": {"photo": {"scale_step": 1.1, "min_score": 0}}}, "presets photo and live"),
        ({"first_look": {"file": "a.tflite"}}, "'sha256' is missing"),
        ({"first_look": None}, "haar.json"),
        ({"second_look": {"file": "a.tflite"}}, "'sha256' is missing"),
        (first_look(file="../a.tflite"), "bare file name"),
        (first_look(input_px=4), "input_px must be 8 to 256"),
        (first_look(context=0.5), "context must be 1 to 4"),
        (first_look(log_odds={"scale": 0, "shift": 0}), "finite scale above 0"),
        ({"box": {"width": 1}}, "'height' is missing"),
    ],
)
def test_invalid_manifest_is_refused(change: dict[str, object], message: str, copied: Path) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    copied.write_text(json.dumps(raw | change), encoding="utf-8")
    with pytest.raises(CascadeError, match=message):
        CascadeManifest.load(copied)


def test_a_finder_of_boosted_trees_is_refused_with_what_to_do(copied: Path) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    # as version 0.2 wrote it
    raw |= {"format": 2, "check": {"file": "maskdet-haar-check.xml", "sha256": "0" * 64}}
    del raw["first_look"], raw["second_look"]
    copied.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(CascadeError, match="boosted trees") as error:
        load_finder("photo", copied)
    assert str(copied) in str(error.value)
    assert "MASKDET_FINDER and --finder" in str(error.value)
    assert "python -m train finder" in str(error.value)
    assert "git checkout" not in str(error.value)


def test_a_preset_without_a_bound_verifies_all_windows(copied: Path) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    del raw["presets"]["photo"]["max_windows"]
    copied.write_text(json.dumps(raw), encoding="utf-8")
    assert CascadeManifest.load(copied).presets["photo"].max_windows is None


def test_manifest_round_trip(copied: Path) -> None:
    manifest = CascadeManifest.load(copied)
    manifest.save(copied)
    assert CascadeManifest.load(copied) == manifest
    assert json.loads(copied.read_text(encoding="utf-8")) == json.loads(
        DEFAULT_MANIFEST.read_text(encoding="utf-8")
    )
    with pytest.raises(ValueError, match="finite"):
        replace(manifest, presets={"photo": FinderPreset(1.1, float("nan"))})
