"""Shades, sunglasses and cups fall where they should and nowhere else."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from train.augment.occlusion import hold_cup, shade_lower_face, wear_sunglasses

Draw = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]
FACE = np.full((128, 128, 3), 180, np.uint8)


def over_mouth(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    return hold_cup(rgb, rng, over_mouth=True)


@pytest.mark.parametrize(
    ("draw", "changed", "kept"),
    [
        (shade_lower_face, (slice(95, 115), slice(50, 78)), (slice(0, 30), slice(None))),
        (wear_sunglasses, (slice(44, 58), slice(30, 100)), (slice(90, 128), slice(None))),
        (over_mouth, (slice(90, 110), slice(50, 78)), (slice(0, 55), slice(None))),
    ],
)
def test_only_the_place_meant_changes(
    draw: Draw, changed: tuple[slice, slice], kept: tuple[slice, slice]
) -> None:
    for seed in range(20):
        drawn = draw(FACE, np.random.default_rng(seed))
        assert drawn.dtype == np.uint8
        assert drawn.shape == FACE.shape
        change = np.abs(drawn.astype(int) - 180)
        assert change[changed].mean() > 4
        assert change[kept].mean() < 2
    assert (FACE == 180).all()


def test_cup_beside_leaves_the_mouth() -> None:
    for seed in range(20):
        drawn = hold_cup(FACE, np.random.default_rng(seed), over_mouth=False)
        assert (drawn[85:100, 58:70] == 180).all()


def test_same_seed_draws_the_same() -> None:
    for draw in (shade_lower_face, wear_sunglasses, over_mouth):
        first, second = (draw(FACE, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
