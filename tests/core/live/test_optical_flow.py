"""Boxes moved by optical flow."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.live.optical_flow import GREY_WIDTH_PX, move_boxes, shrink

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
def test_box_moves_with_its_face(scene: NDArray[np.uint8], dx: float, dy: float) -> None:
    moved = move_boxes(shrink(scene), shrink(warped(scene, dx, dy)), BOX, 640)
    np.testing.assert_allclose(moved[0], BOX[0] + [dx, dy, 0, 0], atol=2.0)


@pytest.mark.parametrize("zoom", [0.95, 1.05, 1.1])
def test_box_scales_with_its_face(scene: NDArray[np.uint8], zoom: float) -> None:
    moved = move_boxes(shrink(scene), shrink(warped(scene, 0, 0, zoom)), BOX, 640)
    np.testing.assert_allclose(moved[0, 2:], BOX[0, 2:] * zoom, rtol=0.02)
    np.testing.assert_allclose(moved[0, :2] + moved[0, 2:] / 2, [300, 215], atol=2.0)


def test_slow_motion_adds_up(scene: NDArray[np.uint8]) -> None:
    box, before = BOX, shrink(scene)
    for step in range(1, 31):
        now = shrink(warped(scene, 0.4 * step, 0))
        box, before = move_boxes(before, now, box, 640), now
    assert box[0, 0] == pytest.approx(252, abs=1.5)


def test_several_boxes_move_independently(scene: NDArray[np.uint8]) -> None:
    now = scene.copy()
    now[:, :320] = warped(scene, 8, 0)[:, :320]
    now[:, 320:] = warped(scene, -8, 0)[:, 320:]
    boxes = np.array([[80.0, 100, 120, 150], [440, 100, 120, 150]])
    moved = move_boxes(shrink(scene), shrink(now), boxes, 640)
    np.testing.assert_allclose(moved[:, 0] - boxes[:, 0], [8, -8], atol=1.5)


@pytest.mark.parametrize("level", [0, 128])
def test_box_without_texture_stays(level: int) -> None:
    flat = np.full((240, 320), level, np.uint8)
    np.testing.assert_allclose(move_boxes(flat, flat, BOX, 640), BOX, atol=1.0)
    outside = np.array([[-500.0, -500, 100, 100], [3000, 20, 50, 50]])
    assert np.isfinite(move_boxes(flat, flat, outside, 640)).all()


def test_no_box_and_two_sizes() -> None:
    grey = np.zeros((240, 320), np.uint8)
    assert move_boxes(grey, grey, np.empty((0, 4)), 320).shape == (0, 4)
    with pytest.raises(ValueError, match="one size"):
        move_boxes(grey, grey[:100], BOX, 320)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (19, 19), (320, 240), (641, 479), (1, 5000)])
def test_images_are_shrunk_to_a_limit_and_keep_their_aspect_ratio(width: int, height: int) -> None:
    small = shrink(np.zeros((height, width), np.uint8))
    assert small.shape[1] == min(width, GREY_WIDTH_PX)
    assert small.shape[0] == max(1, round(height * small.shape[1] / width))
