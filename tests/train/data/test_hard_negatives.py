from pathlib import Path

import numpy as np
import pytest

from maskdet_core.types import FaceBox
from train.data import hard_negatives
from train.data.datasets import OUTPUTS, FaceSample, read_dataset
from train.errors import RunError

FACE = FaceBox(50, 50, 60, 80, 5.0)
SHIRT = FaceBox(60, 140, 40, 50, 1.0)


class Finder:
    """Finds the face and a shirt; its proposals hold a corner as well."""

    def find(self, image: np.ndarray, *, min_face_px: int) -> list[FaceBox]:
        return [FACE, SHIRT]

    def propose(self, image: np.ndarray, *, min_face_px: int) -> tuple[np.ndarray, np.ndarray]:
        return np.array([FACE.xywh, (0, 0, 30, 40)], float), np.array([3.0, 1.0])


@pytest.fixture
def found(photo_set: Path) -> list[FaceSample]:
    samples = read_dataset(photo_set)
    return hard_negatives.find_hard_negatives(samples, Finder(), seed=1)  # type: ignore[arg-type]


def test_false_positives_and_random_boxes_are_taken_but_no_face(
    found: list[FaceSample],
) -> None:
    assert {OUTPUTS[sample.label] for sample in found} == {"no_face"}
    by_photo: dict[Path, list[tuple[int, ...]]] = {}
    for sample in found:
        assert sample.box is not None
        places = by_photo.setdefault(sample.path, [])
        places.append(tuple(round(200 * side) for side in sample.box))
    assert len(by_photo) == 4
    for places in by_photo.values():
        assert SHIRT.xywh in places
        assert (0, 0, 30, 40) in places
        assert 2 <= len(places) <= 5
        assert all(FaceBox(*place).iou(FACE) < 0.1 for place in places)


def test_boxes_are_kept_for_a_resumed_run(
    found: list[FaceSample], photo_set: Path, tmp_path: Path
) -> None:
    path = tmp_path / "no_faces.json"
    hard_negatives.save(path, found)
    assert hard_negatives.load(path, read_dataset(photo_set)) == found
    with pytest.raises(RunError, match=r"no_faces\.json"):
        hard_negatives.load(path, [])
    with pytest.raises(RunError, match=r"none\.json"):
        hard_negatives.load(tmp_path / "none.json", [])


def test_face_crops_give_no_hard_negatives(crop_set: Path) -> None:
    assert hard_negatives.find_hard_negatives(read_dataset(crop_set), Finder(), seed=1) == []  # type: ignore[arg-type]
