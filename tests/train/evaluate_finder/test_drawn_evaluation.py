from pathlib import Path

import cv2
import numpy as np
import pytest

from maskdet_core.faces.finder import Fingerprint
from maskdet_core.types import FaceBox, RgbImage
from train.data.annotations.photos import LabelledPhoto
from train.evaluate_finder.drawn_boxes import DrawnFace, DrawnTally
from train.evaluate_finder.drawn_evaluation import TEST, WHOLE, by_pose, curve, evaluate_drawn
from train.evaluate_finder.finders import MeasuredFinder

BOX = (20.0, 20.0, 40.0, 50.0)


def face(label: str, score: float | None, pose: str = "", side_px: float = 50.0) -> DrawnFace:
    return DrawnFace(label, side_px, score, pose)


class Fixed:
    """Finds the face of `BOX` with score 2, and nothing else with score 1."""

    scores_are_log_odds = True

    @property
    def fingerprint(self) -> Fingerprint:
        return {"name": "fixed"}

    def find(self, image_rgb: RgbImage, *, min_face_px: int = 24) -> list[FaceBox]:
        return [FaceBox(20, 20, 40, 50, 2.0), FaceBox(90, 90, 40, 50, 1.0)]


def test_poses_are_counted_by_class_and_absent_ones_left_out() -> None:
    tally = DrawnTally(1)
    tally.faces = [
        face("with_mask", 2.0, "profile"),
        face("with_mask", 0.5, "profile"),
        face("without_mask", None, "profile"),
        face("without_mask", 3.0),
    ]
    found = by_pose(tally, 1.0)
    assert list(found) == ["profile"]
    counts = {label: (one["n_found"], one["n"]) for label, one in found["profile"].items()}
    assert counts == {"with_mask": (1, 2), "worn_wrong": (0, 0), "without_mask": (0, 1)}


def test_curve_rises_with_further_boxes_and_ends_with_the_last() -> None:
    tally = DrawnTally(100)
    tally.faces = [face("with_mask", score) for score in (9.0, 5.0, 1.0, None)]
    tally.faces.append(face("with_mask", None, side_px=20.0))
    tally.further = [8.0, 7.0, 6.0, 4.0, 3.0]
    points = [(point["further_per_photo"], point["with_mask"]) for point in curve(tally)]
    assert points == [(0.01, 0.25), (0.02, 0.25), (0.03, 0.5), (0.05, 0.75)]
    assert curve(tally)[0]["without_mask"] is None


@pytest.fixture
def photos(tmp_path: Path) -> list[LabelledPhoto]:
    made = []
    for number, split in enumerate(("val", "test", "test")):
        path = tmp_path / f"{number}.png"
        assert cv2.imwrite(str(path), np.full((160, 160, 3), 99, np.uint8))
        boxes, labels = (BOX, (100.0, 20.0, 40.0, 50.0)), ("with_mask", "without_mask")
        made.append(LabelledPhoto(path, 160, 160, split, boxes, labels, complete=True))
    return made


def test_each_finder_has_a_record_of_all_photographs_and_of_the_test_part(
    photos: list[LabelledPhoto],
) -> None:
    finders = [
        MeasuredFinder("maskdet photo", "measured", Fixed(), Fixed(), 0.0),
        MeasuredFinder("strict", "stock", Fixed(), Fixed(), 1.5),
    ]
    record = evaluate_drawn(photos, finders, {"maskdet": "new"}, {("1.png", BOX): "frontal"})
    ours, strict, ours_test, _ = record["records"]
    assert [one["set"] for one in record["records"]] == [WHOLE, WHOLE, TEST, TEST]
    assert (ours["photos"], ours_test["photos"]) == (3, 2)
    assert (ours["further_per_photo"], strict["further_per_photo"]) == (1.0, 0.0)
    for one in (ours, strict):
        faces = one["faces"]["24 px and more"]
        assert (faces["with_mask"]["n_found"], faces["without_mask"]["n_found"]) == (3, 0)
        assert one["by_pose"]["frontal"]["with_mask"]["n"] == 1
        assert one["processor_ms"] is not None
    assert ours["curve"] and "curve" not in ours_test
    assert record["manifests"] == {"maskdet": "new"}
