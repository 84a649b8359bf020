"""Clothing: it stays off mouth and nose, below the edge that is asked for, and is seen."""

import numpy as np
import pytest
from numpy.typing import NDArray

from train.augment.clothing import BELOW_LIPS, BELOW_NOSE, wear
from train.augment.overlay import Eyes, FaceAxes

SIZE_PX = 160
LEVEL: Eyes = ((60.0, 50.0), (100.0, 50.0))
TILTED: Eyes = ((66.0, 42.0), (98.0, 66.0))
N_SEEDS = 120


@pytest.fixture
def face() -> NDArray[np.uint8]:
    rows = np.linspace(90, 170, SIZE_PX)[:, None, None]
    return np.broadcast_to(rows, (SIZE_PX, SIZE_PX, 3)).astype(np.uint8)


def changed(
    face: NDArray[np.uint8], drawn: NDArray[np.uint8], eyes: Eyes, x: float, y: float
) -> bool:
    """Whether a spot of the face looks otherwise, more than by the shadow of cloth beside it."""
    ((column, row),) = FaceAxes.of(eyes).to_px(np.array([(x, y)])).round().astype(int)
    part = np.s_[row - 1 : row + 2, column - 1 : column + 2]
    before, after = face[part].astype(float), drawn[part].astype(float)
    # a shadow darkens all colours alike
    return bool((after > before + 8).any() or (after < 0.6 * before - 8).any())


def drawn_faces(face: NDArray[np.uint8], eyes: Eyes, highest: float) -> list[NDArray[np.uint8]]:
    return [
        wear(face, eyes, np.random.default_rng(seed), highest=highest) for seed in range(N_SEEDS)
    ]


@pytest.mark.parametrize("eyes", [LEVEL, TILTED])
def test_nose_and_mouth_stay_free(face: NDArray[np.uint8], eyes: Eyes) -> None:
    for drawn in drawn_faces(face, eyes, BELOW_LIPS):
        assert drawn.shape == face.shape
        assert drawn.dtype == np.uint8
        for spot in ((0, 0), (0, 0.7), (0, 1.1), (-0.35, 1.1), (0.35, 1.1), (0, 1.22)):
            assert not changed(face, drawn, eyes, *spot)


def test_many_reach_the_chin_and_some_the_mouth_where_they_may(face: NDArray[np.uint8]) -> None:
    def share(highest: float, y: float) -> float:
        drawn = drawn_faces(face, LEVEL, highest)
        return float(np.mean([changed(face, one, LEVEL, 0, y) for one in drawn]))

    assert share(BELOW_LIPS, 1.7) > 0.25
    assert share(BELOW_NOSE, 1.15) > 0.1
    assert share(BELOW_NOSE, 0.7) == 0
    assert share(2.0, 1.8) == 0


def test_cloth_at_the_neck_goes_on_beside_the_jaw(face: NDArray[np.uint8]) -> None:
    """A mask ends at the jaw: what tells a scarf from it must be seen."""
    beside = 0
    at_chin = 0
    for drawn in drawn_faces(face, LEVEL, BELOW_LIPS):
        if changed(face, drawn, LEVEL, 0, 1.8):
            at_chin += 1
            beside += any(changed(face, drawn, LEVEL, x, 2.1) for x in (-1.3, 1.3))
    assert at_chin > 30
    assert beside > 0.75 * at_chin


def test_the_same_seed_draws_the_same_and_leaves_the_picture_alone(
    face: NDArray[np.uint8],
) -> None:
    before = face.copy()
    for seed in range(10):
        first, second = (
            wear(face, LEVEL, np.random.default_rng(seed), highest=BELOW_LIPS) for _ in range(2)
        )
        assert np.array_equal(first, second)
    assert np.array_equal(face, before)


def test_clothing_differs_and_is_seen(face: NDArray[np.uint8]) -> None:
    drawn = drawn_faces(face, LEVEL, BELOW_LIPS)
    shares = np.array([(np.abs(one.astype(int) - face).max(axis=2) > 15).mean() for one in drawn])
    assert (shares > 0.02).mean() > 0.75
    assert shares.std() > 0.05
