"""The finder that ships: a cascade proposes, a network verifies."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError, FaceBox, load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.haar import load_cascade
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset
from maskdet_core.faces.nms import pairwise_overlaps
from maskdet_core.faces.verification import Verification
from tests.core.faces.pictures import FACE, with_mask

FILES = ("maskdet-haar-search.xml", "maskdet-haar-first.tflite", "maskdet-haar-second.tflite")


def load(manifest: Path = DEFAULT_MANIFEST, preset: str = "photo") -> CascadeFaceFinder:
    finder = load_finder(preset, manifest)
    assert isinstance(finder, CascadeFaceFinder)
    return finder


@pytest.fixture(scope="module")
def finder() -> CascadeFaceFinder:
    return load()


def replaced(finder: CascadeFaceFinder, **changes: Any) -> CascadeFaceFinder:
    """The finder with other settings."""
    return CascadeFaceFinder(
        finder.manifest, DEFAULT_MANIFEST.parent, replace(finder.settings, **changes)
    )


def test_its_proposer_has_the_manifest_s_window() -> None:
    manifest = CascadeManifest.load(DEFAULT_MANIFEST)
    cascade = load_cascade(manifest.proposals.resolve(DEFAULT_MANIFEST.parent))
    assert cascade.getOriginalWindowSize() == (manifest.window_px, manifest.window_px)


@pytest.mark.parametrize("preset", ["photo", "live"])
@pytest.mark.parametrize("masked", [False, True])
def test_face_is_found_with_and_without_a_mask(
    preset: str, masked: bool, portrait: NDArray[np.uint8]
) -> None:
    image = with_mask(portrait) if masked else portrait
    boxes = load(preset=preset).find(image, min_face_px=40)
    assert boxes, "no face found"
    # live moves boxes from a coarser grid of windows
    assert boxes[0].iou(FACE) > (0.5 if preset == "photo" else 0.35)


def test_boxes_are_sorted_distinct_and_touch_the_image(
    finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    row = np.concatenate([portrait, with_mask(portrait), portrait // 2], axis=1)
    boxes = finder.find(row, min_face_px=40)
    assert len(boxes) >= 2
    assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)
    assert all(box.clipped(row.shape[1], row.shape[0]) is not None for box in boxes)
    rows = np.array([box.xywh for box in boxes], np.float64)
    iou, _ = pairwise_overlaps(rows, rows)
    assert (iou - np.eye(len(boxes))).max() < 0.4


def test_small_faces_are_found_down_to_the_minimum_height(
    finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    # a face of 28 px
    small = np.ascontiguousarray(portrait[::4, ::4])
    face = FaceBox(46, 16, 20, 28)
    assert max(face.iou(box) for box in finder.find(small, min_face_px=24)) > 0.5
    assert all(face.iou(box) < 0.3 for box in finder.find(small, min_face_px=60))


def test_results_repeat_and_the_image_is_not_changed(
    finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    before = portrait.copy()
    boxes = finder.find(portrait, min_face_px=40)
    assert finder.find(portrait, min_face_px=40) == boxes == load().find(portrait, min_face_px=40)
    assert np.array_equal(portrait, before)


def test_threads_share_one_finder(finder: CascadeFaceFinder, portrait: NDArray[np.uint8]) -> None:
    images = [np.ascontiguousarray(portrait[::2, ::2]), with_mask(portrait)[::2, ::2]]
    alone = [finder.find(image, min_face_px=40) for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda n: finder.find(images[n % 2], min_face_px=40), range(8)))
    assert together == alone * 4


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (19, 19), (480, 640)])
def test_empty_picture_has_no_face(size: tuple[int, int], finder: CascadeFaceFinder) -> None:
    assert finder.find(np.full((*size, 3), 90, np.uint8), min_face_px=24) == []


def test_minimum_score_filters_faces(
    finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    best = finder.find(portrait, min_face_px=60)[0]
    assert finder.with_min_score(best.score + 0.01).find(portrait, min_face_px=60) == []


def test_network_looks_at_a_bounded_number_of_windows(
    portrait: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    verify = Verification.verify

    def counted(
        self: Verification, image: NDArray[np.uint8], windows: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        seen.append(len(windows))
        return verify(self, image, windows)

    monkeypatch.setattr(Verification, "verify", counted)
    manifest = CascadeManifest.load(DEFAULT_MANIFEST)
    for most in (3, None):
        few = replace(manifest.presets["photo"], max_windows=most)
        CascadeFaceFinder(manifest, DEFAULT_MANIFEST.parent, few).find(portrait, min_face_px=24)
    assert seen[0] == 3 < seen[1]


def test_candidates_have_a_lower_minimum_score(finder: CascadeFaceFinder) -> None:
    settings = finder.settings
    assert settings.candidate_score is not None
    assert finder.for_candidates().settings.min_score == settings.candidate_score
    assert settings.candidate_score < settings.min_score
    plain = replaced(finder, candidate_score=None)
    assert plain.for_candidates() is plain


def propose(portrait: NDArray[np.uint8], **changes: object) -> NDArray[np.float64]:
    """Boxes of the proposals for the photo preset, changed."""
    manifest = CascadeManifest.load(DEFAULT_MANIFEST)
    preset = FinderPreset.from_json(manifest.presets["photo"].to_json() | changes)
    finder = CascadeFaceFinder(manifest, DEFAULT_MANIFEST.parent, preset)
    return finder.propose(portrait, min_face_px=40)[0]


def test_fewer_stages_let_more_windows_pass(portrait: NDArray[np.uint8]) -> None:
    six, seven, all_stages = (len(propose(portrait, stages=n)) for n in (6, 7, None))
    assert six > seven == all_stages > 0
    with pytest.raises(CascadeError, match=r"expected a cascade of 8 stages or more in .*, got 7"):
        propose(portrait, stages=8)


@pytest.mark.parametrize("least_window", [1.0, 1.5])
def test_smallest_window_follows_the_smallest_face(
    least_window: float, portrait: NDArray[np.uint8]
) -> None:
    boxes = propose(portrait, least_window=least_window)
    assert boxes[:, 3].min() == pytest.approx(40 * least_window)


def test_face_cropped_by_the_edge_is_found(
    finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    # the left eighth of the face is outside the image
    cut = np.ascontiguousarray(portrait[:, FACE.x + FACE.w // 8 :])
    face = FaceBox(-FACE.w // 8, FACE.y, FACE.w, FACE.h)
    assert max(face.iou(box) for box in finder.find(cut, min_face_px=40)) > 0.45


@pytest.mark.parametrize("angle_deg", [-30, 30])
def test_tilted_face_is_found(
    angle_deg: int, finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    centre = (FACE.x + FACE.w / 2, FACE.y + FACE.h / 2)
    matrix = cv2.getRotationMatrix2D(centre, angle_deg, 1.0)
    tilted = cv2.warpAffine(portrait, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    boxes = finder.find(np.asarray(tilted, np.uint8), min_face_px=40)
    assert boxes[0].iou(FACE) > 0.5


def test_given_boxes_are_moved_onto_the_face_or_dropped(
    finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    before = portrait.copy()
    loose = FaceBox(FACE.x - FACE.w // 4, FACE.y - FACE.h // 8, FACE.w * 5 // 4, FACE.h * 5 // 4)
    (box,) = finder.verify(portrait, [loose], min_face_px=40)
    assert box.iou(FACE) > loose.iou(FACE) + 0.1
    corner = FaceBox(0, 0, FACE.w // 2, FACE.h // 2)
    assert finder.verify(portrait, [corner], min_face_px=40) == []
    assert finder.verify(portrait, [], min_face_px=40) == []
    np.testing.assert_array_equal(portrait, before)
    with pytest.raises(ValueError, match="min_face_px"):
        finder.verify(portrait, [loose], min_face_px=0)


def test_proposals_are_wider_than_what_is_verified(
    finder: CascadeFaceFinder, portrait: NDArray[np.uint8]
) -> None:
    boxes, scores = finder.propose(portrait, min_face_px=40)
    assert boxes.shape == (len(scores), 4)
    assert len(boxes) > 5 * len(finder.find(portrait, min_face_px=40))
    with pytest.raises(ValueError, match="min_face_px"):
        finder.propose(portrait, min_face_px=0)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in (DEFAULT_MANIFEST.name, *FILES):
        shutil.copy(DEFAULT_MANIFEST.with_name(name), tmp_path)
    return tmp_path / DEFAULT_MANIFEST.name


@pytest.mark.parametrize("name", FILES)
def test_missing_or_truncated_file_is_an_error_at_load(name: str, copied: Path) -> None:
    file = copied.with_name(name)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CascadeError, match=r"expected sha256 .*git checkout models"):
        load_finder("photo", copied)
    file.unlink()
    with pytest.raises(CascadeError, match=r"cannot read .*git checkout models"):
        load_finder("photo", copied)


def test_fingerprint_follows_settings_geometry_and_calibration_but_no_records(
    copied: Path,
) -> None:
    finder = load(copied)
    fingerprint = finder.fingerprint
    assert json.loads(json.dumps(fingerprint)) == fingerprint
    # journals store a digest of exactly this, so that old ones can be continued
    records = {"training", "evaluation"}
    assert fingerprint["definition"] == {
        key: value for key, value in finder.manifest.to_json().items() if key not in records
    }
    assert finder.with_min_score(9.0).fingerprint != fingerprint
    assert finder.with_min_score(9.0).with_min_score(finder.settings.min_score).fingerprint == (
        replaced(finder, candidate_score=None).fingerprint
    )
    raw = json.loads(copied.read_text(encoding="utf-8"))
    raw["evaluation"] = raw["training"] = {"figure": 1}
    copied.write_text(json.dumps(raw), encoding="utf-8")
    assert load(copied).fingerprint == fingerprint
    changed = json.loads(json.dumps(raw))
    changed["box"]["shift_y"] += 0.01
    raw["second_look"]["log_odds"]["shift"] += 0.01
    for other in (changed, raw):
        copied.write_text(json.dumps(other), encoding="utf-8")
        assert load(copied).fingerprint != fingerprint
