"""What every face finder must do, tested over all of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import load_finder
from maskdet_core.faces.finder import FaceFinder, Fingerprint
from tests.core.faces.pictures import FACE

FINDERS = {
    "cascades, photo": ("photo", None),
    "cascades, live": ("live", None),
    "stock": ("photo", "stock"),
}


def load(name: str) -> FaceFinder:
    preset, finder = FINDERS[name]
    return load_finder(preset, finder)


@pytest.fixture(scope="module", params=FINDERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def finder(name: str) -> FaceFinder:
    return load(name)


def test_face_is_found_in_the_reference_framing(
    finder: FaceFinder, portrait: NDArray[np.uint8]
) -> None:
    boxes = finder.find(portrait, min_face_px=40)
    assert boxes, "no face found"
    assert boxes[0].iou(FACE) > 0.6


def test_boxes_are_sorted_by_score_and_touch_the_image(
    finder: FaceFinder, portrait: NDArray[np.uint8]
) -> None:
    # three copies of different contrast, so that there are several scores
    row = np.concatenate([portrait, portrait // 2, portrait // 2 + 60], axis=1)
    boxes = finder.find(row, min_face_px=40)
    assert len(boxes) >= 3
    assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)
    assert len({box.score for box in boxes}) > 1
    height, width = row.shape[:2]
    assert all(box.clipped(width, height) is not None for box in boxes)


def test_image_is_not_changed_and_may_be_a_read_only_view(
    finder: FaceFinder, portrait: NDArray[np.uint8]
) -> None:
    before = portrait.copy()
    view = portrait[:, ::-1]
    view.flags.writeable = False
    boxes = finder.find(view, min_face_px=40)
    assert boxes == finder.find(np.ascontiguousarray(view), min_face_px=40)
    assert np.array_equal(portrait, before)


def test_blank_image_has_no_face(finder: FaceFinder, blank_image: NDArray[np.uint8]) -> None:
    assert finder.find(blank_image, min_face_px=24) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (19, 19)])
def test_odd_sizes_have_no_face(size: tuple[int, int], finder: FaceFinder) -> None:
    assert finder.find(np.full((*size, 3), 90, np.uint8), min_face_px=24) == []


def test_faces_below_the_minimum_height_are_left_out(
    finder: FaceFinder, portrait: NDArray[np.uint8]
) -> None:
    boxes = finder.find(portrait, min_face_px=200)
    assert all(box.iou(FACE) < 0.3 for box in boxes)


@pytest.mark.parametrize("min_face_px", [0, -5])
def test_minimum_height_below_one_pixel_is_refused(min_face_px: int, finder: FaceFinder) -> None:
    with pytest.raises(ValueError, match="min_face_px must be 1 or more"):
        finder.find(np.zeros((40, 40, 3), np.uint8), min_face_px=min_face_px)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((40, 40, 3)), "dtype uint8"),
        (np.zeros((40, 40), np.uint8), "shape"),
        (np.zeros((40, 40, 4), np.uint8), "shape"),
        (np.zeros((0, 40, 3), np.uint8), "shape"),
        ([[1, 2, 3]], "numpy array"),
    ],
)
def test_other_arrays_are_refused(image: Any, message: str, finder: FaceFinder) -> None:
    with pytest.raises(ValueError, match=message):
        finder.find(image, min_face_px=24)


def test_threads_find_the_same(finder: FaceFinder, portrait: NDArray[np.uint8]) -> None:
    small = np.ascontiguousarray(portrait[:256, 96:352])
    alone = finder.find(small, min_face_px=60)
    assert alone
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: finder.find(small, min_face_px=60), range(12)))
    assert together == [alone] * 12


def test_scores_say_whether_they_are_log_odds(name: str, finder: FaceFinder) -> None:
    assert finder.scores_are_log_odds is name.startswith("cascades")


def test_fingerprint_is_stable_and_of_json_types(name: str, finder: FaceFinder) -> None:
    fingerprint = finder.fingerprint
    assert set(fingerprint) == set(Fingerprint.__annotations__)
    assert json.loads(json.dumps(fingerprint)) == fingerprint
    assert load(name).fingerprint == fingerprint


def test_fingerprints_of_all_finders_differ() -> None:
    fingerprints = [json.dumps(load(name).fingerprint, sort_keys=True) for name in FINDERS]
    assert len(set(fingerprints)) == len(FINDERS)
