"""People in whole photographs: who counts as found, and what is shown on nobody."""

from pathlib import Path

import numpy as np
import pytest

from maskdet_core.detector import MaskDetector
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import FaceBox, Predictions
from train.data.annotations.photos import LabelledPhoto
from train.evaluate.whole_photos import whole_labelled_photos


class Network:
    """Every face wears a mask; the last one is not sure."""

    manifest = ModelManifest("m", "m.tflite", "0" * 64, 1, input_size_px=32)

    def predict(self, crops: np.ndarray) -> Predictions:
        p = np.full(len(crops), 0.97)
        p[-1] = 0.5
        return Predictions.of_two_classes(p, np.ones(len(crops)))

    def activation_map(self, crops: np.ndarray) -> None:
        return None


def test_verdicts_are_counted_by_class_and_size(
    photo_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = MaskDetector(OpenCvFaceFinder(), Network())
    boxes = [
        FaceBox(10, 10, 40, 50, 5.0),
        FaceBox(100, 20, 25, 30, 4.0),
        FaceBox(60, 100, 12, 15, 3.0),
        FaceBox(150, 150, 40, 45, 2.0),
        FaceBox(100, 100, 40, 40, 1.0),
    ]
    monkeypatch.setattr(detector, "find", lambda image_rgb, min_face_px=None: boxes)
    photo = LabelledPhoto(
        photo_set / "Train" / "Mask" / "1.jpg",
        200,
        200,
        "test",
        ((10, 10, 40, 50), (100, 20, 25, 30), (100, 100, 40, 40), (10, 150, 26, 30)),
        ("with_mask", "without_mask", "worn_wrong", "with_mask"),
        complete=False,
    )
    all_faces, large = whole_labelled_photos("photo", "Streets", [photo], detector)
    assert all_faces["name"] == "Streets, 24 px and more"
    assert all_faces["per_class"] == {
        "with_mask": {"n_people": 2, "n_found": 1, "n_right": 1, "n_not_sure": 0},
        "without_mask": {"n_people": 1, "n_found": 1, "n_right": 0, "n_not_sure": 0},
        "worn_wrong": {"n_people": 1, "n_found": 1, "n_right": 0, "n_not_sure": 1},
    }
    assert large["name"] == "Streets, 48 px and more"
    assert (large["n_people"], large["n_found"]) == (1, 1)
    # 15 px on an unlabelled background face is neither right nor wrong
    assert all_faces["false_faces"] == large["false_faces"] == 1
    assert all_faces["false_masks"] == 1
