import math

import numpy as np
import pytest

from maskdet_core import Detections, Face, FaceBox, Verdict
from maskdet_core.types import MaskProbabilities, Predictions, decide


@pytest.mark.parametrize(
    ("p", "c", "verdict"),
    [
        (0.6, 0.6, Verdict.WITH_MASK),
        (0.59, 0.6, Verdict.NOT_SURE),
        (0.41, 0.6, Verdict.NOT_SURE),
        (0.4, 0.6, Verdict.WITHOUT_MASK),
        (0.5, 0.5, Verdict.WITH_MASK),
        (1.0, 0.99, Verdict.WITH_MASK),
        (0.0, 0.99, Verdict.WITHOUT_MASK),
        (math.nan, 0.6, Verdict.NOT_SURE),
        (math.inf, 0.6, Verdict.NOT_SURE),
        (-math.inf, 0.6, Verdict.NOT_SURE),
        (1.5, 0.6, Verdict.NOT_SURE),
    ],
)
def test_decide(p: float, c: float, verdict: Verdict) -> None:
    assert decide(MaskProbabilities.of_two_classes(p), c) is verdict


@pytest.mark.parametrize(
    ("probabilities", "verdict", "of_two"),
    [
        ((0.7, 0.2, 0.1), Verdict.WITH_MASK, Verdict.WITH_MASK),
        ((0.2, 0.7, 0.1), Verdict.WORN_WRONG, Verdict.WITHOUT_MASK),
        ((0.1, 0.2, 0.7), Verdict.WITHOUT_MASK, Verdict.WITHOUT_MASK),
        ((0.1, 0.5, 0.4), Verdict.NOT_SURE, Verdict.WITHOUT_MASK),
        ((0.5, 0.5, 0.0), Verdict.NOT_SURE, Verdict.NOT_SURE),
        ((0.2, math.nan, 0.8), Verdict.NOT_SURE, Verdict.NOT_SURE),
    ],
)
def test_decide_among_three_classes_and_two(
    probabilities: tuple[float, float, float], verdict: Verdict, of_two: Verdict
) -> None:
    three = MaskProbabilities(*probabilities)
    assert decide(three, 0.6) is verdict
    assert decide(three, 0.6, two_classes=True) is of_two
    found = Detections(8, 8, (Face(FaceBox(0, 0, 4, 4), *three, Verdict.NOT_SURE),))
    assert found.with_min_confidence(0.6).faces[0].verdict is verdict
    assert found.with_min_confidence(0.6, two_classes=True).faces[0].verdict is of_two


def test_probability_that_a_verdict_rests_on() -> None:
    three = MaskProbabilities(0.05, 0.25, 0.7)
    assert [three.of_verdict(verdict) for verdict in Verdict] == [0.05, 0.25, 0.7, 0.7]
    of_two = [three.of_verdict(verdict, two_classes=True) for verdict in Verdict]
    assert of_two == [0.05, 0.0, 0.95, 0.95]


def test_detections_know_how_their_verdicts_were_decided() -> None:
    face = Face(FaceBox(0, 0, 4, 4), 0.05, 0.25, 0.7, Verdict.NOT_SURE)
    found = Detections(8, 8, (face,))
    of_two = found.with_min_confidence(0.6, two_classes=True)
    assert (found.two_classes, of_two.two_classes) == (False, True)
    assert of_two.resized(16, 16).two_classes
    assert not of_two.with_min_confidence(0.6).two_classes


def test_predictions_of_two_classes_have_no_mask_worn_wrong() -> None:
    predictions = Predictions.of_two_classes(np.array([0.25, math.nan]), np.ones(2))
    first, failed = predictions
    assert first == (0.25, 0.0, 0.75)
    assert all(math.isnan(p) for p in failed)
    assert not failed.are_valid


@pytest.mark.parametrize("c", [0.49, 1.0, math.nan, math.inf])
def test_decide_refuses_a_threshold_out_of_range(c: float) -> None:
    with pytest.raises(ValueError, match="min_confidence"):
        decide(MaskProbabilities.of_two_classes(0.9), c)


@pytest.mark.parametrize(("w", "h"), [(0, 5), (5, 0), (-1, 5)])
def test_empty_box_is_refused(w: int, h: int) -> None:
    with pytest.raises(ValueError, match="at least 1 px"):
        FaceBox(0, 0, w, h, 1.0)


def test_box_is_clipped_to_the_image() -> None:
    assert FaceBox(-5, -6, 20, 30, 2.0).clipped(10, 12) == FaceBox(0, 0, 10, 12, 2.0)
    assert FaceBox(10, 0, 5, 5, 2.0).clipped(10, 12) is None


def test_overlaps() -> None:
    small, large = FaceBox(0, 0, 10, 10, 1.0), FaceBox(5, 0, 20, 10, 1.0)
    assert small.iou(large) == pytest.approx(50 / 250)
    assert small.intersection_over_smaller(large) == pytest.approx(0.5)
    assert small.iou(FaceBox(20, 20, 5, 5, 1.0)) == 0.0


def test_detections_count_and_apply_another_threshold() -> None:
    box = FaceBox(0, 0, 4, 4, 1.0)
    beyond = FaceBox(4, 4, 4, 4, 0.5)
    faces = tuple(
        Face.of_two_classes(box, p, decide(MaskProbabilities.of_two_classes(p), 0.6))
        for p in (0.95, 0.7, 0.1, math.nan)
    )
    found = Detections(8, 8, faces, unjudged=(beyond,))
    assert [found.count(verdict) for verdict in Verdict] == [2, 0, 1, 1]
    stricter = found.with_min_confidence(0.92)
    assert [stricter.count(verdict) for verdict in Verdict] == [1, 0, 0, 3]
    assert (stricter.unjudged, len(stricter)) == ((beyond,), 4)
    assert found.boxes == (box, box, box, box, beyond)
    assert len(found.faces) == len(list(found))


@pytest.mark.parametrize("size", [(200, 100), (50, 25), (7, 3), (1, 1)])
def test_resized_boxes_stay_inside_and_in_proportion(size: tuple[int, int]) -> None:
    boxes = (FaceBox(0, 0, 30, 20, 1.0), FaceBox(90, 40, 10, 10, 0.5), FaceBox(99, 49, 1, 1))
    faces = tuple(Face.of_two_classes(box, 0.9, Verdict.WITH_MASK) for box in boxes)
    found = Detections(100, 50, faces, unjudged=boxes).resized(*size)
    assert (found.width_px, found.height_px) == size
    assert found.boxes[:3] == found.boxes[3:]
    wide = size[0] / 100
    assert all(
        abs(new.w - old.w * wide) <= 1 for new, old in zip(found.boxes, boxes * 2, strict=True)
    )
    assert [face.p_with_mask for face in found] == [0.9] * 3


def test_face_outside_the_image_is_refused() -> None:
    face = Face.of_two_classes(FaceBox(5, 5, 10, 10, 1.0), 0.9, Verdict.WITH_MASK)
    with pytest.raises(ValueError, match="not inside"):
        Detections(12, 12, (face,))
    with pytest.raises(ValueError, match="not inside"):
        Detections(12, 12, unjudged=(face.box,))
