from pathlib import Path

import cv2
import numpy as np
import pytest

from train.augment.hands import split_hands
from train.data.faces.datasets import read_dataset
from train.data.faces.images import plain_crop
from train.evaluate.slices import is_blurred, is_dark, slices, with_hands


@pytest.mark.parametrize(("level", "dark"), [(20, True), (69, True), (71, False), (200, False)])
def test_dark_is_judged_by_luma(level: int, dark: bool) -> None:
    assert is_dark(np.full((128, 128, 3), level, np.uint8)) == dark


def test_blur_is_lack_of_detail() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    assert not is_blurred(noise)
    assert is_blurred(np.asarray(cv2.GaussianBlur(noise, (0, 0), 6), np.uint8))


def test_size_is_that_in_the_picture_not_of_the_crop(photo_set: Path, crop_set: Path) -> None:
    # 80 px high faces in photographs, crops of 48 px
    samples = [*read_dataset(photo_set), *read_dataset(crop_set)]
    crops = np.stack([plain_crop(s) for s in samples])
    parts = slices(samples, crops)
    assert parts["32 px and more"].all()
    assert not parts["below 32 px"].any()
    assert set(parts) == {"below 32 px", "32 px and more", "blurred", "dark"}


def test_test_hands_are_laid_the_same_each_time(crop_set: Path, hands: Path) -> None:
    samples = read_dataset(crop_set)[:6]
    _, held = split_hands(hands)
    covered = with_hands(samples, held)
    plain = np.stack([plain_crop(s) for s in samples])
    assert covered.shape == plain.shape and covered.dtype == np.uint8
    assert np.array_equal(covered, with_hands(samples, held))
    assert ((covered != plain).mean(axis=(1, 2, 3)) > 0.03).all()
