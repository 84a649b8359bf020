import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from testbed.repository import REPO_ROOT
from train.data.annotations.photos import known_boxes
from train.data.faces.datasets import (
    CLASSES,
    OUTPUTS,
    UNLABELLED,
    class_of_folder,
    read_covered_other,
    read_dataset,
    read_datasets,
)
from train.data.faces.images import plain_crop, read_face
from train.data.faces.people import read_people
from train.data.splits.split import split_samples
from train.errors import DataError

REAL = REPO_ROOT.parent / "shared" / "data"


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("WithMask", "with_mask"),
        ("WithoutMask", "without_mask"),
        ("Mask", "with_mask"),
        ("Non Mask", "without_mask"),
        ("mask", "with_mask"),
        ("no_mask", "without_mask"),
        ("incorrect_mask", "worn_wrong"),
        ("worn_wrong", "worn_wrong"),
        ("covered_other", None),
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
    assert {CLASSES[s.label] for s in read_dataset(crop_set)} == {"with_mask", "worn_wrong"}
    with pytest.raises(DataError, match="missing: without_mask"):
        read_datasets([crop_set])


def test_folder_without_class_folders_is_named(tmp_path: Path) -> None:
    (tmp_path / "set" / "train" / "cats").mkdir(parents=True)
    with pytest.raises(DataError, match="class folders"):
        read_dataset(tmp_path / "set")


def test_hand_labelled_photos_give_one_sample_a_face(street_photos: Path) -> None:
    samples = read_dataset(street_photos)
    first = [s for s in samples if s.path.name == "street_0001.jpg"]
    assert [OUTPUTS[s.label] for s in first] == ["with_mask", "worn_wrong"]
    assert first[0].box == (0.1, 0.2, 0.2, 0.3)
    tiny = (0.9, 0.9, 0.05, 0.05)
    assert first[0].others == (first[1].box, tiny)
    assert all(s.in_photo for s in samples)
    assert len(known_boxes(street_photos)[first[0].path]) == 3
    assert {s.published_split for s in samples} == {"train", "validation", "test"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "holiday"}, "holiday"),
        ({"faces": [{"label": "beard", "box_xywh": [0, 0, 50, 50]}]}, "beard"),
        ({"faces": [{"label": "with_mask"}]}, "box_xywh"),
        ({"width": None}, "width"),
    ],
)
def test_unreadable_photo_labels_are_named(
    change: dict[str, object], message: str, street_photos: Path
) -> None:
    path = street_photos / "photos.json"
    rows = json.loads(path.read_text())
    rows[0] |= change
    path.write_text(json.dumps(rows))
    with pytest.raises(DataError, match=message):
        read_dataset(street_photos)


def test_crops_of_the_wild_are_framed_by_class_or_by_their_box(wild: Path) -> None:
    samples = {"/".join(s.path.parts[-2:]): s for s in read_dataset(wild)}
    assert all(s.is_crop and not s.in_photo for s in samples.values())
    assert samples["worn_wrong/c0000.jpg"].box == (10 / 48, 5 / 48, 20 / 48, 24 / 48)
    bare, masked = samples["without_mask/w0000.jpg"], samples["with_mask/w0000.jpg"]
    assert bare.box is not None and masked.box is not None
    assert bare.box[2] < masked.box[2] < 1


def test_nothing_beyond_a_crops_box_is_shown(wild: Path) -> None:
    sample = next(s for s in read_dataset(wild) if s.path.name == "c0000.jpg")
    rgb, box = read_face(sample)
    assert rgb.shape == (24, 20, 3)
    assert box.xywh == (0, 0, 20, 24)
    # the square of side 24 reaches 2 px past the box: its outermost column is repeated
    crop = plain_crop(sample)
    np.testing.assert_array_equal(crop[:, 0], crop[:, 5])


def test_covered_faces_are_in_no_class(wild: Path) -> None:
    covered = read_covered_other(wild, "test")
    assert [s.path.name for s in covered] == ["w0009.jpg"]
    assert {s.label for s in covered} == {UNLABELLED}
    assert not {s.path for s in read_dataset(wild)} & {s.path for s in covered}
    assert read_covered_other(wild, "validation") == []


def test_people_are_read_for_evaluation_only(people: Path, crop_set: Path) -> None:
    read = read_people(people)
    assert [(p.age, p.gender, p.group) for p in read] == [
        (31, "female", "Asian"),
        (7, "male", "Black"),
    ]
    with pytest.raises(DataError, match="evaluation only"):
        read_datasets([crop_set, people])
    with pytest.raises((AttributeError, TypeError)):
        split_samples([*read_dataset(crop_set), *read])  # type: ignore[list-item]


def test_damaged_list_of_people_is_named(people: Path) -> None:
    (people / "faces.json").write_text('[{"file": "a.jpg"}]')
    with pytest.raises(DataError, match=r"faces\.json"):
        read_people(people)


def test_corrupt_picture_is_named(crop_set: Path) -> None:
    sample = read_dataset(crop_set)[0]
    sample.path.write_bytes(b"not a picture")
    with pytest.raises(DataError, match=sample.path.name):
        plain_crop(sample)


@pytest.mark.skipif(not REAL.is_dir(), reason="the training pictures are not here (../shared/data)")
def test_real_sets_are_read_with_the_counts_of_their_publisher() -> None:
    wild = Counter(CLASSES[s.label] for s in read_dataset(REAL / "faces-in-the-wild"))
    assert wild == {"without_mask": 3000, "with_mask": 2186, "worn_wrong": 717}
    street = read_dataset(REAL / "street-853")
    assert len(street) == 3374
    photos = read_dataset(REAL / "street-photos")
    assert {CLASSES[s.label] for s in photos} == set(CLASSES)
    assert len({s.path for s in photos}) > 1250
    assert len(read_people(REAL / "people")) == 1200
    covered = [len(read_covered_other(REAL / "faces-in-the-wild", p)) for p in ("train", "test")]
    assert covered == [174, 20]
