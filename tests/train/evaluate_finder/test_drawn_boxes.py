from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdet_core.types import FaceBox
from train.data.annotations.photos import LabelledPhoto
from train.data.annotations.seen_boxes import SeenBoxes
from train.evaluate_finder.drawn_boxes import (
    DrawnTally,
    count,
    found_by_class,
    operating_point,
    score_at,
)


def photo(
    boxes: Sequence[tuple[float, float, float, float]], *, complete: bool = True
) -> LabelledPhoto:
    labels = ("with_mask", "without_mask", "worn_wrong")[: len(boxes)]
    return LabelledPhoto(Path("a.png"), 640, 480, "val", tuple(boxes), labels, complete)


def tallied(photographed: LabelledPhoto, found: Sequence[FaceBox]) -> DrawnTally:
    tally = DrawnTally()
    count(tally, photographed, found)
    return tally


def test_each_face_is_matched_with_one_box_and_the_rest_is_further() -> None:
    found = [FaceBox(0, 0, 40, 50, 5.0), FaceBox(2, 2, 40, 50, 4.0), FaceBox(200, 0, 40, 50, 3.0)]
    tally = tallied(photo([(0, 0, 40, 50), (100, 0, 40, 50)]), found)
    assert [face.score for face in tally.faces] == [5.0, None]
    assert sorted(tally.further) == [3.0, 4.0]


def test_pairs_of_high_overlap_come_first() -> None:
    # the first box overlaps both faces, the second one only the left face
    found = [FaceBox(16, 0, 40, 50, 1.0), FaceBox(2, 0, 40, 50, 2.0)]
    tally = tallied(photo([(0, 0, 40, 50), (25, 0, 40, 50)]), found)
    assert [face.score for face in tally.faces] == [2.0, 1.0]


@pytest.mark.parametrize(("complete", "further"), [(True, [1.0]), (False, [])])
def test_tiny_boxes_are_nothing_where_labels_may_lack(complete: bool, further: list[float]) -> None:
    tally = tallied(photo([], complete=complete), [FaceBox(0, 0, 15, 19, 1.0)])
    assert tally.further == further


def test_a_face_that_nobody_labelled_but_somebody_saw_is_no_false_one() -> None:
    seen = replace(photo([]), seen=SeenBoxes(face=((0, 0, 40, 50),), unclear=((90, 0, 40, 50),)))
    found = [FaceBox(4, 2, 40, 50, 2.0), FaceBox(90, 0, 40, 50, 1.0)]
    assert tallied(seen, found).further == [1.0]


def test_a_loose_box_finds_nobody() -> None:
    tally = tallied(photo([(0, 0, 20, 26)]), [FaceBox(0, 0, 60, 78, 1.0)])
    assert tally.faces[0].score is None
    assert tally.further == [1.0]


def test_recall_at_a_number_of_further_boxes() -> None:
    tally = DrawnTally()
    for score in (1.0, 2.0, 3.0, 4.0):
        found = [FaceBox(0, 0, 40, 50, score), FaceBox(90, 0, 40, 50, score - 0.5)]
        count(tally, photo([(0, 0, 40, 50)]), found)
    assert score_at(tally, 0.5) == 1.5
    assert score_at(tally, 9.0) == -np.inf
    shares = found_by_class(tally.faces, 1.5)
    assert (shares["with_mask"]["n"], shares["with_mask"]["n_found"]) == (4, 3)
    assert shares["worn_wrong"]["recall"] is None
    point = operating_point(tally, 1.5)
    assert point["further_per_photo"] == 0.5
    assert point["faces"]["48 px and more"]["with_mask"]["n_found"] == 3
    assert point["faces"]["24 px and more"]["worn_wrong"]["n"] == 0


def test_small_faces_count_only_among_the_small() -> None:
    point = operating_point(tallied(photo([(0, 0, 30, 40)]), [FaceBox(0, 0, 30, 40, 2.0)]), 1.0)
    assert point["faces"]["24 px and more"]["with_mask"]["n_found"] == 1
    assert point["faces"]["48 px and more"]["with_mask"]["n"] == 0


def test_a_noted_pose_goes_to_the_face_of_its_box_and_photograph() -> None:
    boxes = [(0.0, 0.0, 40.0, 50.0), (100.0, 0.0, 40.0, 50.0)]
    poses = {("a.png", boxes[1]): "profile", ("b.png", boxes[0]): "frontal"}
    tally = DrawnTally()
    count(tally, photo(boxes), [], poses)
    assert [face.pose for face in tally.faces] == ["", "profile"]
