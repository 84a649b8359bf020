"""Which faces an epoch draws."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from train.augment.kit import AugmentKit
from train.data.faces.datasets import OUTPUTS, FaceSample, read_dataset
from train.data.negatives.loose_boxes import loose_box_samples
from train.network.batches import AugmentedFaces, PlainFaces, kind_of
from train.network.config import FitConfig, NetworkConfig


def test_sets_are_drawn_by_the_root_of_their_size() -> None:
    samples = [
        FaceSample(Path(f"{name}{label}{i}"), label, name, "train", None)
        for name, n in (("big", 400), ("small", 25))
        for label in (0, 2)
        for i in range(n)
    ]

    def share_of_big(balance: float) -> float:
        config = FitConfig(batch_size=32, epoch_samples=960, set_balance=balance, seed=1)
        faces = AugmentedFaces(samples, config, epoch=0)
        drawn = [samples[i] for i in faces._order]
        assert [sample.label for sample in drawn[:5]] == [0, 2, 2, 0, 2]
        return float(np.mean([sample.dataset == "big" for sample in drawn]))

    assert share_of_big(1.0) == pytest.approx(16 / 17, abs=0.01)
    assert share_of_big(0.5) == pytest.approx(4 / 5, abs=0.01)
    assert share_of_big(0.0) == pytest.approx(1 / 2, abs=0.01)


def test_kinds_alternate_in_fixed_shares() -> None:
    samples = [
        *(FaceSample(Path(f"{label}"), label, "set", "train", None) for label in range(3)),
        FaceSample(Path("a"), 3, "set", "train", (0.1, 0.1, 0.1, 0.1), "false_alarm"),
        FaceSample(Path("b"), 3, "set", "train", (0.1, 0.1, 0.1, 0.1), "loose_box"),
        FaceSample(Path("c"), 3, "set", "train", (0.1, 0.1, 0.1, 0.1), "confirmed"),
    ]
    config = FitConfig(batch_size=11, epoch_samples=110, seed=1)
    faces = AugmentedFaces(samples, config, epoch=0)
    drawn = Counter(kind_of(samples[i]) for i in faces._order)
    assert drawn == {
        **{"with_mask": 20, "worn_wrong": 20, "without_mask": 30},
        **{"false_alarm": 10, "loose_box": 20, "confirmed": 10},
    }


def test_two_class_network_sees_neither_wrongly_worn_masks_nor_pictures_without_a_face(
    wild: Path, photo_set: Path
) -> None:
    class Two(NetworkConfig):
        outputs = ("with_mask", "without_mask")  # type: ignore[assignment]

    class Painter:
        asked: ClassVar[list[bool]] = []

        def paint(
            self, rgb: np.ndarray, /, eyes: object, rng: np.random.Generator, *, wrong: bool
        ) -> np.ndarray:
            self.asked.append(wrong)
            return rgb

    samples = [*read_dataset(wild), *loose_box_samples(read_dataset(photo_set))]
    config = FitConfig(batch_size=8, epoch_samples=16, seed=1, network=Two())
    config = replace(config, augment=replace(config.augment, drawn_mask=0.2, drawn_wrong=0.8))
    eyes = {sample: ((0.3, 0.4), (0.7, 0.4)) for sample in samples}
    faces = AugmentedFaces(samples, config, epoch=0, kit=AugmentKit(masks=Painter(), eyes=eyes))
    for index in range(len(faces)):
        batch = faces.drawn(index)
        assert {OUTPUTS[samples[i].label] for i in batch.members} == set(Two.outputs)
        assert set(batch.labels) <= {0, 1}
    assert Painter.asked and not any(Painter.asked)
    validation = PlainFaces(samples, batch_size=100, outputs=Two.outputs)
    assert Counter(validation[0][1].tolist()) == {0: 3, 1: 3}


def test_batch_names_its_samples_and_the_masks_drawn(wild: Path) -> None:
    class Painter:
        def paint(
            self, rgb: np.ndarray, /, eyes: object, rng: np.random.Generator, *, wrong: bool
        ) -> np.ndarray:
            return rgb

    samples = read_dataset(wild)
    config = FitConfig(batch_size=18, epoch_samples=18, seed=1)
    config = replace(config, augment=replace(config.augment, drawn_mask=1.0))
    eyes = {sample: ((0.3, 0.4), (0.7, 0.4)) for sample in samples}
    faces = AugmentedFaces(samples, config, epoch=0, kit=AugmentKit(masks=Painter(), eyes=eyes))
    batch = faces.drawn(0)
    labels = np.array([samples[i].label for i in batch.members])
    np.testing.assert_array_equal(batch.relabelled, labels == 2)
    np.testing.assert_array_equal(batch.labels, np.where(labels == 2, 0, labels))
    crops, again = faces[0]
    np.testing.assert_array_equal(crops, batch.crops.astype(np.float32))
    np.testing.assert_array_equal(again, batch.labels)
    faces.on_epoch_end()
    other = AugmentedFaces(samples, config, epoch=1, kit=AugmentKit(masks=Painter(), eyes=eyes))
    np.testing.assert_array_equal(faces[0][0], other[0][0])
    assert not np.array_equal(faces[0][0], crops)
