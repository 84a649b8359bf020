"""Which photographs the face finder is trained, tuned and tested on."""

from pathlib import Path

import pytest

from tests.train.drawn import FACE, write_photos
from train.data.faces.datasets import read_dataset, read_datasets
from train.data.splits.finder_data import Scene, finder_data, photos_of
from train.data.splits.split import split_samples
from train.errors import DataError


@pytest.fixture
def drawn_photos(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "drawn")


def test_no_picture_lies_on_two_sides(drawn_photos: Path) -> None:
    split = split_samples(read_dataset(drawn_photos, whole_photos=True))
    data = finder_data([drawn_photos], split)
    learnt = {face.path for face in data.faces} | {scene.path for scene in data.scenes}
    measured = {photo.path for photo in [*data.tune, *data.test]}
    assert learnt and measured
    assert not learnt & measured


def test_photos_labelled_by_the_face_are_learnt_from_only(
    drawn_photos: Path, street_photos: Path
) -> None:
    roots = [drawn_photos, street_photos]
    data = finder_data(roots, split_samples(read_datasets(roots)))
    street = [scene for scene in data.scenes if scene.path.parent.parent == street_photos]
    assert street
    # the tiny face is no sample, and must not be mined either
    assert all(len(scene.boxes) == 3 for scene in street)
    masked = {face.masked for face in data.faces if face.path == street[0].path}
    assert masked == {True, False}
    held = {photo.path.parent.parent for photo in [*data.tune, *data.test]}
    assert street_photos not in held


def test_sets_without_photographs_are_refused(drawn_photos: Path) -> None:
    (drawn_photos / "boxes.json").unlink()
    with pytest.raises(DataError, match="whole photographs"):
        finder_data([drawn_photos], split_samples(read_dataset(drawn_photos)))


def test_scenes_become_photographs_in_px_that_may_lack_boxes(drawn_photos: Path) -> None:
    path = drawn_photos / "Train" / "Mask" / "0.png"
    (photo,) = photos_of([Scene(path, (FACE,)), Scene(path, (FACE,), is_crop=True)])
    assert (photo.width_px, photo.height_px) == (160, 120)
    assert photo.boxes[0] == pytest.approx((48, 30, 36.96, 48))
    assert not photo.complete
