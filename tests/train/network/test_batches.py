"""Which faces an epoch draws."""

from pathlib import Path

import numpy as np
import pytest

from train.data.datasets import FaceSample
from train.network.batches import AugmentedFaces
from train.network.config import FitConfig


def test_sets_are_drawn_by_the_root_of_their_size() -> None:
    samples = [
        FaceSample(Path(f"{name}{label}{i}"), label, name, "train", None)
        for name, n in (("big", 400), ("small", 25))
        for label in (0, 1)
        for i in range(n)
    ]

    def share_of_big(balance: float) -> float:
        config = FitConfig(batch_size=32, epoch_samples=960, set_balance=balance, seed=1)
        faces = AugmentedFaces(samples, config, epoch=0, hands=None)
        drawn = [samples[i] for i in faces._order]
        assert [sample.label for sample in drawn[:4]] == [0, 1, 0, 1]
        return float(np.mean([sample.dataset == "big" for sample in drawn]))

    assert share_of_big(1.0) == pytest.approx(16 / 17, abs=0.01)
    assert share_of_big(0.5) == pytest.approx(4 / 5, abs=0.01)
    assert share_of_big(0.0) == pytest.approx(1 / 2, abs=0.01)
