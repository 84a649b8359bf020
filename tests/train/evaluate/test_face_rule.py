"""The face rule: which candidates it is chosen on, and what it keeps."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdet_core.detector import MaskDetector
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import FaceBox, Predictions
from train.data.annotations.photos import LabelledPhoto
from train.data.faces.images import read_rgb
from train.data.splits.finder_data import Photo
from train.evaluate.face_rule import (
    MAX_LOST,
    MAX_LOST_MASKED,
    Candidate,
    candidates,
    choose_rule,
    labelled_candidates,
    shown,
    with_face_rules,
)
from train.shipped import FINDER, NETWORK


class Network:
    """Gives p_face 0.9, 0.8, … to the crops of a picture, and keeps them."""

    manifest = ModelManifest("m", "m.tflite", "0" * 64, 1, input_size_px=32)

    def __init__(self) -> None:
        self.crops: list[np.ndarray] = []

    def predict(self, crops: np.ndarray) -> Predictions:
        self.crops += list(crops)
        return Predictions.of_two_classes(
            np.full(len(crops), 0.5), 0.9 - 0.1 * np.arange(len(crops))
        )

    def activation_map(self, crops: np.ndarray) -> None:
        return None


def test_candidates_are_cropped_as_in_serving(
    photo_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network()
    detector = MaskDetector(OpenCvFaceFinder(), network)
    past_the_edge = FaceBox(-20, 60, 60, 80, 3.0)
    background, elsewhere = FaceBox(100, 20, 30, 40, 2.0), FaceBox(140, 140, 40, 50, 1.0)
    boxes = [past_the_edge, background, elsewhere]
    monkeypatch.setattr(detector, "find", lambda image_rgb: boxes)
    path = photo_set / "Train" / "Mask" / "1.jpg"
    photo = Photo(path, "1", True, ((-0.1, 0.3, 0.3, 0.4),), ((0.5, 0.1, 0.15, 0.2),), False)
    assert candidates([photo], detector) == [
        Candidate(3.0, pytest.approx(0.9), 0.5, 0.4, "with_mask"),
        Candidate(1.0, pytest.approx(0.7), 0.5, 0.25, "no_face"),
    ]
    rgb = read_rgb(path)
    for crop, box in zip(network.crops, boxes, strict=True):
        np.testing.assert_array_equal(crop, detector.crop(rgb, box))


def bare(score: float, p_face: float, height_share: float = 0.2) -> Candidate:
    return Candidate(score, p_face, 0.02, height_share, "without_mask")


def masked(score: float, p_face: float, height_share: float = 0.2) -> Candidate:
    return Candidate(score, p_face, 0.98, height_share, "with_mask")


def nobody(
    score: float, p_face: float, p_with_mask: float = 0.02, height_share: float = 0.2
) -> Candidate:
    return Candidate(score, p_face, p_with_mask, height_share, "no_face")


def test_separating_weight_is_chosen_and_all_faces_are_kept() -> None:
    # the finder separates better here: only a large weight keeps none of the others
    faces = [bare(5.0, 0.9), bare(9.0, 0.6)]
    rest = [nobody(1.0, 0.9999999), nobody(0.5, 0.99999)]
    rule = choose_rule([*faces, *rest], "photo")
    assert rule is not None
    assert not shown([*faces, *rest], rule)
    assert not any(c.is_rejected(rule) for c in faces)


@pytest.mark.parametrize(
    ("face", "max_lost"), [(bare, MAX_LOST["photo"]), (masked, MAX_LOST_MASKED)]
)
def test_weakest_of_many_faces_does_not_set_the_threshold(
    face: Callable[[float, float], Candidate], max_lost: float
) -> None:
    n_faces = math.ceil(1 / max_lost)
    faces = [face(4.0, 0.9)] * (n_faces - 1) + [face(-6.0, 0.02)]
    rest = [nobody(-1.0, 0.2)] * 5
    rule = choose_rule([*faces, *rest], "photo")
    assert rule is not None
    assert not shown(rest, rule)
    assert sum(c.is_rejected(rule) for c in faces) == 1
    # of some faces fewer none may be lost
    few = faces[-math.ceil(1 / max_lost) + 1 :]
    rule = choose_rule([*few, *rest], "photo")
    assert rule is not None
    assert not any(c.is_rejected(rule) for c in few)


def test_false_masks_are_dropped_where_bare_faces_of_the_same_log_odds_are_kept() -> None:
    faces = [bare(0.0, 0.6), masked(5.0, 0.99)]
    rule = choose_rule([*faces, nobody(0.5, 0.8, p_with_mask=0.97)], "photo")
    assert rule is not None
    assert rule.mask_margin > 0
    assert not any(c.is_rejected(rule) for c in faces)
    assert not shown([nobody(0.5, 0.8, p_with_mask=0.97)], rule)


def test_small_boxes_are_dropped_where_large_faces_of_the_same_log_odds_are_kept() -> None:
    faces = [bare(0.0, 0.6, 0.5), masked(0.0, 0.6, 0.5), masked(5.0, 0.99, 0.1)]
    small = [nobody(0.2, 0.65, p_with_mask, 0.08) for p_with_mask in (0.02, 0.98)]
    rule = choose_rule([*faces, *small], "photo")
    assert rule is not None
    assert rule.size_weight > 0
    assert not any(c.is_rejected(rule) for c in faces)
    assert not shown(small, rule)


def test_faces_with_drawn_boxes_too_small_to_judge_are_no_candidates(
    photo_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = MaskDetector(OpenCvFaceFinder(), Network())
    large, small, nowhere = (
        FaceBox(10, 10, 40, 50, 3.0),
        FaceBox(100, 20, 15, 20, 2.0),
        FaceBox(140, 140, 40, 50, 1.0),
    )
    monkeypatch.setattr(detector, "find", lambda image_rgb: [large, small, nowhere])
    photo = LabelledPhoto(
        photo_set / "Train" / "Mask" / "1.jpg",
        200,
        200,
        "val",
        ((10, 10, 40, 50), (100, 20, 15, 20)),
        ("with_mask", "without_mask"),
        complete=True,
    )
    assert labelled_candidates([photo], detector) == [
        Candidate(3.0, pytest.approx(0.9), 0.5, 0.25, "with_mask"),
        Candidate(1.0, pytest.approx(0.7), 0.5, 0.25, "no_face"),
    ]


def test_threshold_below_zero_still_keeps_all_faces() -> None:
    faces = [bare(-2.0, 0.3), masked(4.0, 0.9)]
    rule = choose_rule([*faces, nobody(-9.0, 0.01)], "photo")
    assert rule is not None
    assert not any(c.is_rejected(rule) for c in faces)


def test_without_faces_there_is_no_rule() -> None:
    assert choose_rule([nobody(1.0, 0.5)], "photo") is None


def test_rules_of_another_finder_replace_those_of_the_manifest(repo_root: Path) -> None:
    shipped = repo_root / "models"
    before = replace(
        ModelManifest.load(shipped / f"{NETWORK}.json"), face_rules={}, rules_finder="another"
    )
    finder = shipped / f"{FINDER}.json"
    samples = sorted((repo_root / "maskdet_app" / "photo" / "samples").glob("*.jpg"))
    finds = {path: MaskDetector.load(finder=finder).find(read_rgb(path)) for path in samples}
    labelled = [
        LabelledPhoto(
            path,
            552,
            690,
            "val",
            tuple((box.x, box.y, box.w, box.h) for box in boxes[:1]),
            ("with_mask",) * len(boxes[:1]),
            complete=True,
        )
        for path, boxes in finds.items()
    ]
    after = with_face_rules(before, shipped, finder, [], labelled)
    assert set(after.face_rules) == {"photo", "live"}
    assert after.rules_finder == CascadeManifest.load(finder).name
    assert replace(after, face_rules={}, rules_finder="another") == before


def test_without_photographs_or_an_output_for_no_face_the_rules_stay(
    photo_set: Path, repo_root: Path
) -> None:
    manifest = ModelManifest("m", "m.tflite", "0" * 64, 1)
    photo = Photo(photo_set / "Train" / "Mask" / "1.jpg", "1", True, (), (), False)
    assert with_face_rules(manifest, Path(), Path(), [photo], []) is manifest
    with_output = ModelManifest.load(repo_root / "models" / f"{NETWORK}.json")
    assert with_face_rules(with_output, Path(), Path(), [], []) is with_output


def test_shown_are_what_the_rule_keeps() -> None:
    found = [nobody(3.0, 0.5), nobody(-3.0, 0.5), bare(3.0, 0.5)]
    assert shown(found, FaceRule(1.0, 0.0)) == found[:1]
