import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import draw_activation_map
from maskdet_core.draw.activation_map import FULL_LOG_ODDS

GREY = np.full((64, 64, 3), 128, np.uint8)


def log_odds_with(**values: float) -> NDArray[np.float64]:
    """4 x 4 log odds, 0 but for the locations named "at<row>_<column>"."""
    log_odds = np.zeros((4, 4))
    for name, value in values.items():
        row, column = name.removeprefix("at").split("_")
        log_odds[int(row), int(column)] = value
    return log_odds


def test_locations_for_a_mask_are_blue_and_against_it_vermilion() -> None:
    picture = draw_activation_map(
        GREY, log_odds_with(at0_0=3 * FULL_LOG_ODDS, at3_3=-3 * FULL_LOG_ODDS), 128
    )
    for_mask, against = picture[4, 4].astype(int), picture[123, 123].astype(int)
    assert for_mask[2] > for_mask[0] + 60
    assert against[0] > against[2] + 60
    middle = picture[64, 64].astype(int)
    assert np.ptp(middle) < 12


def test_small_log_odds_stay_grey() -> None:
    picture = draw_activation_map(GREY, np.full((4, 4), FULL_LOG_ODDS / 20), 64).astype(int)
    assert np.ptp(picture, axis=2).max() < 16


def test_signs_distinguish_both_directions_without_colour() -> None:
    def strokes(value: float) -> tuple[int, int]:
        picture = draw_activation_map(GREY, log_odds_with(at1_1=value), 256)
        white = np.all(picture == 255, axis=2)
        return int(white.any(axis=1).sum()), int(white.any(axis=0).sum())

    high, wide = strokes(80.0)
    assert high == pytest.approx(wide, abs=2)
    high, wide = strokes(-80.0)
    assert high < wide / 2
    assert strokes(FULL_LOG_ODDS / 8) == (0, 0)


def test_locations_that_are_not_finite_stay_grey() -> None:
    picture = draw_activation_map(GREY, np.full((4, 4), np.nan), 64)
    assert np.array_equal(picture, np.full((64, 64, 3), 128, np.uint8))


def test_invalid_arguments_are_refused_and_the_crop_is_not_changed() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    before = crop.copy()
    assert draw_activation_map(crop, np.ones((1, 1)), 40).shape == (40, 40, 3)
    assert np.array_equal(crop, before)
    with pytest.raises(ValueError, match="rows, columns"):
        draw_activation_map(crop, np.ones(4))
    with pytest.raises(ValueError, match="1 or more"):
        draw_activation_map(crop, np.ones((2, 2)), 0)
