from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces.finder import Fingerprint
from maskdet_core.faces.verifier_network import Looks
from maskdet_core.faces.window_crops import Windows
from maskdet_core.types import FaceBox, RgbImage
from train.data.photos import LabelledPhoto, read_photos
from train.verifier.hard_negatives import (
    DOUBTFUL_SCORE,
    SURE_LOGIT,
    HardWindows,
    doubtful_boxes,
    load_boxes,
    save_boxes,
)


class Network:
    """Gives each window the logit of its side, and moves it 1 px to the right."""

    input_px = 32

    def look(self, crops: NDArray[np.uint8], windows: Windows) -> Looks:
        assert crops.shape == (len(windows), 32, 32, 3)
        return Looks(windows[:, 2] - 30, windows + np.array([1.0, 0.0, 0.0]))


class Finder:
    """Finds one labelled face and two others, one of which it is not sure of."""

    scores_are_log_odds = True
    fingerprint = Fingerprint(name="", definition={}, settings={})

    def find(self, image_rgb: RgbImage, *, min_face_px: int) -> list[FaceBox]:
        return [
            FaceBox(30, 40, 46, 60, 9.0),
            FaceBox(150, 90, 46, 60, DOUBTFUL_SCORE + 1),
            FaceBox(150, 10, 30, 40, DOUBTFUL_SCORE - 1),
        ]


WINDOWS = np.array([[50.0, 50.0, side] for side in (20.0, 28.0, 30.0, 33.0)])


@pytest.mark.parametrize(("complete", "sides"), [(True, [33, 30, 28]), (False, [30, 28])])
def test_hard_windows_are_taken_as_they_are_and_as_moved(
    complete: bool, sides: list[float], photo: LabelledPhoto
) -> None:
    hard = HardWindows(Network())  # type: ignore[arg-type]
    assert 30 - 30 < SURE_LOGIT < 33 - 30
    image = np.zeros((180, 240, 3), np.uint8)
    chosen = hard(replace(photo, complete=complete), image, WINDOWS)
    assert chosen[:, 2].tolist() == sides * 2
    assert chosen[:, 0].tolist() == [50.0] * len(sides) + [51.0] * len(sides)


def test_boxes_without_a_label_are_doubtful_where_labels_may_lack(
    labelled_set: Path, tmp_path: Path
) -> None:
    photos = [replace(photo, boxes=((30, 40, 46, 60),)) for photo in read_photos(labelled_set)]
    found = doubtful_boxes(photos, Finder())
    assert set(found) == {photo.path for photo in photos if not photo.complete}
    assert all(boxes.tolist() == [[150, 90, 46, 60]] for boxes in found.values())
    save_boxes(tmp_path / "boxes.json", found)
    read = load_boxes(tmp_path / "boxes.json")
    assert {path: boxes.tolist() for path, boxes in read.items()} == {
        path: boxes.tolist() for path, boxes in found.items()
    }
