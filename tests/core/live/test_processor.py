"""One viewer's stream over stub frames: following, judging, refusing, failing, forgetting."""

import logging
import math
import threading
from collections.abc import Callable

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import LiveProcessor, MaskDetector, Verdict
from maskdet_core.live import AdmissionControl, InferenceWorker
from maskdet_core.live.processor import OUTDATED_S
from maskdet_core.types import Predictions
from tests.core.live.fakes import (
    Clock,
    CrankedWorker,
    Finder,
    FrameMaker,
    Network,
    Turn,
    counts,
)


def test_mask_taken_off_is_shown_in_time_and_one_bad_frame_never(
    turn: Turn, network: Network, processor: LiveProcessor, clock: Clock
) -> None:
    for _ in range(60):
        turn(dt=1 / 30)
    assert counts(processor) == {Verdict.WITH_MASK: 1}
    network.p_with_mask, n = 0.01, len(network.seen)
    while len(network.seen) == n:
        turn(dt=1 / 30)
    network.p_with_mask = 0.97
    for _ in range(30):
        turn(dt=1 / 30)
        assert counts(processor) == {Verdict.WITH_MASK: 1}
    network.p_with_mask, off = 0.01, clock.now
    while counts(processor) != {Verdict.WITHOUT_MASK: 1}:
        turn(dt=1 / 30)
        assert clock.now - off < 0.7


def test_face_that_has_gone_goes_from_the_picture(
    turn: Turn, finder: Finder, processor: LiveProcessor, clock: Clock
) -> None:
    turn()
    finder.boxes, gone = [], clock.now
    while True:
        turn()
        if not counts(processor):
            break
        assert clock.now - gone < 3.0


def test_what_turns_out_to_be_no_face_goes_at_once(
    turn: Turn, network: Network, processor: LiveProcessor
) -> None:
    turn()
    turn()
    assert counts(processor)
    network.p_face = 0.0
    for _ in range(8):
        turn()
    assert not counts(processor)


def test_failing_network_leaves_the_raw_frame_and_the_stream_lives(
    turn: Turn,
    network: Network,
    make: FrameMaker,
    processor: LiveProcessor,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    network.failing = True
    with caplog.at_level(logging.DEBUG):
        for _ in range(50):
            frame = make()
            assert turn(frame) is frame
        assert len(caplog.records) == 1
        clock.now += 20.0
        turn()
    assert len(caplog.records) == 2
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    errors = processor.snapshot().errors
    assert errors >= 10
    network.failing = False
    clock.now += 1.0
    turn()
    frame = make(320, 240)
    assert turn(frame) is not frame
    shown = processor.snapshot()
    assert (shown.errors, shown.n_with) == (errors, 1)


def test_verdict_that_cannot_be_renewed_becomes_not_sure(
    turn: Turn, network: Network, processor: LiveProcessor, clock: Clock
) -> None:
    turn()
    turn()
    assert counts(processor) == {Verdict.WITH_MASK: 1}
    network.failing = True
    looked = clock.now
    while clock.now - looked < OUTDATED_S + 0.5:
        turn()
    assert counts(processor) == {Verdict.NOT_SURE: 1}
    assert (processor.snapshot().verdict_age_s or 0.0) > OUTDATED_S


@pytest.mark.parametrize(
    ("p", "verdict"),
    [
        (0.99, Verdict.WITH_MASK),
        (0.01, Verdict.WITHOUT_MASK),
        (0.55, Verdict.NOT_SURE),
        (math.nan, Verdict.NOT_SURE),
        (math.inf, Verdict.NOT_SURE),
    ],
)
def test_counts_by_verdict(
    p: float, verdict: Verdict, turn: Turn, network: Network, processor: LiveProcessor
) -> None:
    network.p_with_mask = p
    for _ in range(12):
        turn()
    assert counts(processor) == {verdict: 1}
    assert {m.n_not_sure for m in processor.snapshot().timeline} <= {
        0,
        int(verdict is Verdict.NOT_SURE),
    }


def test_threshold_moved_while_playing_counts_from_the_next_frame(
    turn: Turn, network: Network, processor: LiveProcessor
) -> None:
    network.p_with_mask = 0.7
    turn()
    turn()
    assert counts(processor) == {Verdict.WITH_MASK: 1}
    n_looks = len(network.seen)
    processor.set_min_confidence(0.8)
    processor.recv(av.VideoFrame.from_ndarray(np.zeros((240, 320, 3), np.uint8), format="rgb24"))
    assert counts(processor) == {Verdict.NOT_SURE: 1}
    assert len(network.seen) == n_looks
    with pytest.raises(ValueError, match="min_confidence"):
        processor.set_min_confidence(1.0)
    assert processor.min_confidence == 0.8


def test_nothing_waits_for_a_look_in_work(
    clock: Clock, admission: AdmissionControl, make: FrameMaker, finder: Finder
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow(Network):
        def predict(self, crops: NDArray[np.uint8]) -> Predictions:
            entered.set()
            assert go_on.wait(20)
            return super().predict(crops)

    processor = LiveProcessor(
        MaskDetector(finder, Slow(0.7)), CrankedWorker(), admission, 0.6, clock=clock
    )
    processor.recv(make())
    worker = threading.Thread(target=processor.work, args=(1.0,))
    worker.start()
    assert entered.wait(10)

    def use() -> None:
        for _ in range(100):
            processor.recv(make())
        processor.set_min_confidence(0.9)
        processor.snapshot()

    user = threading.Thread(target=use)
    user.start()
    user.join(10)
    waited = user.is_alive()
    go_on.set()
    worker.join(10)
    assert not waited, "frames had to wait for a look in work"
    assert processor.snapshot().frames_in == 101


def test_newest_frame_wins(
    processor: LiveProcessor, make: FrameMaker, network: Network, clock: Clock
) -> None:
    for shift in range(1000):
        processor.recv(make(320, 240, shift=shift % 30))
        clock.now += 0.03
    processor.work(1.0)
    assert len(network.seen) == 1
    assert processor.due_at_s(1.0) is None
    processor.work(1.0)
    assert len(network.seen) == 1
    assert processor.snapshot().verdict_age_s == pytest.approx(0.03)


def test_viewer_too_many_gets_the_raw_picture_until_a_place_is_free(
    new_processor: Callable[[], LiveProcessor],
    worker: CrankedWorker,
    make: FrameMaker,
    clock: Clock,
) -> None:
    one, two, three = (new_processor() for _ in range(3))
    for processor in (one, two):
        processor.recv(make())
    frame = make()
    assert three.recv(frame) is frame
    assert three.snapshot().refused
    assert worker.viewers == [one, two]
    one.stop()
    one.stop()
    assert worker.viewers == [two]
    three.recv(make())
    assert not three.snapshot().refused
    assert worker.viewers == [two, three]


def test_stop_before_the_first_frame_and_twice(
    processor: LiveProcessor, admission: AdmissionControl, turn: Turn
) -> None:
    processor.stop()
    processor.stop()
    assert admission.n_active == 0
    turn()
    assert admission.n_active == 1
    processor.stop()
    assert admission.n_active == 0
    assert processor.picture() is None
    turn()
    turn()
    assert counts(processor) == {Verdict.WITH_MASK: 1}


def test_before_the_first_frame(processor: LiveProcessor) -> None:
    shown = processor.snapshot()
    assert (shown.frames_in, shown.fps, shown.verdict_age_s, shown.refused) == (0, 0.0, None, False)
    assert processor.due_at_s(1.0) is None
    processor.work(1.0)


def test_rates_follow_the_clock(processor: LiveProcessor, turn: Turn, clock: Clock) -> None:
    for _ in range(100):
        turn()
    shown = processor.snapshot()
    assert shown.fps == shown.fps_in == pytest.approx(10.0, abs=0.5)
    clock.now += 60.0
    assert processor.snapshot().fps == 0.0


def test_statistics_stay_bounded(processor: LiveProcessor, turn: Turn, make: FrameMaker) -> None:
    frame = make(16, 16)
    for _ in range(3000):
        turn(frame)
    shown = processor.snapshot()
    assert shown.frames_in == 3000
    assert len(shown.timeline) == 120
    assert [m.second for m in shown.timeline] == list(range(180, 300))


def test_with_the_real_worker(finder: Finder, network: Network, make: FrameMaker) -> None:
    worker = InferenceWorker()
    processor = LiveProcessor(MaskDetector(finder, network), worker, AdmissionControl(1), 0.6)
    seen = threading.Event()
    try:
        for _ in range(400):
            processor.recv(make(320, 240))
            if processor.snapshot().n_with:
                seen.set()
                break
            threading.Event().wait(0.02)
    finally:
        worker.close()
    assert seen.is_set()
