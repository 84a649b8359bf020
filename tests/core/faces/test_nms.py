import numpy as np
import pytest

from maskdet_core.faces.nms import (
    MAX_CANDIDATES,
    cluster_members,
    merge_clusters,
    non_maximum_suppression,
)
from maskdet_core.types import FaceBox


def group(rows: list[tuple[float, ...]], min_score: float = -100.0) -> list[FaceBox]:
    table = np.array(rows, np.float64).reshape(-1, 5)
    return merge_clusters(table[:, :4], table[:, 4], min_score)


def test_nothing_is_an_ordinary_value() -> None:
    assert group([]) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # far apart: two faces, best first
        ([(0, 0, 20, 26, 1.0), (100, 0, 20, 26, 3.0)], [(100, 3.0), (0, 1.0)]),
        # the same place twice: the odds add up
        ([(0, 0, 20, 26, 2.0), (0, 0, 20, 26, 2.0)], [(0, 2.0 + np.log(2))]),
        # a small box inside a better large one is no face of its own and does not vote
        ([(0, 0, 60, 78, 5.0), (20, 20, 15, 20, 4.0)], [(0, 5.0)]),
        # nor is a larger box that swallows most of a better one
        ([(0, 0, 40, 52, 5.0), (16, 0, 62, 80, 4.0)], [(0, 5.0)]),
        # but a face is not hidden by a sure button on its mask
        ([(20, 50, 15, 20, 5.0), (0, 0, 60, 78, 4.0)], [(20, 5.0), (0, 4.0)]),
    ],
)
def test_candidates_become_faces(
    rows: list[tuple[float, ...]], expected: list[tuple[int, float]]
) -> None:
    faces = group(rows)
    assert [face.x for face in faces] == [x for x, _ in expected]
    assert [face.score for face in faces] == pytest.approx([score for _, score in expected])


def test_box_leans_to_the_surer_candidate() -> None:
    (face,) = group([(0, 0, 40, 50, 5.0), (10, 0, 40, 50, 0.0)])
    assert face.xywh == (0, 0, 40, 50)
    (face,) = group([(0, 0, 40, 50, 5.0), (10, 0, 40, 50, 5.0)])
    assert face.xywh == (5, 0, 40, 50)


def test_many_weak_windows_that_agree_count_like_a_sure_one() -> None:
    assert group([(0, 0, 20, 26, 0.0)], min_score=2.0) == []
    assert len(group([(0, 0, 20, 26, 0.0)] * 8, min_score=2.0)) == 1


def test_huge_scores_do_not_overflow() -> None:
    (face,) = group([(0, 0, 20, 26, 900.0), (0, 0, 20, 26, -900.0)])
    assert face.score == pytest.approx(900.0)


def test_work_is_bounded() -> None:
    rng = np.random.default_rng(0)
    n = 3 * MAX_CANDIDATES
    boxes = np.column_stack([rng.uniform(0, 1e6, (n, 2)), np.full((n, 2), 20.0)])
    assert len(merge_clusters(boxes, rng.normal(size=n), -100.0)) <= MAX_CANDIDATES


HEAPS = np.array(
    [(0, 0, 20, 26), (2, 0, 20, 26), (100, 0, 20, 26), (101, 1, 20, 26), (102, 0, 20, 26)], float
)
SCORES = np.array([1.0, 2.0, -3.0, -5.0, -4.0])


def test_one_candidate_stands_for_each_heap() -> None:
    assert non_maximum_suppression(HEAPS, SCORES).tolist() == [1, 2]
    # the worst of all counts too
    assert non_maximum_suppression(HEAPS[[0, 2]], SCORES[[0, 2]]).tolist() == [0, 1]
    assert non_maximum_suppression(HEAPS[:0], SCORES[:0]).tolist() == []


@pytest.mark.parametrize(("most", "expected"), [(8, [4, 3]), (1, [4]), (0, [])])
def test_neighbours_are_the_rest_of_the_heap(most: int, expected: list[int]) -> None:
    assert cluster_members(HEAPS, SCORES, 2, most).tolist() == expected


@pytest.mark.parametrize(("boxes", "scores"), [((3, 3), 3), ((3, 4), 2)])
def test_shapes_are_checked(boxes: tuple[int, int], scores: int) -> None:
    with pytest.raises(ValueError, match=r"expected boxes \(N, 4\)"):
        merge_clusters(np.zeros(boxes), np.zeros(scores), 0.0)
