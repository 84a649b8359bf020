"""Loose boxes: their places, which are left out, and what is counted."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from maskdet_core import MaskDetector
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Detections, Face, FaceBox, Verdict
from train.data.faces.datasets import OUTPUTS, FaceSample
from train.evaluate.loose_boxes import (
    FACTORS,
    LooseBox,
    LooseTest,
    checked_rates,
    loose_rates,
    loose_tests,
    loosened,
    measure_loose,
    usable,
)

FACE = FaceBox(100, 80, 20, 30)
SHARES: tuple[Literal["called_mask", "shown", "shown_mask"], ...] = (
    "called_mask",
    "shown",
    "shown_mask",
)
MANIFEST = ModelManifest(
    *("m", "m.tflite", "0" * 64, 1),
    classes=("with_mask", "without_mask", "no_face"),
    min_face_probability=0.5,
)


def test_loose_boxes_hold_the_face_and_stop_at_its_edges() -> None:
    boxes = loosened(FACE, to_the_right=True)
    assert len(boxes) == 3 * len(FACTORS)
    for loose in boxes:
        assert (loose.box.w, loose.box.h) == (20 * loose.factor, 30 * loose.factor)
        assert loose.box.intersection_over_smaller(FACE) == 1
        if loose.place == "down":
            assert loose.box.y == FACE.y, "the face at the top edge: head and shoulders"
        if loose.place == "sideways":
            assert loose.box.x == FACE.x
    left = loosened(FACE, to_the_right=False)
    assert all(b.box.x + b.box.w == 120 for b in left if b.place == "sideways")


@pytest.mark.parametrize(
    ("others", "expected"),
    [([], True), ([FaceBox(60, 60, 70, 70)], False), ([FaceBox(100, 90, 9, 9)], True)],
)
def test_boxes_that_could_be_another_face_are_left_out(
    others: list[FaceBox], expected: bool
) -> None:
    assert usable(FaceBox(50, 50, 80, 80), others, 200, 200) is expected


def test_boxes_outside_the_picture_are_left_out() -> None:
    assert usable(FaceBox(-30, 0, 80, 80), [], 200, 200)
    assert not usable(FaceBox(-50, 0, 80, 80), [], 200, 200)
    assert not usable(FaceBox(-90, 0, 80, 80), [], 200, 200)


def sample(path: Path, name: str, box: tuple[float, float, float, float] | None) -> FaceSample:
    return FaceSample(path, OUTPUTS.index(name), "photos", "test", box)


def test_only_faces_with_surroundings_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    picture = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    close_up = tmp_path / "close.png"
    assert cv2.imwrite(str(path), picture) and cv2.imwrite(str(close_up), picture)
    bare = sample(path, "without_mask", (0.4, 0.3, 0.1, 0.1))
    faces = [
        bare,
        sample(close_up, "with_mask", (0.1, 0.1, 0.8, 0.8)),
        sample(close_up, "without_mask", None),
    ]
    (test,) = loose_tests(faces)
    assert test.of == "without_mask"
    assert len(test.boxes) == len(test.crops)
    assert {loose.factor for loose in test.boxes} == set(FACTORS)
    assert test.crops.shape[1:] == (128, 128, 3)
    # close-ups and crops show nothing around the face
    assert list(loose_tests(faces[1:])) == []


def test_verdicts_are_counted_whether_or_not_shown() -> None:
    box = FaceBox(0, 0, 9, 9)
    boxes = [LooseBox(2.0, "down", box)] * 3 + [LooseBox(4.0, "centred", box)]
    test = LooseTest("without_mask", boxes, np.zeros((4, 128, 128, 3), np.uint8))
    mask_shown, mask_hidden, bare_hidden = [9.0, 0, -9], [9.0, 0, 30], [0, 9.0, 30]
    logits = np.array([mask_shown, mask_hidden, bare_hidden, bare_hidden])
    four, two = sorted(
        measure_loose(test, logits, MANIFEST), key=lambda one: one["factor"], reverse=True
    )
    assert (two["outcomes"]["n"], two["outcomes"]["with_mask"]) == (3, 2)
    assert (two["outcomes"]["without_mask"], two["outcomes"]["no_face"]) == (1, 0)
    assert [two[name]["n_hits"] for name in SHARES] == [2, 1, 1]
    assert (four["shown"]["n"], four["shown"]["n_hits"]) == (1, 0)
    rates = {one["slug"]: (one["n_hits"], one["n"]) for one in loose_rates([two, four])}
    assert rates == {
        "loose-called-mask": (2, 4),
        "loose-shown-mask": (1, 4),
        "loose-shown": (1, 4),
    }
    masked = [one | {"of": "with_mask"} for one in (two, four)]
    assert loose_rates(masked) == [], "the rates are of bare faces"  # type: ignore[arg-type]


def test_whole_check_is_asked_what_it_shows_of_each_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo.png"
    assert cv2.imwrite(str(path), np.full((200, 200, 3), 90, np.uint8))
    faces = [
        sample(path, "without_mask", (0.4, 0.3, 0.1, 0.1)),
        sample(path, "with_mask", (0.05, 0.9, 0.1, 0.1)),
    ]
    (bare,) = (test for test in loose_tests(faces) if test.of == "without_mask")
    detector = MaskDetector.load()
    on_face, on_neighbour = FaceBox(80, 60, 20, 20), FaceBox(10, 180, 20, 20)
    nowhere = FaceBox(150, 20, 20, 20)
    shown = [
        [Face(on_face, 0.0, 0.0, 1.0, Verdict.WITHOUT_MASK, on_face)],
        [Face(on_face, 1.0, 0.0, 0.0, Verdict.WITH_MASK, on_face)],
        [Face(on_neighbour, 0.0, 0.0, 1.0, Verdict.WITHOUT_MASK, on_neighbour)],
        [Face(nowhere, 0.0, 0.0, 1.0, Verdict.WITHOUT_MASK, nowhere)],
        [Face(nowhere, 1.0, 0.0, 0.0, Verdict.WITH_MASK, nowhere)],
    ]
    proposed: list[FaceBox] = []

    def verify(rgb: np.ndarray, boxes: list[FaceBox], *, min_face_px: int) -> list[FaceBox]:
        assert min_face_px == detector.min_face_px_in(200, 200)
        proposed.extend(boxes)
        return boxes

    def judge(rgb: np.ndarray, found: list[FaceBox]) -> Detections:
        assert found == proposed[-1:]
        said = shown[len(proposed) - 1] if len(proposed) <= len(shown) else []
        return Detections(200, 200, tuple(said), (), False)

    monkeypatch.setattr(detector.finder, "verify", verify)
    monkeypatch.setattr(detector, "judge", judge)
    rates = {one["slug"]: (one["n_hits"], one["n"]) for one in checked_rates(faces, detector)}
    assert proposed == [loose.box for loose in bare.boxes]
    assert rates == {
        "loose-proposed-mask": (2, len(proposed)),
        "loose-proposed-shown": (2, len(proposed)),
    }
    assert checked_rates(faces[1:], detector) == []
    assert checked_rates(faces, MaskDetector.load(finder="stock")) == []
