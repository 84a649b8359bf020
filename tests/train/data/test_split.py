import shutil
from pathlib import Path

import cv2
import pytest

from train.data.datasets import read_dataset
from train.data.split import group_samples, split_samples
from train.errors import DataError


def _group_of(root: Path, name: str) -> dict[str, int]:
    samples = read_dataset(root)
    groups = group_samples(samples)
    return {s.key: g for s, g in zip(samples, groups, strict=True) if name in s.key}


def test_augmented_copies_share_a_group(crop_set: Path) -> None:
    masked = sorted((crop_set / "Train" / "WithMask").iterdir())
    masked[0].rename(masked[0].with_name("Augmented_7_111.jpg"))
    masked[1].rename(masked[1].with_name("Augmented_7_222.jpg"))
    test_picture = sorted((crop_set / "Test" / "WithMask").iterdir())[0]
    test_picture.rename(test_picture.with_name("Augmented_7_333.jpg"))
    groups = _group_of(crop_set, "Augmented_7_")
    assert len(groups) == 3
    assert len(set(groups.values())) == 1


def test_copy_and_mirror_image_share_a_group_and_strangers_do_not(crop_set: Path) -> None:
    source = sorted((crop_set / "Train" / "WithMask").iterdir())[0]
    shutil.copy(source, crop_set / "Test" / "WithMask" / "twin_copy.jpg")
    picture = cv2.imread(str(source))
    assert picture is not None
    cv2.imwrite(str(crop_set / "Test" / "WithMask" / "twin_mirror.jpg"), picture[:, ::-1])
    twins = _group_of(crop_set, "twin_") | _group_of(crop_set, f"/{source.name}")
    assert len(twins) == 3
    assert len(set(twins.values())) == 1
    everyone = _group_of(crop_set, "")
    assert len(set(everyone.values())) == 48


def test_no_relative_of_a_test_face_is_trained_on(crop_set: Path, photo_set: Path) -> None:
    samples = read_dataset(crop_set) + read_dataset(photo_set)
    split = split_samples(samples)
    groups = dict(zip(samples, group_samples(samples), strict=True))
    train = {groups[s] for s in split.train}
    assert train
    assert not train & {groups[s] for s in split.leak_free_test}
    assert not train & {groups[s] for s in split.validation}
    assert not set(split.train) & set(split.published_test)
    photos = [s for s in samples if s.box is not None and s.published_split == "test"]
    assert set(photos) <= set(split.leak_free_test)


def test_split_does_not_depend_on_order(crop_set: Path) -> None:
    samples = read_dataset(crop_set)
    forward, backward = split_samples(samples), split_samples(samples[::-1])
    assert set(forward.train) == set(backward.train)
    assert set(forward.leak_free_test) == set(backward.leak_free_test)


def test_relatives_of_published_test_are_counted(crop_set: Path) -> None:
    assert split_samples(read_dataset(crop_set)).n_published_test_with_relative == 0
    source = sorted((crop_set / "Train" / "WithMask").iterdir())[0]
    shutil.copy(source, crop_set / "Test" / "WithMask" / "copy.jpg")
    assert split_samples(read_dataset(crop_set)).n_published_test_with_relative == 1


def test_held_out_set_and_its_look_alikes_are_not_learnt(crop_set: Path, photo_set: Path) -> None:
    source = sorted((crop_set / "Train" / "WithMask").iterdir())[0]
    shutil.copy(source, photo_set / "Train" / "Mask" / "twin.jpg")
    samples = read_dataset(crop_set) + read_dataset(photo_set, whole_photos=False)
    whole = split_samples(samples)
    part = split_samples(samples, hold_out=["photos"])
    learnt = [*part.train, *part.validation]
    assert {s.dataset for s in learnt} == {"crops"}
    assert source not in {s.path for s in learnt}
    assert set(part.train) < set(whole.train)
    assert part.leak_free_test == whole.leak_free_test
    assert part.published_test == whole.published_test


def test_unknown_set_to_hold_out_is_named(crop_set: Path) -> None:
    with pytest.raises(DataError, match="elsewhere"):
        split_samples(read_dataset(crop_set), hold_out=["elsewhere"])
