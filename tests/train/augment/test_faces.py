"""Augmentation: repeatable, and resampled by the serving crop."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from train.augment.faces import PLAIN, AugmentConfig, augmented_crop
from train.data.datasets import read_dataset
from train.data.images import plain_crop


def test_augmentation_is_a_function_of_sample_and_generator(crop_set: Path) -> None:
    sample = read_dataset(crop_set)[0]
    config = AugmentConfig()
    first = augmented_crop(sample, np.random.default_rng(5), config)
    again = augmented_crop(sample, np.random.default_rng(5), config)
    other = augmented_crop(sample, np.random.default_rng(6), config)
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_distortion_the_crop_is_the_plain_one_or_its_mirror_image(
    crop_set: Path, photo_set: Path
) -> None:
    none = replace(PLAIN, zoom=0.0, shear=0.0)
    mirrored = set()
    for sample in (read_dataset(crop_set)[0], read_dataset(photo_set)[0]):
        plain = plain_crop(sample)
        for seed in range(6):
            crop = augmented_crop(sample, np.random.default_rng(seed), none)
            is_plain = np.array_equal(crop, plain)
            assert is_plain or np.array_equal(crop, plain[:, ::-1])
            mirrored.add(not is_plain)
    assert mirrored == {False, True}


@pytest.mark.parametrize("angle", [20.0, 90.0])
def test_rotation_keeps_the_centre_of_the_face(photo_set: Path, angle: float) -> None:
    sample = read_dataset(photo_set)[0]
    config = replace(PLAIN, zoom=0.0, shear=0.0, rotation_deg=angle)
    middle = (slice(58, 70), slice(58, 70))
    plain = plain_crop(sample)[middle].mean(axis=(0, 1))
    for seed in range(6):
        crop = augmented_crop(sample, np.random.default_rng(seed), config)
        np.testing.assert_allclose(crop[middle].mean(axis=(0, 1)), plain, atol=6)
