"""The finder that ships: a network verifies its proposals."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError, FaceBox, load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.haar import load_cascade
from maskdet_core.faces.loading import DEFAULT_MANIFEST, FINDER_ENV, TREES_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset, NetworkFile
from maskdet_core.faces.network_verification import NetworkVerification
from maskdet_core.faces.nms import pairwise_overlaps
from tests.core.faces.pictures import FACE, with_mask

FILES = ("maskdet-haar-search.xml", "maskdet-haar-verifier.tflite")


def load(manifest: Path = DEFAULT_MANIFEST, preset: str = "photo") -> CascadeFaceFinder:
    finder = load_finder(preset, manifest)
    assert isinstance(finder, CascadeFaceFinder)
    return finder


@pytest.fixture(scope="module")
def finder() -> CascadeFaceFinder:
    return load()


def test_the_environment_selects_another(monkeypatch: pytest.MonkeyPatch) -> None:
    default = load_finder("photo")
    assert default.fingerprint["name"] == "maskdet-street"
    assert default.scores_are_log_odds
    assert json.loads(json.dumps(default.fingerprint)) == load().fingerprint
    monkeypatch.setenv(FINDER_ENV, str(TREES_MANIFEST))
    assert load_finder("photo").fingerprint["name"] == "maskdet-haar"


def test_its_proposer_has_a_smaller_window_than_that_of_the_trees() -> None:
    manifest = CascadeManifest.load(DEFAULT_MANIFEST)
    cascade = load_cascade(manifest.proposals.resolve(DEFAULT_MANIFEST.parent))
    assert cascade.getOriginalWindowSize() == (manifest.window_px, manifest.window_px)
    assert manifest.window_px < CascadeManifest.load(TREES_MANIFEST).window_px


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
    verify = NetworkVerification.verify

    def counted(
        self: NetworkVerification, image: NDArray[np.uint8], windows: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        seen.append(len(windows))
        return verify(self, image, windows)

    monkeypatch.setattr(NetworkVerification, "verify", counted)
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
    plain = CascadeFaceFinder(
        finder.manifest, DEFAULT_MANIFEST.parent, replace(settings, candidate_score=None)
    )
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": 0}, "stages must be 1 or more"),
        ({"least_window": 0.5}, "least_window must be 1 to 2"),
        ({"least_window": 2.5}, "least_window must be 1 to 2"),
        ({"candidate_score": 9.0}, "candidate_score must be at most min_score"),
    ],
)
def test_invalid_preset_is_refused(change: dict[str, float], message: str, copied: Path) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    raw["presets"]["live"] |= change
    copied.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(CascadeError, match=message):
        CascadeManifest.load(copied)


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


def verifier(**changes: object) -> dict[str, object]:
    """A verifier's entry, changed."""
    entry = {"file": "a.tflite", "sha256": "", "input_px": 32, "context": 1.5}
    return {"verifier": entry | {"log_odds": {"scale": 1, "shift": 0}} | changes}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "'check' is missing"),
        ({"format": 4}, "format must be 2, got 4"),
        ({"verifier": {"file": "a.tflite"}}, "'sha256' is missing"),
        ({"verifier": None}, "haar.json"),
        (verifier(file="../a.tflite"), "bare file name"),
        (verifier(input_px=4), "input_px must be 8 to 256"),
        (verifier(context=0.5), "context must be 1 to 4"),
        (verifier(log_odds={"scale": 0, "shift": 0}), "finite scale above 0"),
        ({"box": {"width": 1}}, "'height' is missing"),
    ],
)
def test_invalid_manifest_is_refused(change: dict[str, object], message: str, copied: Path) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    copied.write_text(json.dumps(raw | change), encoding="utf-8")
    with pytest.raises(CascadeError, match=message):
        CascadeManifest.load(copied)


def test_unbounded_or_empty_preset(copied: Path) -> None:
    raw = json.loads(copied.read_text(encoding="utf-8"))
    raw["presets"]["photo"]["max_windows"] = 0
    copied.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(CascadeError, match="max_windows must be 1 or more"):
        CascadeManifest.load(copied)
    del raw["presets"]["photo"]["max_windows"]
    copied.write_text(json.dumps(raw), encoding="utf-8")
    assert CascadeManifest.load(copied).presets["photo"].max_windows is None


def test_manifest_round_trip(copied: Path) -> None:
    manifest = CascadeManifest.load(copied)
    assert isinstance(manifest.verifier, NetworkFile)
    manifest.save(copied)
    assert CascadeManifest.load(copied) == manifest
    assert json.loads(copied.read_text(encoding="utf-8")) == json.loads(
        DEFAULT_MANIFEST.read_text(encoding="utf-8")
    )


def test_fingerprint_follows_the_calibration_but_no_records(copied: Path) -> None:
    fingerprint = load(copied).fingerprint
    raw = json.loads(copied.read_text(encoding="utf-8"))
    raw["evaluation"] = raw["training"] = {"figure": 1}
    copied.write_text(json.dumps(raw), encoding="utf-8")
    assert load(copied).fingerprint == fingerprint
    raw["verifier"]["log_odds"]["shift"] += 0.01
    copied.write_text(json.dumps(raw), encoding="utf-8")
    assert load(copied).fingerprint != fingerprint
