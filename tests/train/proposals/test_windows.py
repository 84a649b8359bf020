"""Positives and negatives: windows around faces, painted masks, and what is mined elsewhere."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from train.data.annotations.boxes import box_size, read_boxes
from train.data.faces.images import read_grey
from train.data.splits.finder_data import KnownFace, Scene
from train.errors import DataError
from train.proposals.faces import WindowConfig, bag_of_windows, random_window
from train.proposals.haar import WINDOW_PX
from train.proposals.mining import NEGATIVE_IOU, mine, overlaps
from train.proposals.painted_masks import paint_mask

FACE = (0.30, 0.25, 0.231, 0.40)


@pytest.fixture
def face(drawn_photos: Path) -> KnownFace:
    return KnownFace(drawn_photos / "Train/Non Mask/0.png", FACE, masked=False, in_photo=True)


def test_window_is_as_high_as_the_box_and_centred_on_it(face: KnownFace) -> None:
    cx, cy, side = face.square(160, 120)
    assert (cx, cy) == pytest.approx((66.48, 54.0))
    assert side == pytest.approx(48, rel=0.02)
    assert box_size(side) == pytest.approx((0.231 * 160, 0.4 * 120), rel=0.02)


def test_windows_follow_the_seed(face: KnownFace) -> None:
    one, again, other = (
        random_window(face, np.random.default_rng(seed), WindowConfig()) for seed in (1, 1, 2)
    )
    assert one.shape == (WINDOW_PX, WINDOW_PX) and one.dtype == np.uint8
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_bag_holds_the_steps_of_a_search(face: KnownFace) -> None:
    plain = WindowConfig(roll_deg=0, blur=0, light=0, jpeg=0, window_px=24, step=1.08)
    bag = bag_of_windows(face, np.random.default_rng(0), plain)
    assert bag.shape == (27, 24, 24)
    # the one in the middle holds a bright forehead over dark eyes
    assert bag[13][5, 11:13].min() > 180
    assert bag[13][8:12, 6:10].min() < 80
    assert len(np.unique(bag.reshape(27, -1), axis=0)) == 27


def test_windows_of_another_size_show_the_same(face: KnownFace) -> None:
    fixed = WindowConfig(shift=0, zoom=0, roll_deg=0, stretch=0, blur=0, light=0, jpeg=0, painted=0)
    large, small = (
        random_window(face, np.random.default_rng(0), replace(fixed, window_px=side))
        for side in (24, 16)
    )
    assert small.shape == (16, 16)
    shrunk = cv2.resize(large, (16, 16), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small).mean() < 6


def test_bag_spans_the_steps_of_the_pyramid(face: KnownFace) -> None:
    plain = WindowConfig(roll_deg=0, blur=0, light=0, jpeg=0)

    def spread(step: float) -> float:
        """How much the windows of one place but other sizes differ."""
        config = replace(plain, step=step)
        bag = bag_of_windows(face, np.random.default_rng(0), config).astype(int)
        assert bag.shape == (27, 16, 16)
        return float(np.abs(bag[4] - bag[22]).mean())

    assert spread(1.4) > 2 * spread(1.08)


def test_painted_mask_covers_mouth_and_leaves_eyes(face: KnownFace) -> None:
    grey = read_grey(face.path)
    before = grey.copy()
    cx, cy, side = face.square(160, 120)
    changed = np.mean(
        [paint_mask(grey, (cx, cy), side, np.random.default_rng(i)) != grey for i in range(20)],
        axis=0,
    )
    mouth_y, eyes_y = round(cy + 0.25 * side), round(cy - 0.15 * side)
    assert changed[mouth_y - 3 : mouth_y + 3, round(cx) - 6 : round(cx) + 6].mean() > 0.95
    assert changed[eyes_y - 2 : eyes_y + 2, round(cx) - 10 : round(cx) + 10].mean() < 0.05
    assert np.array_equal(grey, before)


def test_mined_windows_lie_off_the_faces(drawn_photos: Path) -> None:
    scenes = [Scene(p, (FACE,)) for p in sorted((drawn_photos / "Train/Mask").iterdir())]
    windows, visits = mine(None, scenes, 300, 5, most=20, max_visits=1000, window_px=WINDOW_PX)
    again, _ = mine(None, scenes, 300, 5, most=20, max_visits=1000, window_px=WINDOW_PX)
    assert windows.shape == (300, WINDOW_PX, WINDOW_PX)
    assert np.array_equal(windows, again)
    assert visits < 60
    large, _ = mine(None, scenes, 50, 5, most=20, max_visits=1000, window_px=24)
    assert large.shape == (50, 24, 24)


def test_a_ceiling_of_visits_ends_the_search(tmp_path: Path, drawn_photos: Path) -> None:
    scenes = [Scene(drawn_photos / "Train/Mask/0.png", (FACE,))]
    windows, visits = mine(None, scenes, 10_000, 5, most=20, max_visits=3, window_px=WINDOW_PX)
    assert visits == 3
    assert 0 < len(windows) <= 60


@pytest.mark.parametrize(
    ("x", "far"), [(42.0, False), (44.0, False), (110.0, True), (0.0, True), (-60.0, True)]
)
def test_overlap_tells_faces_from_the_rest(x: float, far: bool) -> None:
    box = np.array([[0.30 * 160, 0.25 * 120, 0.231 * 160, 0.40 * 120]])
    overlap = overlaps(np.array([[x, 30.0]]), 48.0, box)
    assert (overlap < NEGATIVE_IOU).tolist() == [[far]]


def test_missing_boxes_and_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"boxes\.json"):
        read_boxes(tmp_path)
    (tmp_path / "boxes.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match="one list of boxes"):
        read_boxes(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.jpg"):
        read_grey(tmp_path / "broken.jpg")
