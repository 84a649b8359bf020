"""How often a viewer's faces are searched for and looked at."""

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import LiveProcessor
from maskdet_core.live.worker import OVERLOADED
from maskdet_core.types import Predictions
from tests.core.live.fakes import Clock, Finder, FrameMaker, Network, Turn, counts


def test_faces_are_looked_at_again_only_now_and_then(turn: Turn, network: Network) -> None:
    for _ in range(60):
        turn(dt=1 / 30)
    # 2 s with a look every quarter of a second, in 60 frames
    assert 6 <= sum(len(seen) for seen in network.seen) <= 10


def test_small_faces_are_searched_for_less_often(turn: Turn, finder: Finder) -> None:
    for _ in range(90):
        turn(dt=1 / 30)
    assert 2 <= finder.asked_px.count(24) <= 3
    assert 4 <= finder.asked_px.count(48) <= 5


def test_searches_are_more_frequent_while_there_is_no_face(turn: Turn, finder: Finder) -> None:
    finder.boxes = []
    for _ in range(90):
        turn(dt=1 / 30)
    assert 9 <= len(finder.asked_px) <= 11


def test_under_load_searches_give_way_before_looks(
    processor: LiveProcessor, make: FrameMaker, clock: Clock, finder: Finder, network: Network
) -> None:
    def numbers(backoff: float) -> tuple[int, int]:
        finder.asked_px.clear()
        network.seen.clear()
        for _ in range(300):
            processor.recv(make(320, 240))
            due = processor.due_at_s(backoff)
            if due is not None and due <= clock.now:
                processor.work(backoff)
            clock.now += 1 / 30
        return len(finder.asked_px), len(network.seen)

    searches, looks = numbers(1.0)
    fewer_searches, as_many_looks = numbers(OVERLOADED)
    assert fewer_searches == pytest.approx(searches / OVERLOADED, abs=2)
    assert as_many_looks == pytest.approx(looks, rel=0.2)
    assert numbers(2 * OVERLOADED)[1] < 0.7 * looks


def test_round_that_ends_after_the_mirror_was_turned_is_forgotten(
    processor: LiveProcessor, make: FrameMaker, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor.recv(make(320, 240))
    predict = network.predict

    def turn_meanwhile(crops: NDArray[np.uint8]) -> Predictions:
        processor.set_mirrored(True)
        processor.recv(make(320, 240))
        return predict(crops)

    monkeypatch.setattr(network, "predict", turn_meanwhile)
    processor.work(1.0)
    processor.recv(make(320, 240))
    assert not counts(processor)
