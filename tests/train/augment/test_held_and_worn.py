"""Objects stay off, or lie on, the mouth as asked; cloth is varied."""

import numpy as np
import pytest
from numpy.typing import NDArray

from train.augment.fabrics import cloth, drapes, folds
from train.augment.objects import hold_object

SIZE_PX = 96
MOUTH = np.s_[66:80, 38:58]
NOSE = np.s_[44:62, 40:56]


@pytest.fixture
def face() -> NDArray[np.uint8]:
    return np.full((SIZE_PX, SIZE_PX, 3), 150, np.uint8)


def changed(face: NDArray[np.uint8], drawn: NDArray[np.uint8], part: tuple[slice, slice]) -> bool:
    return bool((np.abs(drawn[part].astype(int) - face[part]).max(axis=2) > 25).mean() > 0.15)


def test_objects_over_the_mouth_cover_it_and_others_do_not(face: NDArray[np.uint8]) -> None:
    over, beside = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        over += changed(face, hold_object(face, rng, over_mouth=True), MOUTH)
        beside += changed(face, hold_object(face, rng, over_mouth=False), MOUTH)
    assert over > 42
    assert beside < 6


def test_cloth_is_varied_and_in_range() -> None:
    skin = np.array([170.0, 130.0, 110.0])
    patches = [cloth(32, np.random.default_rng(seed), skin) for seed in range(40)]
    means = np.array([patch.mean(axis=(0, 1)) for patch in patches])
    assert min(patch.min() for patch in patches) >= 0
    assert max(patch.max() for patch in patches) <= 255
    assert means.std(axis=0).min() > 30
    for draw in (folds, drapes):
        lights = [draw(32, np.random.default_rng(seed)) for seed in range(20)]
        assert all(light.shape == (32, 32) for light in lights)
        assert min(light.min() for light in lights) >= 0.2
        assert max(light.max() for light in lights) <= 1.4
        assert max(light.std() for light in lights) > 0.05
