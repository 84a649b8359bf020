import numpy as np
import pytest

from maskdet_core.faces.nms import (
    best_of_cells,
    distinct_faces,
    is_in_head,
    non_maximum_suppression,
)
from maskdet_core.types import FaceBox

BOXES = np.array(
    [(0, 0, 20, 26), (2, 0, 20, 26), (100, 0, 20, 26), (101, 1, 20, 26), (102, 0, 20, 26)], float
)
SCORES = np.array([1.0, 2.0, -3.0, -5.0, -4.0])


def test_nms_keeps_the_best_window_of_each_cluster() -> None:
    assert non_maximum_suppression(BOXES, SCORES).tolist() == [1, 2]
    # the lowest score of all is kept too
    assert non_maximum_suppression(BOXES[[0, 2]], SCORES[[0, 2]]).tolist() == [0, 1]
    assert non_maximum_suppression(BOXES[:0], SCORES[:0]).tolist() == []


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        # the same cell: the better one
        ((4, 4, 20, 26), [1]),
        # another cell, another size, outside the image
        ((12, 0, 20, 26), [0, 1]),
        ((0, 12, 20, 26), [0, 1]),
        ((0, 0, 30, 39), [0, 1]),
        ((-4, 0, 20, 26), [0, 1]),
    ],
)
def test_best_window_of_each_cell_and_size(second: tuple[float, ...], expected: list[int]) -> None:
    boxes = np.array([(0, 0, 20, 26), second], np.float64)
    assert sorted(best_of_cells(boxes, np.array([1.0, 2.0]))) == expected
    assert best_of_cells(boxes[:0], np.empty(0)).tolist() == []


def test_a_stricter_overlap_keeps_what_differs_a_little() -> None:
    assert non_maximum_suppression(BOXES, SCORES, 0.95).tolist() == [1, 0, 2, 4, 3]


@pytest.mark.parametrize("most", [1, 3, 30, 200])
@pytest.mark.parametrize("spread_px", [60, 2_000])
def test_as_many_as_are_wanted_are_the_best_of_all(most: int, spread_px: int) -> None:
    rng = np.random.default_rng(most)
    corners = rng.uniform(0, spread_px, (300, 2))
    boxes = np.hstack([corners, np.full((300, 2), 26.0)])
    # few values, so that there are equal ones
    scores = rng.integers(-5, 5, 300).astype(np.float64)
    everything = non_maximum_suppression(boxes, scores)
    wanted = non_maximum_suppression(boxes, scores, most=most)
    assert wanted.tolist() == everything[:most].tolist()


def test_cells_keep_the_best_score_of_each() -> None:
    rng = np.random.default_rng(0)
    widths = rng.choice([20.0, 30.0, 45.0], 500)
    corners = rng.uniform(-30, 300, (500, 2))
    boxes = np.hstack([corners, widths[:, None], 1.3 * widths[:, None]])
    scores = rng.normal(size=500)
    best: dict[tuple[float, ...], int] = {}
    for i, (x, y, w, _) in enumerate(boxes.tolist()):
        cell = (w, x // (w / 2), y // (w / 2))
        if cell not in best or scores[i] > scores[best[cell]]:
            best[cell] = i
    assert sorted(best_of_cells(boxes, scores)) == sorted(best.values())


def kept(rows: list[tuple[float, ...]]) -> list[int]:
    table = np.array(rows, np.float64).reshape(-1, 5)
    return [int(index) for index in distinct_faces(table[:, :4], table[:, 4])]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        # far apart: two faces, highest score first
        ([(0, 0, 20, 26, 1.0), (100, 0, 20, 26, 3.0)], [1, 0]),
        # the same face twice
        ([(0, 0, 20, 26, 2.0), (3, 1, 20, 26, 2.5)], [1]),
        # a small box nested in a surer large one
        ([(0, 0, 60, 78, 5.0), (20, 20, 15, 20, 4.0)], [0]),
        # so is a larger one around most of a surer one
        ([(0, 0, 40, 52, 5.0), (16, 0, 62, 80, 4.0)], [0]),
        # but a button on a mask, though scored higher, does not suppress the face
        ([(20, 50, 15, 20, 5.0), (0, 0, 60, 78, 4.0)], [0, 1]),
        # what is suppressed suppresses nothing itself
        ([(0, 0, 20, 20, 3.0), (8, 0, 20, 20, 2.0), (16, 0, 20, 20, 1.0)], [0, 2]),
    ],
)
def test_one_box_is_kept_for_each_face(rows: list[tuple[float, ...]], expected: list[int]) -> None:
    assert kept(rows) == expected


@pytest.mark.parametrize(
    ("xywh", "score", "expected"),
    [
        ((70, 40, 20, 26), 0.5, True),  # an ear
        ((42, 88, 20, 26), 0.5, True),  # the collar
        ((52, 46, 40, 52), 0.5, True),  # the same face once more, moved aside
        ((52, 46, 40, 52), 2.5, False),  # a face that the finder is sure of, behind it
        ((70, 40, 20, 26), 5.5, False),  # surer than the face itself
        ((90, 40, 40, 52), 0.5, False),  # a face at its side
        ((42, 110, 20, 26), 0.5, False),  # the chest
    ],
)
def test_parts_of_the_head_of_a_surer_face_are_nobody(
    xywh: tuple[int, int, int, int], score: float, expected: bool
) -> None:
    face = FaceBox(40, 40, 40, 52, 5.0)
    assert is_in_head(FaceBox(*xywh, score), face) is expected


def test_of_two_unsure_boxes_on_one_head_the_surer_is_a_face() -> None:
    better, worse = FaceBox(40, 40, 40, 52, 1.0), FaceBox(46, 42, 40, 52, 0.5)
    assert is_in_head(worse, better)
    assert not is_in_head(better, worse)
    assert not is_in_head(better, better)
