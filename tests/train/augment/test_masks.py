"""Masks drawn on faces: where they lie, and that wrong ones leave nose or mouth free."""

import numpy as np
import pytest
from numpy.typing import NDArray

from train.augment.masks import MIN_EYE_DISTANCE_PX, MaskPainter, WrongWay

SIZE_PX = 160
EYES = ((60.0, 60.0), (100.0, 60.0))
DISTANCE_PX = 40
EYE_LEVEL_PX = 60


@pytest.fixture
def face() -> NDArray[np.uint8]:
    rows = np.linspace(90, 170, SIZE_PX)[:, None, None]
    return np.broadcast_to(rows, (SIZE_PX, SIZE_PX, 3)).astype(np.uint8)


def share_covered(
    face: NDArray[np.uint8], below_eyes: float, *, wrong: bool, way: WrongWay | None = None
) -> float:
    """Share of drawn masks that change the middle of the face so far below the eyes."""
    y = EYE_LEVEL_PX + round(below_eyes * DISTANCE_PX)
    changed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        drawn = MaskPainter().paint(face, EYES, rng, wrong=wrong, way=way)
        if drawn is not None:
            part = np.s_[y - 1 : y + 2, 78:83]
            changed += int(np.abs(drawn[part].astype(int) - face[part]).max() > 8)
    return changed / 40


def test_a_mask_worn_rightly_covers_nose_and_mouth(face: NDArray[np.uint8]) -> None:
    assert share_covered(face, 0.7, wrong=False) > 0.9
    assert share_covered(face, 1.1, wrong=False) > 0.9
    assert share_covered(face, -0.2, wrong=False) < 0.1


@pytest.mark.parametrize("way", ["below_nose", "chin"])
def test_a_mask_worn_wrongly_leaves_the_nose_free(face: NDArray[np.uint8], way: WrongWay) -> None:
    assert share_covered(face, 0.45, wrong=True, way=way) < 0.2
    assert share_covered(face, 1.75, wrong=True, way=way) > 0.8


def test_a_mask_on_the_chin_leaves_the_mouth_free(face: NDArray[np.uint8]) -> None:
    assert share_covered(face, 1.1, wrong=True, way="chin") < 0.2
    assert share_covered(face, 1.1, wrong=True, way="below_nose") > 0.8


def test_the_same_seed_draws_the_same_mask_and_leaves_the_picture_alone(
    face: NDArray[np.uint8],
) -> None:
    before = face.copy()
    first, second = (
        MaskPainter().paint(face, EYES, np.random.default_rng(7), wrong=True) for _ in range(2)
    )
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)
    assert np.array_equal(face, before)


def test_no_mask_where_the_eyes_are_too_close_or_the_face_leaves_the_picture(
    face: NDArray[np.uint8],
) -> None:
    rng = np.random.default_rng(0)
    close = ((80.0, 60.0), (80.0 + MIN_EYE_DISTANCE_PX / 2, 60.0))
    assert MaskPainter().paint(face, close, rng, wrong=False) is None
    low = ((60.0, 140.0), (100.0, 140.0))
    assert MaskPainter().paint(face, low, rng, wrong=False) is None


def test_a_mask_on_the_chin_is_seen_or_not_drawn(face: NDArray[np.uint8]) -> None:
    """A tightly framed face has no room for one: a label without its mask would be a lie."""
    tight = ((32.0, 56.0), (112.0, 56.0))
    drawn = [
        MaskPainter().paint(face, tight, np.random.default_rng(seed), wrong=True, way="chin")
        for seed in range(20)
    ]
    assert all(one is None for one in drawn)
    roomy = ((60.0, 40.0), (100.0, 40.0))
    for seed in range(20):
        one = MaskPainter().paint(face, roomy, np.random.default_rng(seed), wrong=True, way="chin")
        assert one is not None
        assert (np.abs(one.astype(int) - face).max(axis=2) > 8).mean() > 0.03


def test_a_turned_head_turns_the_mask(face: NDArray[np.uint8]) -> None:
    upright = MaskPainter().paint(face, EYES, np.random.default_rng(3), wrong=False)
    tilted_eyes = ((62.0, 52.0), (98.0, 68.0))
    tilted = MaskPainter().paint(face, tilted_eyes, np.random.default_rng(3), wrong=False)
    assert upright is not None
    assert tilted is not None
    centres = []
    for drawn in (upright, tilted):
        changed = np.abs(drawn.astype(int) - face).max(axis=2) > 8
        centres.append(np.argwhere(changed).mean(axis=0)[1])
    # the chin swings away from the lower eye
    assert centres[1] < centres[0] - 5
