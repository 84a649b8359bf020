import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError, FaceBox
from maskdet_core.faces.opencv_finder import (
    CascadeSpec,
    OpenCvFaceFinder,
    SearchPass,
    merge_boxes,
    scaled,
    stock_finder,
    stock_spec,
)
from maskdet_core.faces.pyramid import grey_image

# By eye and by the reference detector: forehead to chin of the portrait.
FACE = FaceBox(184, 62, 80, 110, 1.0)


@pytest.mark.parametrize("preset", ["photo", "live"])
def test_real_face_is_found_in_the_reference_framing(
    preset: str, portrait: NDArray[np.uint8]
) -> None:
    before = portrait.copy()
    boxes = stock_finder(preset).find(portrait, min_face_px=40)
    assert boxes, "no face found"
    assert boxes[0].iou(FACE) > 0.6
    assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)
    assert np.array_equal(portrait, before)


@pytest.mark.parametrize("preset", ["photo", "live"])
@pytest.mark.parametrize("kind", ["black", "uniform", "noise"])
def test_nothing_is_found_where_there_is_nothing(preset: str, kind: str) -> None:
    image = {
        "black": np.zeros((240, 320, 3), np.uint8),
        "uniform": np.full((240, 320, 3), 128, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8),
    }[kind]
    assert stock_finder(preset).find(image, min_face_px=24) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (19, 19)])
@pytest.mark.parametrize("preset", ["photo", "live"])
def test_odd_sizes_hold_no_face(size: tuple[int, int], preset: str) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    assert stock_finder(preset).find(image, min_face_px=24) == []


def test_small_faces_are_left_out_on_request(portrait: NDArray[np.uint8]) -> None:
    boxes = stock_finder("photo").find(portrait, min_face_px=200)
    assert all(box.iou(FACE) < 0.3 for box in boxes)


def with_cascade(path: Path) -> list[SearchPass]:
    return [SearchPass((CascadeSpec(path),), side_px=200)]


def test_missing_cascade_is_an_error_at_load(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match=r"gone\.xml"):
        OpenCvFaceFinder(with_cascade(tmp_path / "gone.xml"))


@pytest.mark.parametrize("content", [b"", b"not a cascade", b"<opencv_storage></opencv_storage>"])
def test_empty_or_wrong_cascade_is_an_error_at_load(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.xml"
    path.write_bytes(content)
    with pytest.raises(CascadeError, match=r"broken\.xml"):
        OpenCvFaceFinder(with_cascade(path))


def test_cut_short_cascade_is_an_error_at_load(tmp_path: Path) -> None:
    path = tmp_path / "short.xml"
    shutil.copy(stock_spec("alt", 3).file, path)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(CascadeError, match=r"short\.xml"):
        OpenCvFaceFinder(with_cascade(path))


def test_no_cascade_and_unknown_preset_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one cascade"):
        OpenCvFaceFinder([])
    with pytest.raises(ValueError, match="preset"):
        stock_finder("quick")


def test_threads_find_the_same(portrait: NDArray[np.uint8]) -> None:
    finder = stock_finder("live")
    alone = finder.find(portrait, min_face_px=40)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: finder.find(portrait, min_face_px=40), range(12)))
    assert together == [alone] * 12


def test_grey_values_come_from_rgb_not_bgr() -> None:
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 0] = 255
    # ITU-R BT.601: 0.299 of red; the blue weight would give 29.
    assert np.all(grey_image(red) == 76)


@pytest.mark.parametrize(
    ("enlarge", "side", "shape"),
    [(True, 200, (100, 200)), (False, 200, (30, 60)), (False, 30, (15, 30))],
)
def test_picture_is_scaled_by_its_long_side(
    enlarge: bool, side: int, shape: tuple[int, int]
) -> None:
    grey, zoom = scaled(np.zeros((30, 60), np.uint8), SearchPass((), side, enlarge=enlarge))
    assert grey.shape == shape
    assert zoom == shape[1] / 60


def test_mapping_to_the_reference_framing() -> None:
    spec = CascadeSpec(Path("x"), width=0.5, height=1.5, shift_x=0.1, shift_y=0.2, weight=3.0)
    assert spec.reference_box((100.0, 200.0, 40.0), 5.0) == FaceBox(114, 198, 20, 60, 15.0)
    mirrored = CascadeSpec(
        Path("x"), width=0.5, height=1.5, shift_x=0.1, shift_y=0.2, weight=3.0, mirrored=True
    )
    assert mirrored.reference_box((100.0, 200.0, 40.0), 5.0).x == 106


def test_mirrored_cascade_sees_the_mirrored_picture(portrait: NDArray[np.uint8]) -> None:
    spec = stock_spec("alt2", 3)
    flipped = np.ascontiguousarray(portrait[:, ::-1])

    def best(image: NDArray[np.uint8], spec: CascadeSpec) -> FaceBox:
        return OpenCvFaceFinder([SearchPass((spec,), 512)]).find(image, min_face_px=40)[0]

    one, other = best(portrait, spec), best(flipped, replace(spec, mirrored=True))
    assert abs(other.x - (portrait.shape[1] - one.x - one.w)) <= 1
    assert other.y == one.y


def test_overlapping_boxes_become_one_the_best_scored() -> None:
    best, same = FaceBox(0, 0, 20, 20, 9.0), FaceBox(3, 3, 20, 20, 4.0)
    inside, other = FaceBox(5, 5, 6, 6, 8.0), FaceBox(100, 0, 20, 20, 1.0)
    assert merge_boxes([same, other, inside, best]) == [best, other]
