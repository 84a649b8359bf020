import numpy as np
import pytest

from train.proposals.haar import (
    WINDOW_PX,
    HaarFeature,
    feature_values,
    inverse_norm,
    random_features,
)


def test_random_features_are_distinct_balanced_and_repeatable() -> None:
    features = random_features(500, np.random.default_rng(1))
    assert len(set(features)) == 500
    assert features == random_features(500, np.random.default_rng(1))
    assert features != random_features(500, np.random.default_rng(2))
    # a feature that is not balanced would answer to the light and not to the pattern
    balance = [sum(w * h * weight for _, _, w, h, weight in f.rects) for f in features]
    assert np.allclose(balance, 0, atol=1e-3)


@pytest.mark.parametrize("window_px", [12, 16, 24])
def test_random_features_fill_a_window_of_any_size(window_px: int) -> None:
    features = random_features(300, np.random.default_rng(2), window_px)
    ends = np.array([(x + w, y + h) for f in features for x, y, w, h, _ in f.rects])
    assert ends.max(axis=0).tolist() == [window_px, window_px]


@pytest.mark.parametrize(
    ("rects", "message"),
    [
        ((), "1 to 3 rectangles, got 0"),
        (((0, 0, 4, 4, -1.0),) * 4, "1 to 3 rectangles, got 4"),
        (((0, 0, 4, 4, -1.0), (-1, 0, 4, 4, 1.0)), "leaves the window"),
        (((0, 0, 4, 4, -1.0), (0, 0, 0, 4, 1.0)), "leaves the window"),
    ],
)
def test_features_that_opencv_could_not_read_are_refused(
    rects: tuple[tuple[int, int, int, int, float], ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        HaarFeature(rects)


@pytest.mark.parametrize("rect", [(14, 0, 4, 4, 1.0), (0, 13, 4, 4, 1.0)])
def test_features_that_leave_the_windows_are_refused(
    rect: tuple[int, int, int, int, float],
) -> None:
    windows = np.zeros((1, WINDOW_PX, WINDOW_PX), np.uint8)
    with pytest.raises(ValueError, match="leaves the window of 16 x 16 px"):
        feature_values(windows, [HaarFeature((rect,))])


def test_value_is_the_weighted_sum_over_area_times_deviation() -> None:
    windows = np.random.default_rng(0).integers(0, 256, (3, WINDOW_PX, 30), np.uint8)
    feature = HaarFeature(((2, 3, 8, 6, -1.0), (2, 3, 4, 6, 2.0)))
    values = feature_values(windows, [feature])[:, 0]
    for window, value in zip(windows.astype(float), values, strict=True):
        total = 2 * window[3:9, 2:6].sum() - window[3:9, 2:10].sum()
        inner = window[1:-1, 1:-1]
        assert value == pytest.approx(total / (inner.size * inner.std()), rel=1e-5)


def test_values_do_not_depend_on_light_and_contrast() -> None:
    window = np.random.default_rng(0).integers(40, 120, (1, WINDOW_PX, WINDOW_PX), np.uint8)
    features = random_features(50, np.random.default_rng(4))
    brighter = (window * 2).astype(np.uint8)
    assert np.allclose(
        feature_values(window, features), feature_values(brighter, features), atol=1e-5
    )


@pytest.mark.parametrize(("contrast", "seen"), [(0, False), (9, False), (11, True)])
def test_windows_too_flat_for_opencv_are_marked(contrast: int, seen: bool) -> None:
    window = np.full((1, WINDOW_PX, WINDOW_PX), 100, np.uint8)
    # half of the pixels up, half down: the deviation is the contrast
    window[:, :, ::2] += np.uint8(contrast)
    window[:, :, 1::2] -= np.uint8(contrast)
    assert (inverse_norm(window) > 0).tolist() == [seen]


def test_no_window_and_no_feature_are_ordinary() -> None:
    none = np.empty((0, WINDOW_PX, WINDOW_PX), np.uint8)
    assert feature_values(none, random_features(3, np.random.default_rng(0))).shape == (0, 3)
    assert inverse_norm(none).shape == (0,)
    assert feature_values(np.zeros((2, WINDOW_PX, WINDOW_PX), np.uint8), []).shape == (2, 0)
