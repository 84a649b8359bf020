from pathlib import Path

import pytest

from train.data.datasets import CLASSES, class_of_folder, read_dataset
from train.data.images import plain_crop
from train.errors import DataError


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("WithMask", "with_mask"),
        ("WithoutMask", "without_mask"),
        ("Mask", "with_mask"),
        ("Non Mask", "without_mask"),
        ("mask", "with_mask"),
        ("no_mask", "without_mask"),
        ("incorrect_mask", None),
        ("hands", None),
    ],
)
def test_class_of_folder(folder: str, expected: str | None) -> None:
    assert class_of_folder(folder) == expected


def test_crops_are_read_with_split_and_label(crop_set: Path) -> None:
    samples = read_dataset(crop_set)
    assert len(samples) == 48
    assert {s.published_split for s in samples} == {"train", "validation", "test"}
    masked = [s for s in samples if s.path.parent.name == "WithMask"]
    assert {CLASSES[s.label] for s in masked} == {"with_mask"}
    assert all(s.box is None for s in samples)


def test_photos_give_one_sample_per_sure_and_large_face(photo_set: Path) -> None:
    samples = read_dataset(photo_set)
    assert [s.box for s in samples] == [(0.25, 0.25, 0.3, 0.4)] * 4


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        read_dataset(tmp_path / "nowhere")


def test_empty_class_is_named(crop_set: Path) -> None:
    for path in (crop_set / "Train" / "WithMask").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="with_mask"):
        read_dataset(crop_set)


def test_missing_class_is_named(crop_set: Path) -> None:
    for split in crop_set.iterdir():
        (split / "WithoutMask").rename(split / "incorrect_mask")
    with pytest.raises(DataError, match="without_mask"):
        read_dataset(crop_set)


def test_corrupt_picture_is_named(crop_set: Path) -> None:
    sample = read_dataset(crop_set)[0]
    sample.path.write_bytes(b"not a picture")
    with pytest.raises(DataError, match=sample.path.name):
        plain_crop(sample)
