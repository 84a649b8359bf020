import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.conftest import write_picture
from train.data.faces.datasets import read_dataset
from train.data.splits.look_alikes import look_alikes
from train.data.splits.split import group_samples, split_samples
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


def test_no_relative_of_a_test_face_is_trained_on(
    crop_set: Path, photo_set: Path, street_photos: Path, wild: Path
) -> None:
    copies = ((wild, "test/with_mask"), (street_photos, "photos"), (photo_set, "Test/Mask"))
    for root, folder in copies:
        for path in (root / folder).iterdir():
            shutil.copy(path, crop_set / "Train" / "WithMask" / f"{root.name}-{path.name}")
    samples = [s for r in (crop_set, photo_set, street_photos, wild) for s in read_dataset(r)]
    split = split_samples(samples)
    groups = dict(zip(samples, group_samples(samples), strict=True))
    train = {groups[s] for s in split.train}
    assert train
    assert not train & {groups[s] for s in split.leak_free_test}
    assert not train & {groups[s] for s in split.validation}
    for test in (split.street_test, split.wild_test):
        assert test
        assert not {groups[s] for s in test} & (train | {groups[s] for s in split.validation})
    assert not set(split.train) & set(split.published_test)
    photos = [s for s in samples if s.dataset == "photos" and s.published_split == "test"]
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


def test_named_tests_take_their_own_parts_only(
    crop_set: Path, street_photos: Path, wild: Path
) -> None:
    samples = [s for r in (crop_set, street_photos, wild) for s in read_dataset(r)]
    split = split_samples(samples)
    street = {(s.published_split, s.path.stem) for s in split.street_test}
    assert street == {("validation", "street_0005"), ("test", "street_0006")}
    assert len(split.wild_test) == 3
    assert {s.dataset for s in [*split.leak_free_test, *split.published_test]} == {"crops"}
    assert {s.published_split for s in split.validation if s.dataset == wild.name} == {"validation"}


def test_crops_of_a_photo_go_where_the_photo_goes(street_photos: Path, tmp_path: Path) -> None:
    root = tmp_path / "street-853"
    for i in range(1, 7):
        for j, folder in enumerate(("mask", "no_mask", "incorrect_mask")):
            part = ("train", "val", "test")[max(0, i - 4)]
            path = root / part / folder / f"maksssksksss{i}_{i * 10 + j:05d}.jpg"
            write_picture(path, 5000 + 10 * i + j)
    samples = read_dataset(street_photos) + read_dataset(root)
    groups = {s.key: g for s, g in zip(samples, group_samples(samples), strict=True)}
    assert len(set(groups.values())) == 6
    split = split_samples(samples)
    numbers = [
        {int(re.findall(r"\d+", s.path.stem)[0]) for s in side}
        for side in (split.train, split.validation, split.street_test)
    ]
    assert numbers[2] == {5, 6}
    assert not numbers[0] & (numbers[1] | numbers[2])
    assert all(s.published_split != "test" for s in split.train)


def test_look_alikes_are_those_of_few_bits() -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (300, 128), dtype=np.uint8)
    mirrored = rng.integers(0, 2, (300, 128), dtype=np.uint8)
    for i, n in ((10, 5), (20, 6)):
        bits[200 + i] = bits[i]
        bits[200 + i, rng.choice(128, n, replace=False)] ^= 1
    mirrored[7] = bits[250]
    pairs = set(look_alikes(np.packbits(bits, axis=1), np.packbits(mirrored, axis=1)))
    assert {frozenset(pair) for pair in pairs} == {frozenset((10, 210)), frozenset((7, 250))}
