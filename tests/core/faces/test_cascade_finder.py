"""The finder whose proposals boosted trees verify (`models/trees`), and cascade manifests."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError, FaceBox, load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.loading import FINDER_ENV, TREES_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder
from tests.core.faces.pictures import FACE, with_mask


@pytest.mark.parametrize("preset", ["photo", "live"])
@pytest.mark.parametrize("masked", [False, True])
def test_face_is_found_with_and_without_a_mask(
    preset: str, masked: bool, portrait: NDArray[np.uint8]
) -> None:
    image = with_mask(portrait) if masked else portrait
    boxes = load_finder(preset, TREES_MANIFEST).find(image, min_face_px=40)
    assert boxes, "no face found"
    assert boxes[0].iou(FACE) > 0.6


def test_face_cropped_by_the_edge_is_found(portrait: NDArray[np.uint8]) -> None:
    # the left eighth of the face is outside the image
    cut = np.ascontiguousarray(portrait[:, FACE.x + FACE.w // 8 :])
    face = FaceBox(-FACE.w // 8, FACE.y, FACE.w, FACE.h)
    assert (
        max(face.iou(box) for box in load_finder("photo", TREES_MANIFEST).find(cut, min_face_px=40))
        > 0.5
    )


@pytest.mark.parametrize("angle_deg", [-30, 30])
def test_tilted_face_is_found(angle_deg: int, portrait: NDArray[np.uint8]) -> None:
    centre = (FACE.x + FACE.w / 2, FACE.y + FACE.h / 2)
    matrix = cv2.getRotationMatrix2D(centre, angle_deg, 1.0)
    tilted = cv2.warpAffine(portrait, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    boxes = load_finder("photo", TREES_MANIFEST).find(np.asarray(tilted, np.uint8), min_face_px=40)
    assert boxes[0].iou(FACE) > 0.5


def test_small_faces_are_found_down_to_the_minimum_height(portrait: NDArray[np.uint8]) -> None:
    # a face of 28 px
    small = np.ascontiguousarray(portrait[::4, ::4])
    finder = load_finder("photo", TREES_MANIFEST)
    assert finder.find(small, min_face_px=24)[0].iou(FaceBox(46, 16, 20, 28)) > 0.5
    assert all(box.iou(FaceBox(46, 16, 20, 28)) < 0.3 for box in finder.find(small, min_face_px=60))


def test_stock_cascade_stays_selectable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(load_finder("photo", "stock"), OpenCvFaceFinder)
    assert isinstance(load_finder("photo"), CascadeFaceFinder)
    monkeypatch.setenv(FINDER_ENV, "stock")
    assert isinstance(load_finder("live"), OpenCvFaceFinder)
    # an explicit argument comes before the environment
    assert isinstance(load_finder("live", TREES_MANIFEST), CascadeFaceFinder)


@pytest.mark.parametrize("finder", ["stock", None])
def test_unknown_preset_is_refused(finder: str | None) -> None:
    with pytest.raises(ValueError, match="preset"):
        load_finder("quick", finder)


def test_fingerprint_follows_settings_and_geometry_but_no_records(copied: Path) -> None:
    finder = load_cascades(copied)
    fingerprint = finder.fingerprint
    # journals store a digest of exactly this, so that old ones can be continued
    records = {"training", "evaluation"}
    assert fingerprint["definition"] == {
        key: value for key, value in finder.manifest.to_json().items() if key not in records
    }
    assert finder.with_min_score(9.0).fingerprint != fingerprint
    assert finder.with_min_score(9.0).with_min_score(finder.settings.min_score).fingerprint == (
        fingerprint
    )
    raw = json.loads(copied.read_text(encoding="utf-8"))
    raw["evaluation"] = raw["training"] = {"figure": 1}
    copied.write_text(json.dumps(raw), encoding="utf-8")
    assert load_cascades(copied).fingerprint == fingerprint
    raw["box"]["shift_y"] += 0.01
    copied.write_text(json.dumps(raw), encoding="utf-8")
    assert load_cascades(copied).fingerprint != fingerprint


def test_proposals_are_wider_than_what_is_verified(portrait: NDArray[np.uint8]) -> None:
    finder = load_cascades(TREES_MANIFEST)
    boxes, scores = finder.propose(portrait, min_face_px=40)
    assert boxes.shape == (len(scores), 4)
    assert len(boxes) > 5 * len(finder.find(portrait, min_face_px=40))
    with pytest.raises(ValueError, match="min_face_px"):
        finder.propose(portrait, min_face_px=0)


def test_minimum_score_filters_faces(portrait: NDArray[np.uint8]) -> None:
    finder = load_cascades(TREES_MANIFEST)
    faces = finder.find(portrait, min_face_px=60)
    assert faces
    assert finder.with_min_score(faces[0].score + 0.01).find(portrait, min_face_px=60) == []


def load_cascades(manifest: Path) -> CascadeFaceFinder:
    finder = load_finder("photo", manifest)
    assert isinstance(finder, CascadeFaceFinder)
    return finder


def preset(**changes: object) -> dict[str, object]:
    """The photo preset alone, changed."""
    return {"presets": {"photo": {"scale_step": 1.1, "min_score": 0, "tilts_deg": []} | changes}}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    manifest = tmp_path / TREES_MANIFEST.name
    shutil.copy(TREES_MANIFEST, manifest)
    for part in ("search", "check"):
        shutil.copy(TREES_MANIFEST.with_name(f"maskdet-haar-{part}.xml"), tmp_path)
    return manifest


@pytest.mark.parametrize("part", ["search", "check"])
def test_missing_or_truncated_cascade_is_an_error_at_load(part: str, copied: Path) -> None:
    xml = copied.with_name(f"maskdet-haar-{part}.xml")
    whole = xml.read_bytes()
    xml.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CascadeError, match=r"expected sha256 .*git checkout models"):
        load_finder("photo", copied)
    xml.unlink()
    with pytest.raises(CascadeError, match=r"cannot read the cascade .*git checkout models"):
        load_finder("photo", copied)
    copied.unlink()
    with pytest.raises(CascadeError, match=r"maskdet-haar\.json"):
        load_finder("photo", copied)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "format must be 2, got 1"),
        ({"search": {"file": "../cascade.xml", "sha256": ""}}, "bare file name"),
        ({"check": {"file": "cascade.xml"}}, "sha256"),
        ({"check": None}, "haar.json"),
        ({"window_px": 4}, "window_px must be 8 to 128"),
        ({"box": {"width": 9, "height": 1, "shift_y": 0}}, "width and height"),
        ({"box": {"width": 1}}, "'height' is missing"),
        (preset(), "presets photo and live"),
        (preset(scale_step=1.0), "scale_step must be"),
        (preset(min_score=None), "haar.json"),
        (preset(tilts_deg=[100]), "tilts_deg must be"),
        (preset(tilts_deg=[0]), "tilts_deg must be"),
        ({"presets": []}, "haar.json"),
    ],
)
def test_invalid_manifest_is_refused(change: dict[str, object], message: str, copied: Path) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    copied.write_text(json.dumps(raw | change), encoding="utf-8")
    with pytest.raises(CascadeError, match=message):
        CascadeManifest.load(copied)


def test_manifest_round_trip(copied: Path) -> None:
    manifest = CascadeManifest.load(copied)
    manifest.save(copied)
    assert CascadeManifest.load(copied) == manifest
    with pytest.raises(ValueError, match="finite"):
        replace(manifest, presets={"photo": FinderPreset(1.1, float("nan"))})
