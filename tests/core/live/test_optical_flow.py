"""Boxes that follow the picture."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.live.appearance import has_changed, view
from maskdet_core.live.optical_flow import GREY_WIDTH_PX, follow, shrink

BOX = np.array([[240.0, 140.0, 120.0, 150.0]])


@pytest.fixture(scope="module")
def scene() -> NDArray[np.uint8]:
    noise = np.random.default_rng(2).integers(0, 256, (60, 80), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC), np.uint8)


def warped(scene: NDArray[np.uint8], dx: float, dy: float, zoom: float = 1.0) -> NDArray[np.uint8]:
    matrix = np.array([[zoom, 0, dx + 300 * (1 - zoom)], [0, zoom, dy + 215 * (1 - zoom)]])
    return np.asarray(
        cv2.warpAffine(scene, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1.2, -0.7), (10, 4), (-25, 12), (0, 30)])
def test_box_goes_with_its_face(scene: NDArray[np.uint8], dx: float, dy: float) -> None:
    moved = follow(shrink(scene), shrink(warped(scene, dx, dy)), BOX, 640)
    np.testing.assert_allclose(moved[0], BOX[0] + [dx, dy, 0, 0], atol=2.0)


@pytest.mark.parametrize("zoom", [0.95, 1.05, 1.1])
def test_box_grows_with_its_face(scene: NDArray[np.uint8], zoom: float) -> None:
    moved = follow(shrink(scene), shrink(warped(scene, 0, 0, zoom)), BOX, 640)
    np.testing.assert_allclose(moved[0, 2:], BOX[0, 2:] * zoom, rtol=0.02)
    np.testing.assert_allclose(moved[0, :2] + moved[0, 2:] / 2, [300, 215], atol=2.0)


def test_slow_motion_adds_up(scene: NDArray[np.uint8]) -> None:
    box, before = BOX, shrink(scene)
    for step in range(1, 31):
        now = shrink(warped(scene, 0.4 * step, 0))
        box, before = follow(before, now, box, 640), now
    assert box[0, 0] == pytest.approx(252, abs=1.5)


def test_each_of_many_goes_its_own_way(scene: NDArray[np.uint8]) -> None:
    now = scene.copy()
    now[:, :320] = warped(scene, 8, 0)[:, :320]
    now[:, 320:] = warped(scene, -8, 0)[:, 320:]
    boxes = np.array([[80.0, 100, 120, 150], [440, 100, 120, 150]])
    moved = follow(shrink(scene), shrink(now), boxes, 640)
    np.testing.assert_allclose(moved[:, 0] - boxes[:, 0], [8, -8], atol=1.5)


@pytest.mark.parametrize("level", [0, 128])
def test_nothing_to_follow_leaves_the_box_in_place(level: int) -> None:
    flat = np.full((240, 320), level, np.uint8)
    np.testing.assert_allclose(follow(flat, flat, BOX, 640), BOX, atol=1.0)
    outside = np.array([[-500.0, -500, 100, 100], [3000, 20, 50, 50]])
    assert np.isfinite(follow(flat, flat, outside, 640)).all()


def test_no_box_and_other_sizes() -> None:
    grey = np.zeros((240, 320), np.uint8)
    assert follow(grey, grey, np.empty((0, 4)), 320).shape == (0, 4)
    with pytest.raises(ValueError, match="one size"):
        follow(grey, grey[:100], BOX, 320)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (19, 19), (320, 240), (641, 479), (1, 5000)])
def test_pictures_shrink_to_a_bound_and_keep_their_shape(width: int, height: int) -> None:
    small = shrink(np.zeros((height, width), np.uint8))
    assert small.shape[1] == min(width, GREY_WIDTH_PX)
    assert small.shape[0] == max(1, round(height * small.shape[1] / width))


def test_a_mask_is_a_change_and_light_and_jitter_are_none(astronaut_rgb: NDArray[np.uint8]) -> None:
    grey = np.asarray(cv2.cvtColor(astronaut_rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    box = np.array([170.0, 65, 110, 130])
    before = view(grey, box, 512)
    darker = np.asarray(grey * 0.6, np.uint8)
    assert not has_changed(before, view(darker, box, 512))
    assert not has_changed(before, view(grey, np.add(box, [3, -2, 2, 2]), 512))
    masked = grey.copy()
    cv2.ellipse(masked, (225, 165), (42, 32), 0, 0, 360, 215, -1)
    assert has_changed(before, view(masked, box, 512))


def test_a_face_too_small_or_outside_says_nothing() -> None:
    grey = np.zeros((240, 320), np.uint8)
    assert view(grey, np.array([10.0, 10, 5, 5]), 320) is None
    assert view(grey, np.array([-90.0, 10, 50, 50]), 320) is None
    assert not has_changed(None, None)
