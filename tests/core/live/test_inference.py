"""Inference on one frame: what runs, and how its result is split."""

import numpy as np
import pytest

from maskdet_core import FaceBox, MaskDetector
from maskdet_core.live.frame import ArrayFrame
from maskdet_core.live.inference import MAX_FACES_PER_TASK, InferenceTask, run_inference
from tests.core.live.fakes import FakeFinder, FakeNetwork

BOXES = {7: np.array([20.0, 20, 60, 60])}
TRACKED = FaceBox(20, 20, 60, 60, 2.0)
FOUND_AGAIN = FaceBox(24, 22, 60, 60, 5.0)
NEW = FaceBox(200, 100, 60, 60, 4.0)


@pytest.fixture
def detector(finder: FakeFinder, network: FakeNetwork) -> MaskDetector:
    finder.boxes = [FOUND_AGAIN, NEW]
    return MaskDetector(finder, network)


@pytest.fixture
def frame() -> ArrayFrame:
    return ArrayFrame(np.zeros((240, 320, 3), np.uint8), 100.0)


def test_found_boxes_are_matches_or_new_faces(detector: MaskDetector, frame: ArrayFrame) -> None:
    result = run_inference(detector, frame, InferenceTask(24, {}, BOXES))
    assert result.matches == {7: FOUND_AGAIN}
    assert [(face.box, face.probabilities.p_with_mask) for face in result.new_faces] == [
        (NEW, 0.97)
    ]
    assert result.predictions == {}


def test_without_the_finder_the_tracked_box_is_classified(
    detector: MaskDetector, frame: ArrayFrame, finder: FakeFinder
) -> None:
    result = run_inference(detector, frame, InferenceTask(None, {7: TRACKED}, BOXES))
    assert finder.min_face_px == []
    assert result.predictions[7].box == TRACKED
    assert (result.matches, result.new_faces) == ({}, ())


def test_a_face_found_again_is_classified_where_it_was_found(
    detector: MaskDetector, frame: ArrayFrame
) -> None:
    result = run_inference(detector, frame, InferenceTask(24, {7: TRACKED}, BOXES))
    assert result.predictions[7].box == FOUND_AGAIN


def test_rejected_candidates_are_no_new_faces(
    detector: MaskDetector, frame: ArrayFrame, network: FakeNetwork
) -> None:
    network.p_face = 0.0
    result = run_inference(detector, frame, InferenceTask(24, {7: TRACKED}, BOXES))
    assert result.new_faces == ()
    assert not result.predictions[7].is_face


def test_new_faces_in_one_task_are_limited(
    detector: MaskDetector, frame: ArrayFrame, finder: FakeFinder, network: FakeNetwork
) -> None:
    finder.boxes = [FaceBox(30 * i, 10, 25, 25) for i in range(10)]
    result = run_inference(detector, frame, InferenceTask(24, {}, {}))
    assert len(result.new_faces) == len(network.crops[0]) == MAX_FACES_PER_TASK
    assert result.not_looked_at == tuple(finder.boxes[MAX_FACES_PER_TASK:])


def test_nothing_due_runs_nothing(
    detector: MaskDetector, frame: ArrayFrame, finder: FakeFinder, network: FakeNetwork
) -> None:
    result = run_inference(detector, frame, InferenceTask(None, {}, BOXES))
    assert (result.matches, result.new_faces, result.predictions) == ({}, (), {})
    assert finder.min_face_px == network.crops == []
