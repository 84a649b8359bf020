"""The tracker: faces move with the frames, results of earlier frames are brought to the newest."""

import numpy as np
import pytest

from maskdet_core import FaceBox, Verdict
from maskdet_core.live.frame import ArrayFrame
from maskdet_core.live.inference import FacePrediction, InferenceResult, InferenceTask
from maskdet_core.live.tracker import MAX_NOT_FACE, OUTDATED_S, FaceTracker
from maskdet_core.types import NO_PROBABILITIES, MaskProbabilities

BOX = FaceBox(80, 60, 80, 80, 3.0)
NEW_FACE = InferenceResult(
    {}, (FacePrediction(BOX, MaskProbabilities.of_two_classes(0.98), True),), {}
)


def frame(at_s: float, shift: int = 0, width: int = 320) -> ArrayFrame:
    """A textured patch over the box, moved to the right, on a plain background."""
    image = np.full((240, width, 3), 90, np.uint8)
    texture = np.random.default_rng(5).integers(0, 256, (10, 10, 1), dtype=np.uint8)
    image[60:140, 80 + shift : 160 + shift] = texture.repeat(8, axis=0).repeat(8, axis=1)
    return ArrayFrame(image, at_s)


@pytest.fixture
def tracker() -> FaceTracker:
    """A tracker with one face, found in its first frame at 0 s."""
    tracker, first = FaceTracker(), frame(0.0)
    tracker.update(first)
    tracker.apply(first, tracker.plan(first, 24, 1.0), NEW_FACE, 0.6)
    return tracker


def predicted(tracker: FaceTracker, at: ArrayFrame, p: float, *, is_face: bool = True) -> None:
    """Classify the tracked faces in a frame without the finder."""
    task = tracker.plan(at, 24, 1.0)
    task = InferenceTask(None, task.due, task.boxes)
    predictions = {
        i: FacePrediction(box, MaskProbabilities.of_two_classes(p), is_face)
        for i, box in task.due.items()
    }
    tracker.apply(at, task, InferenceResult({}, (), predictions), 0.6)


def test_a_new_face_is_shown_with_its_verdict(tracker: FaceTracker) -> None:
    (face,) = tracker.detections(frame(0.0), 0.6)
    assert (face.box.xywh, face.verdict) == (BOX.xywh, Verdict.WITH_MASK)
    assert tracker.oldest_look_s(0.0) == 0.0


def test_a_face_moves_with_the_frames(tracker: FaceTracker) -> None:
    for i in range(1, 6):
        newest = frame(0.03 * i, shift=4 * i)
        tracker.update(newest)
    (face,) = tracker.detections(newest, 0.6)
    assert face.box.x == pytest.approx(100, abs=2)


def test_a_face_found_in_an_earlier_frame_starts_where_it_is_now() -> None:
    tracker, then = FaceTracker(), frame(0.0)
    tracker.update(then)
    task = tracker.plan(then, 24, 1.0)
    newest = frame(0.2, shift=10)
    tracker.update(newest)
    tracker.apply(then, task, NEW_FACE, 0.6)
    (face,) = tracker.detections(newest, 0.6)
    assert face.box.x == pytest.approx(90, abs=2)


def test_a_changed_face_is_due_early(tracker: FaceTracker) -> None:
    at = frame(0.01)
    tracker.update(at)
    usual_s = tracker.due_at_s(1.0)
    image = at.rgb.copy()
    image[100:140, 80:160] = 250
    tracker.update(ArrayFrame(image, 0.02))
    assert tracker.due_at_s(1.0) < usual_s


def test_verdicts_are_smoothed(tracker: FaceTracker) -> None:
    for at_s, verdict in ((0.3, Verdict.WITH_MASK), (0.6, Verdict.WITHOUT_MASK)):
        newest = frame(at_s)
        tracker.update(newest)
        predicted(tracker, newest, 0.01)
        (face,) = tracker.detections(newest, 0.6)
        assert face.verdict is verdict


def test_predictions_of_no_face_end_the_track(tracker: FaceTracker) -> None:
    for n in range(1, MAX_NOT_FACE + 1):
        newest = frame(0.3 * n)
        assert len(tracker.detections(newest, 0.6)) == 1
        tracker.update(newest)
        predicted(tracker, newest, 0.9, is_face=False)
    assert len(tracker.detections(newest, 0.6)) == 0
    assert tracker.oldest_look_s(0.6) is None


def test_an_old_prediction_is_not_shown(tracker: FaceTracker) -> None:
    newest = frame(OUTDATED_S + 0.1)
    tracker.update(newest)
    shown = tracker.detections(newest, 0.6)
    assert (len(shown), len(shown.unjudged)) == (0, 1)
    assert tracker.oldest_look_s(newest.received_s) is None


def test_a_tracker_keeps_to_one_frame_size(tracker: FaceTracker) -> None:
    other = frame(0.1, width=640)
    assert not tracker.can_follow(other)
    with pytest.raises(ValueError, match="frame size"):
        tracker.update(other)
    assert FaceTracker().can_follow(other)


def test_faces_beyond_one_task_wait_for_their_first_look(tracker: FaceTracker) -> None:
    newest, waiting = frame(0.1), FaceBox(220, 60, 80, 80, 3.0)
    tracker.update(newest)
    task = InferenceTask(24, {}, {})
    tracker.apply(newest, task, InferenceResult({}, (), {}, (waiting,)), 0.6)
    shown = tracker.detections(newest, 0.6)
    assert (len(shown), [box.xywh for box in shown.unjudged]) == (1, [waiting.xywh])
    assert tracker.due_at_s(8.0) < newest.received_s
    predicted(tracker, newest, 0.98)
    shown = tracker.detections(newest, 0.6)
    assert (len(shown), len(shown.unjudged)) == (2, 0)


def test_what_the_first_look_says_is_no_face_is_gone_at_once(tracker: FaceTracker) -> None:
    newest, waiting = frame(0.1), FaceBox(220, 60, 80, 80, 3.0)
    tracker.update(newest)
    tracker.apply(newest, InferenceTask(24, {}, {}), InferenceResult({}, (), {}, (waiting,)), 0.6)
    predicted(tracker, newest, 0.5, is_face=False)
    shown = tracker.detections(newest, 0.6)
    assert (len(shown), shown.unjudged) == (1, ())


def test_a_look_without_an_answer_is_not_sure() -> None:
    tracker, first = FaceTracker(), frame(0.0)
    tracker.update(first)
    failed = FacePrediction(BOX, NO_PROBABILITIES, True)
    tracker.apply(first, tracker.plan(first, 24, 1.0), InferenceResult({}, (failed,), {}), 0.6)
    (face,) = tracker.detections(first, 0.6)
    assert face.verdict is Verdict.NOT_SURE
