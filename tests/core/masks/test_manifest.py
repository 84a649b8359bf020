import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maskdet_core import ModelError
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.manifest import CropFraming, ModelManifest
from maskdet_core.masks.views import FurtherViews, View


@pytest.fixture
def manifest(tmp_path: Path) -> ModelManifest:
    model = tmp_path / "tiny.tflite"
    model.write_bytes(b"weights")
    return ModelManifest.for_file(
        model,
        crop=CropFraming(1.2, -0.05),
        temperature=1.5,
        face_rules={"photo": FaceRule(4.0, 18.25)},
        training={"date": "2026-01-01"},
        metrics={"accuracy": {"n": 10, "n_correct": 9, "value": 0.9, "ci95": [0.6, 1.0]}},
    )


def test_round_trip(manifest: ModelManifest, tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    manifest.save(path)
    assert ModelManifest.load(path) == manifest
    assert manifest.read_model(tmp_path) == b"weights"
    assert "rules_finder" not in json.loads(path.read_text(encoding="utf-8"))
    other = replace(manifest, rules_finder="another")
    other.save(path)
    assert ModelManifest.load(path) == other
    assert sorted(child.name for child in tmp_path.iterdir()) == ["tiny.json", "tiny.tflite"]


def test_further_views_survive_a_round_trip(manifest: ModelManifest, tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    viewed = replace(
        manifest, further_views=FurtherViews(0.9, (View(mirrored=True), View(zoom=1.12)), 0.2)
    )
    viewed.save(path)
    assert ModelManifest.load(path) == viewed
    assert "further_views" not in manifest.to_json()


@pytest.mark.parametrize(
    "raw",
    [
        {"below": 1.5, "views": [{"mirrored": False, "zoom": 1.0}]},
        {"below": 0.9, "views": []},
        {"below": 0.9, "views": [{"mirrored": False}]},
        {"below": 0.9, "views": [{"mirrored": False, "zoom": 9.0}]},
        {"below": 0.9},
        [],
        "always",
    ],
)
def test_malformed_further_views_are_refused(
    manifest: ModelManifest, tmp_path: Path, raw: Any
) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(manifest.to_json() | {"further_views": raw}))
    with pytest.raises(ModelError, match=r"m\.json"):
        ModelManifest.load(path)


def test_missing_manifest_names_path_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.json.*git checkout models"):
        ModelManifest.load(tmp_path / "gone.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"format": 1}', '{"format": 2}'])
def test_malformed_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"m\.json"):
        ModelManifest.load(path)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("format",), 2),
        (("file",), "../../etc/passwd"),
        (("file",), ""),
        (("sha256",), "abc"),
        (("size_bytes",), 0),
        (("classes",), ["with_mask"]),
        (("classes",), ["mask", "no_mask"]),
        (("classes",), ["with_mask", "without_mask", "with_mask"]),
        (("classes",), ["with_mask", "worn_wrong", "no_face"]),
        (("classes",), ["with_mask", "without_mask", "incorrect"]),
        (("classes",), []),
        (("input", "colour_order"), "bgr"),
        (("input", "dtype"), "float32"),
        (("input", "preprocessing"), "outside"),
        (("input", "size_px"), 0),
        (("output", "kind"), "probabilities"),
        (("output", "temperature"), 0.0),
        (("crop", "shape"), "round"),
        (("crop", "scale"), 0.0),
        (("crop", "shift_y"), 5.0),
        (("min_confidence",), 0.3),
        (("min_confidence",), None),
    ],
)
def test_invalid_value_is_refused(
    manifest: ModelManifest, tmp_path: Path, keys: tuple[str, ...], value: Any
) -> None:
    raw = manifest.to_json()
    inner = raw
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path = tmp_path / "m.json"
    path.write_text(json.dumps(raw))
    with pytest.raises(ModelError, match=r"m\.json"):
        ModelManifest.load(path)


@pytest.mark.parametrize(
    "classes",
    [
        ("with_mask", "without_mask"),
        ("without_mask", "no_face", "with_mask"),
        ("without_mask", "worn_wrong", "with_mask"),
        ("with_mask", "worn_wrong", "without_mask", "no_face"),
    ],
)
def test_known_classes_may_come_in_any_order(
    classes: tuple[str, ...], manifest: ModelManifest, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(manifest.to_json() | {"classes": classes}))
    loaded = ModelManifest.load(path)
    assert loaded.classes == classes
    assert loaded.has_worn_wrong == ("worn_wrong" in classes)
    of_three = ("with_mask", "worn_wrong", "without_mask")
    assert loaded.mask_classes == tuple(name for name in of_three if name in classes)


def test_unknown_class_is_refused_with_the_known_ones_and_what_came(
    manifest: ModelManifest, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(manifest.to_json() | {"classes": ["with_mask", "chin"]}))
    with pytest.raises(ModelError, match=r"m\.json: classes must be .*no_face, got .*'chin'"):
        ModelManifest.load(path)


def test_missing_model_file_is_refused(manifest: ModelManifest, tmp_path: Path) -> None:
    (tmp_path / "tiny.tflite").unlink()
    with pytest.raises(ModelError, match=r"tiny\.tflite.*git checkout models"):
        manifest.read_model(tmp_path)


def test_truncated_model_file_is_refused(manifest: ModelManifest, tmp_path: Path) -> None:
    (tmp_path / "tiny.tflite").write_bytes(b"weigh")
    with pytest.raises(ModelError, match="expected 7 bytes, got 5"):
        manifest.read_model(tmp_path)


def test_modified_model_file_is_refused(manifest: ModelManifest, tmp_path: Path) -> None:
    (tmp_path / "tiny.tflite").write_bytes(b"Weights")
    with pytest.raises(ModelError, match="expected sha256"):
        manifest.read_model(tmp_path)


def test_failed_save_leaves_the_old_manifest(manifest: ModelManifest, tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    manifest.save(path)
    manifest.metrics["bad"] = float("nan")
    with pytest.raises(ValueError, match="JSON compliant"):
        manifest.save(path)
    assert "bad" not in ModelManifest.load(path).metrics
