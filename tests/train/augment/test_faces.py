"""Augmentation: repeatable, and resampled by the serving crop."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from train.augment.clothing import BELOW_LIPS
from train.augment.faces import PLAIN, AugmentConfig, augmented_crop
from train.augment.kit import AugmentKit
from train.data.faces.datasets import CLASSES, FaceSample, read_dataset
from train.data.faces.eyes import Eyes
from train.data.faces.images import plain_crop, read_rgb
from train.data.negatives.loose_boxes import loose_box_samples

STILL = replace(PLAIN, zoom=0.0, shear=0.0)
WITH_MASK, WORN_WRONG, WITHOUT_MASK = range(3)


class Painter:
    """Paints a mark on both eyes and notes what it was asked for."""

    def __init__(self, fits: bool = True) -> None:
        self.fits = fits
        self.eyes: list[Eyes] = []

    def paint(
        self, rgb: np.ndarray, /, eyes: Eyes, rng: np.random.Generator, *, wrong: bool
    ) -> np.ndarray | None:
        self.eyes.append(eyes)
        return np.full_like(rgb, 200 if wrong else 100) if self.fits else None


class Thing:
    """Fills the picture, and notes where it was asked to be."""

    def __init__(self) -> None:
        self.over_mouth: list[bool] = []

    def __call__(
        self, rgb: np.ndarray, rng: np.random.Generator, /, *, over_mouth: bool
    ) -> np.ndarray:
        self.over_mouth.append(over_mouth)
        return np.full_like(rgb, 50)


class Clothes:
    """Leaves the picture as it is, and notes where it was put."""

    def __init__(self) -> None:
        self.highest: list[float] = []
        self.eyes: list[Eyes] = []

    def __call__(
        self, rgb: np.ndarray, eyes: Eyes, rng: np.random.Generator, /, *, highest: float
    ) -> np.ndarray:
        self.highest.append(highest)
        self.eyes.append(eyes)
        return rgb


def test_augmentation_is_a_function_of_sample_and_generator(crop_set: Path) -> None:
    sample = read_dataset(crop_set)[0]
    config = AugmentConfig()
    first, label = augmented_crop(sample, np.random.default_rng(5), config)
    again, _ = augmented_crop(sample, np.random.default_rng(5), config)
    other, _ = augmented_crop(sample, np.random.default_rng(6), config)
    assert label == sample.label
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
            crop, _ = augmented_crop(sample, np.random.default_rng(seed), none)
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
        crop, _ = augmented_crop(sample, np.random.default_rng(seed), config)
        np.testing.assert_allclose(crop[middle].mean(axis=(0, 1)), plain, atol=6)


def bare_and_masked(crop_set: Path) -> tuple[FaceSample, FaceSample]:
    samples = read_dataset(crop_set)
    return samples[-1], next(s for s in samples if s.label == WITH_MASK)


def test_drawn_mask_changes_the_class_of_a_bare_face(crop_set: Path) -> None:
    bare, masked = bare_and_masked(crop_set)
    eyes = {bare: ((0.3, 0.4), (0.7, 0.4)), masked: ((0.3, 0.4), (0.7, 0.4))}
    kit = AugmentKit(masks=Painter(), eyes=eyes)
    config = replace(STILL, drawn_mask=0.3, drawn_wrong=0.3)
    levels = {WITH_MASK: 100, WORN_WRONG: 200}
    labels = []
    for seed in range(60):
        crop, label = augmented_crop(bare, np.random.default_rng(seed), config, kit)
        labels.append(label)
        if label in levels:
            assert (crop == levels[label]).all()
        else:
            assert not (crop == crop[0, 0]).all()
        assert augmented_crop(masked, np.random.default_rng(seed), config, kit)[1] == WITH_MASK
    assert all(9 < labels.count(label) < 36 for label in range(len(CLASSES)))


def test_without_sure_eyes_or_a_fitting_mask_the_face_stays_bare(crop_set: Path) -> None:
    bare, _ = bare_and_masked(crop_set)
    config = replace(STILL, drawn_mask=1.0)
    eyes = {bare: ((0.3, 0.4), (0.7, 0.4))}
    for kit in (AugmentKit(masks=Painter()), AugmentKit(masks=Painter(fits=False), eyes=eyes)):
        crop, label = augmented_crop(bare, np.random.default_rng(1), config, kit)
        assert label == WITHOUT_MASK
        assert len(np.unique(crop)) > 10


@pytest.mark.parametrize("in_photo", [True, False])
def test_eyes_move_with_the_face(in_photo: bool, photo_set: Path, crop_set: Path) -> None:
    """Two bright spots on black are still under the eyes' new places."""
    sample = read_dataset(photo_set)[-1] if in_photo else read_dataset(crop_set)[-1]
    assert sample.label == WITHOUT_MASK
    rgb = np.zeros_like(read_rgb(sample.path))
    eyes = ((0.3, 0.4), (0.75, 0.35))
    x0, y0, side = (40, 50, 80) if in_photo else (0, 0, 48)
    for x, y in eyes:
        cv2.circle(rgb, (round(x0 + side * x), round(y0 + side * y)), side // 16, (255,) * 3, -1)
    cv2.imwrite(str(sample.path), rgb)
    painter = Painter(fits=False)
    kit = AugmentKit(masks=painter, eyes={sample: eyes})
    config = replace(PLAIN, zoom=0.3, shift=0.1, rotation_deg=20, drawn_mask=1.0)
    for seed in range(12):
        crop, _ = augmented_crop(sample, np.random.default_rng(seed), config, kit)
        (lx, ly), (rx, ry) = painter.eyes[-1]
        assert lx < rx
        seen = [crop[round(y), round(x)].mean() for x, y in ((lx, ly), (rx, ry)) if 0 <= x < 127]
        assert seen and min(seen) > 120


def test_objects_cover_bare_mouths_and_never_what_tells_a_wrongly_worn_mask(
    wild: Path,
) -> None:
    by_label = {s.label: s for s in read_dataset(wild)}
    config = replace(STILL, objects=1.0)
    over = {}
    for label, sample in by_label.items():
        thing = Thing()
        for seed in range(40):
            rng = np.random.default_rng(seed)
            assert augmented_crop(sample, rng, config, AugmentKit(objects=thing))[1] == label
        over[label] = np.mean(thing.over_mouth)
    assert over[WITHOUT_MASK] == 1
    assert over[WORN_WRONG] == 0
    assert 0.1 < over[WITH_MASK] < 0.5


def test_clothing_is_put_on_all_classes_and_hides_no_mask_worn_wrong(wild: Path) -> None:
    config = replace(STILL, clothing=0.5)
    for sample in read_dataset(wild):
        clothes = Clothes()
        kit = AugmentKit(clothing=clothes, eyes={sample: ((0.3, 0.4), (0.7, 0.4))})
        for seed in range(100):
            augmented_crop(sample, np.random.default_rng(seed), config, kit)
        assert 35 < len(clothes.highest) < 65
        over_lips = np.mean(np.array(clothes.highest) < BELOW_LIPS)
        assert (0.1 < over_lips < 0.35) == (sample.label == WITHOUT_MASK)
        if sample.label == WORN_WRONG:
            # a mask on the chin is drawn from 1.3 to 2.3
            assert min(clothes.highest) > 2


def test_clothing_follows_the_eyes_or_where_they_are_presumed(photo_set: Path) -> None:
    sample = read_dataset(photo_set)[-1]
    config = replace(STILL, clothing=1.0)
    found, presumed = Clothes(), Clothes()
    eyes = {sample: ((0.2, 0.3), (0.6, 0.3))}
    for seed in range(20):
        for kit in (AugmentKit(clothing=found, eyes=eyes), AugmentKit(clothing=presumed)):
            augmented_crop(sample, np.random.default_rng(seed), config, kit)
    for (lx, ly), (rx, ry) in found.eyes:
        assert rx - lx == pytest.approx(0.4 * 128, abs=3)
        assert (ly, ry) == pytest.approx((0.3 * 128, 0.3 * 128), abs=3)
    for (lx, ly), (rx, ry) in presumed.eyes:
        assert rx - lx == pytest.approx(0.32 * 128, abs=3)
        assert (ly, ry) == pytest.approx((0.4 * 128, 0.4 * 128), abs=3)
    # what is not known is given more room
    assert min(presumed.highest) > BELOW_LIPS


def test_tilted_heads_are_as_many_as_asked_and_keep_left_and_right(crop_set: Path) -> None:
    sample = read_dataset(crop_set)[-1]
    config = replace(STILL, clothing=1.0, rotation_deg=10.0, tilted=0.5)
    angles = []
    for seed in range(200):
        kit = AugmentKit(clothing=(clothes := Clothes()))
        augmented_crop(sample, np.random.default_rng(seed), config, kit)
        ((lx, ly), (rx, ry)) = clothes.eyes[0]
        assert lx < rx
        angles.append(abs(np.rad2deg(np.arctan2(ry - ly, rx - lx))))
    beyond = np.mean(np.array(angles) > 10.5)
    # of those tilted, five in six are turned further than the others
    assert 0.32 < beyond < 0.52
    assert 50 < max(angles) < 61


def test_loose_boxes_get_nothing_laid_over_and_show_surroundings(photo_set: Path) -> None:
    sample = loose_box_samples(read_dataset(photo_set))[0]
    plain = plain_crop(read_dataset(photo_set)[0])
    everything = replace(STILL, objects=1.0, clothing=1.0, drawn_mask=1.0)
    thing, clothes = Thing(), Clothes()
    kit = AugmentKit(objects=thing, clothing=clothes, masks=Painter())
    crops = [
        augmented_crop(sample, np.random.default_rng(seed), everything, kit)[0] for seed in range(8)
    ]
    assert not thing.over_mouth
    assert not clothes.eyes
    differences = [np.abs(c.astype(int) - plain).mean() for c in crops]
    assert min(differences) > 5
