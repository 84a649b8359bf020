import numpy as np
import pytest

from maskdet_core.faces.nms import (
    MAX_WINDOWS,
    best_of_cells,
    cluster_members,
    distinct_faces,
    merge_clusters,
    non_maximum_suppression,
)
from maskdet_core.types import FaceBox


def merge(rows: list[tuple[float, ...]], min_score: float = -100.0) -> list[FaceBox]:
    table = np.array(rows, np.float64).reshape(-1, 5)
    return merge_clusters(table[:, :4], table[:, 4], min_score)


def test_no_windows_give_no_faces() -> None:
    assert merge([]) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # far apart: two faces, highest score first
        ([(0, 0, 20, 26, 1.0), (100, 0, 20, 26, 3.0)], [(100, 3.0), (0, 1.0)]),
        # the same window twice: the odds add up
        ([(0, 0, 20, 26, 2.0), (0, 0, 20, 26, 2.0)], [(0, 2.0 + np.log(2))]),
        # a small window nested in a higher scored large one is suppressed and does not add to it
        ([(0, 0, 60, 78, 5.0), (20, 20, 15, 20, 4.0)], [(0, 5.0)]),
        # so is a larger window around most of a higher scored one
        ([(0, 0, 40, 52, 5.0), (16, 0, 62, 80, 4.0)], [(0, 5.0)]),
        # but a button on a mask, though scored higher, does not suppress the face
        ([(20, 50, 15, 20, 5.0), (0, 0, 60, 78, 4.0)], [(20, 5.0), (0, 4.0)]),
    ],
)
def test_windows_become_faces(
    rows: list[tuple[float, ...]], expected: list[tuple[int, float]]
) -> None:
    faces = merge(rows)
    assert [face.x for face in faces] == [x for x, _ in expected]
    assert [face.score for face in faces] == pytest.approx([score for _, score in expected])


def test_box_is_the_mean_weighted_by_odds() -> None:
    (face,) = merge([(0, 0, 40, 50, 5.0), (10, 0, 40, 50, 0.0)])
    assert face.xywh == (0, 0, 40, 50)
    (face,) = merge([(0, 0, 40, 50, 5.0), (10, 0, 40, 50, 5.0)])
    assert face.xywh == (5, 0, 40, 50)


def test_many_low_scored_windows_that_agree_reach_the_minimum_score() -> None:
    assert merge([(0, 0, 20, 26, 0.0)], min_score=2.0) == []
    assert len(merge([(0, 0, 20, 26, 0.0)] * 8, min_score=2.0)) == 1


def test_huge_scores_do_not_overflow() -> None:
    (face,) = merge([(0, 0, 20, 26, 900.0), (0, 0, 20, 26, -900.0)])
    assert face.score == pytest.approx(900.0)


def test_work_is_bounded() -> None:
    rng = np.random.default_rng(0)
    n = 3 * MAX_WINDOWS
    boxes = np.column_stack([rng.uniform(0, 1e6, (n, 2)), np.full((n, 2), 20.0)])
    assert len(merge_clusters(boxes, rng.normal(size=n), -100.0)) <= MAX_WINDOWS


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


@pytest.mark.parametrize(("max_members", "expected"), [(8, [4, 3]), (1, [4]), (0, [])])
def test_cluster_members_are_the_others_by_score(max_members: int, expected: list[int]) -> None:
    assert cluster_members(BOXES, SCORES, 2, max_members).tolist() == expected


@pytest.mark.parametrize(("boxes", "scores"), [((3, 3), 3), ((3, 4), 2)])
def test_shapes_are_validated(boxes: tuple[int, int], scores: int) -> None:
    with pytest.raises(ValueError, match=r"expected boxes \(N, 4\)"):
        merge_clusters(np.zeros(boxes), np.zeros(scores), 0.0)


def test_a_stricter_overlap_keeps_what_differs_a_little() -> None:
    assert non_maximum_suppression(BOXES, SCORES, 0.95).tolist() == [1, 0, 2, 4, 3]


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
