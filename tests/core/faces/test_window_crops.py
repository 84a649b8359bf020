import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces import window_crops
from maskdet_core.faces.window_crops import WindowCutter
from maskdet_core.faces.windows import boxes_of, windows_of


def test_crop_shows_the_window_with_its_surroundings(portrait: NDArray[np.uint8]) -> None:
    before = portrait.copy()
    (crop,) = WindowCutter(portrait).cut(np.array([[224.0, 117.0, 32.0]]), 1.5, 32)
    assert np.array_equal(portrait, before)
    part = portrait[117 - 24 : 117 + 24, 224 - 24 : 224 + 24]
    expected = cv2.resize(part, (32, 32), interpolation=cv2.INTER_LINEAR)
    assert np.abs(crop.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("side", [40.0, 90.0, 170.0])
def test_large_windows_are_averaged_not_sampled(side: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    (crop,) = WindowCutter(noise).cut(np.array([[200.0, 200.0, side]]), 1.5, 32)
    assert abs(crop.mean() - noise.mean()) < 6
    assert crop.std() < noise.std() / max(1.0, 1.5 * side / 32 / 2)


@pytest.mark.parametrize("side", [24.0, 150.0])
def test_a_smooth_picture_is_cut_at_its_place_from_every_copy(side: float) -> None:
    x = np.linspace(0, 250, 501)
    slope = np.rint(np.stack([np.tile(x, (333, 1))] * 3, axis=2)).astype(np.uint8)
    (crop,) = WindowCutter(slope).cut(np.array([[250.0, 160.0, side]]), 1.0, 32)
    # column j of the crop lies at 250 + (j + 0.5 - 16) * side / 32, half a pixel before its centre
    at = 250 + (np.arange(32) + 0.5 - 16) * side / 32 - 0.5
    assert np.abs(crop[16, :, 0] - at / 2).max() <= 1.5


def test_the_edge_is_repeated_outside() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, 0] = 200
    crops = WindowCutter(image).cut(np.array([[-40.0, 30.0, 20.0], [140.0, 30.0, 20.0]]), 1.5, 16)
    assert (crops[0] == 200).all()
    assert (crops[1] == 0).all()


def test_crops_keep_the_order_of_the_windows(portrait: NDArray[np.uint8]) -> None:
    windows = np.array([[100.0, 100, 30], [200, 150, 200], [300, 90, 40], [256, 256, 400]])
    cutter = WindowCutter(portrait)
    together = cutter.cut(windows, 1.5, 32)
    for window, crop in zip(windows, together, strict=True):
        assert np.array_equal(cutter.cut(window[None], 1.5, 32)[0], crop)
    assert cutter.cut(windows[:0], 1.5, 32).shape == (0, 32, 32, 3)


def test_long_pictures_and_many_windows_are_cut_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 300, 3), np.uint8)
    windows = np.column_stack([np.linspace(20, 280, 30), np.full(30, 20.0), np.full(30, 20.0)])
    whole = WindowCutter(image).cut(windows, 1.0, 16)
    monkeypatch.setattr(window_crops, "MAX_SIDE_PX", 320)
    assert np.array_equal(WindowCutter(image).cut(windows, 1.0, 16), whole)
    monkeypatch.setattr(window_crops, "MAX_SIDE_PX", 160)
    halved = WindowCutter(image).cut(windows, 1.0, 16)
    assert halved.shape == whole.shape
    assert halved.std() < whole.std()


def test_squares_windows_and_boxes_share_their_centres() -> None:
    windows = windows_of(np.array([[10.0, 20.0, 40.0]]))
    assert windows.tolist() == [[30.0, 40.0, 40.0]]
    assert boxes_of(windows)[0].tolist() == pytest.approx([30 - 15.4, 20.0, 30.8, 40.0])
