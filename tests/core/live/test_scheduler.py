"""How often the finder runs for a viewer, and how often its faces are classified."""

import pytest

from maskdet_core import LiveProcessor
from maskdet_core.live.worker import OVERLOADED_BACKOFF
from tests.core.live.fakes import Clock, FakeFinder, FakeNetwork, MakeFrame, Step


def test_steady_face_is_classified_at_the_slow_interval(step: Step, network: FakeNetwork) -> None:
    for _ in range(60):
        step(dt=1 / 30)
    # a prediction every quarter of a second for 2 s
    assert 6 <= sum(map(len, network.crops)) <= 10


def test_finder_is_asked_for_small_faces_less_often(step: Step, finder: FakeFinder) -> None:
    for _ in range(90):
        step(dt=1 / 30)
    assert 2 <= finder.min_face_px.count(24) <= 3
    assert 4 <= finder.min_face_px.count(48) <= 5


def test_finder_runs_more_often_while_no_face_is_tracked(step: Step, finder: FakeFinder) -> None:
    finder.boxes = []
    for _ in range(90):
        step(dt=1 / 30)
    assert 9 <= len(finder.min_face_px) <= 11


def test_under_load_the_finder_backs_off_before_the_classifier(
    processor: LiveProcessor,
    make_frame: MakeFrame,
    clock: Clock,
    finder: FakeFinder,
    network: FakeNetwork,
) -> None:
    def numbers(backoff: float) -> tuple[int, int]:
        finder.min_face_px.clear()
        network.crops.clear()
        for _ in range(300):
            processor.recv(make_frame(320, 240))
            due = processor.due_at_s(backoff)
            if due is not None and due <= clock.now:
                processor.infer(backoff)
            clock.now += 1 / 30
        return len(finder.min_face_px), len(network.crops)

    n_finds, n_predictions = numbers(1.0)
    fewer_finds, as_many_predictions = numbers(OVERLOADED_BACKOFF)
    assert fewer_finds == pytest.approx(n_finds / OVERLOADED_BACKOFF, abs=2)
    assert as_many_predictions == pytest.approx(n_predictions, rel=0.2)
    assert numbers(2 * OVERLOADED_BACKOFF)[1] < 0.7 * n_predictions
