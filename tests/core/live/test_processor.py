"""One viewer's stream with fakes: tracking, verdicts, admission, failures, reset."""

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
from maskdet_core.live.tracker import OUTDATED_S
from maskdet_core.types import Predictions
from tests.core.live.fakes import (
    Clock,
    FakeFinder,
    FakeNetwork,
    MakeFrame,
    ManualWorker,
    Step,
    counts,
    n_looking,
)


def test_mask_taken_off_is_shown_in_time_and_a_single_outlier_never(
    step: Step, network: FakeNetwork, processor: LiveProcessor, clock: Clock
) -> None:
    for _ in range(60):
        step(dt=1 / 30)
    assert counts(processor) == {Verdict.WITH_MASK: 1}
    network.p_with_mask, n = 0.01, len(network.crops)
    while len(network.crops) == n:
        step(dt=1 / 30)
    network.p_with_mask = 0.97
    for _ in range(30):
        step(dt=1 / 30)
        assert counts(processor) == {Verdict.WITH_MASK: 1}
    network.p_with_mask, off = 0.01, clock.now
    while counts(processor) != {Verdict.WITHOUT_MASK: 1}:
        step(dt=1 / 30)
        assert clock.now - off < 0.7


def test_face_that_has_left_is_removed(
    step: Step, finder: FakeFinder, processor: LiveProcessor, clock: Clock
) -> None:
    step()
    finder.boxes, gone = [], clock.now
    while True:
        step()
        if not counts(processor):
            break
        assert clock.now - gone < 3.0


def test_track_that_is_no_face_ends(
    step: Step, network: FakeNetwork, processor: LiveProcessor
) -> None:
    step()
    step()
    assert counts(processor)
    network.p_face = 0.0
    for _ in range(8):
        step()
    assert not counts(processor)


def test_failing_network_returns_the_raw_frame_and_the_stream_goes_on(
    step: Step,
    network: FakeNetwork,
    make_frame: MakeFrame,
    processor: LiveProcessor,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    network.failing = True
    with caplog.at_level(logging.DEBUG):
        for _ in range(50):
            frame = make_frame()
            assert step(frame) is frame
        assert len(caplog.records) == 1
        clock.now += 20.0
        step()
    assert len(caplog.records) == 2
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    errors = processor.snapshot().errors
    assert errors >= 10
    network.failing = False
    clock.now += 1.0
    step()
    frame = make_frame(320, 240)
    assert step(frame) is not frame
    stats = processor.snapshot()
    assert (stats.errors, stats.count(Verdict.WITH_MASK)) == (errors, 1)


def test_outdated_verdict_is_no_verdict_until_the_next_look(
    step: Step, network: FakeNetwork, processor: LiveProcessor, clock: Clock
) -> None:
    step()
    step()
    assert counts(processor) == {Verdict.WITH_MASK: 1}
    network.failing = True
    predicted_at_s = clock.now
    while clock.now - predicted_at_s < OUTDATED_S + 0.5:
        step()
    assert counts(processor) == {}
    assert n_looking(processor) == 1
    network.failing, network.p_with_mask = False, 0.01
    clock.now += 0.3
    step()
    step()
    # what was known two seconds ago does not hold back what is seen now
    assert counts(processor) == {Verdict.WITHOUT_MASK: 1}
    assert n_looking(processor) == 0


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
    p: float, verdict: Verdict, step: Step, network: FakeNetwork, processor: LiveProcessor
) -> None:
    network.p_with_mask = p
    for _ in range(12):
        step()
    assert counts(processor) == {verdict: 1}
    assert {point.n_not_sure for point in processor.snapshot().timeline} <= {
        0,
        int(verdict is Verdict.NOT_SURE),
    }


def test_new_threshold_applies_from_the_next_frame(
    step: Step, network: FakeNetwork, processor: LiveProcessor
) -> None:
    network.p_with_mask = 0.7
    step()
    step()
    assert counts(processor) == {Verdict.WITH_MASK: 1}
    n_predictions = len(network.crops)
    processor.set_min_confidence(0.8)
    processor.recv(av.VideoFrame.from_ndarray(np.zeros((240, 320, 3), np.uint8), format="rgb24"))
    assert counts(processor) == {Verdict.NOT_SURE: 1}
    assert len(network.crops) == n_predictions
    with pytest.raises(ValueError, match="min_confidence"):
        processor.set_min_confidence(1.0)
    assert processor.min_confidence == 0.8


def test_worn_wrong_counts_as_no_mask_from_the_next_frame(
    step: Step, network: FakeNetwork, processor: LiveProcessor
) -> None:
    network.p_with_mask, network.p_worn_wrong = 0.05, 0.9
    step()
    step()
    assert counts(processor) == {Verdict.WORN_WRONG: 1}
    assert not processor.two_classes
    n_predictions = len(network.crops)
    processor.set_two_classes(True)
    processor.recv(av.VideoFrame.from_ndarray(np.zeros((240, 320, 3), np.uint8), format="rgb24"))
    assert counts(processor) == {Verdict.WITHOUT_MASK: 1}
    assert processor.two_classes
    assert processor.process(np.zeros((240, 320, 3), np.uint8)).two_classes
    assert len(network.crops) == n_predictions


def test_single_outlier_is_not_shown_with_two_classes_either(
    step: Step, network: FakeNetwork, processor: LiveProcessor
) -> None:
    processor.set_two_classes(True)
    slipped, masked = (0.01, 0.6), (0.999, 0.0)
    network.p_with_mask, network.p_worn_wrong = slipped
    for _ in range(60):
        step(dt=1 / 30)
    assert counts(processor) == {Verdict.WITHOUT_MASK: 1}
    network.p_with_mask, network.p_worn_wrong = masked
    n = len(network.crops)
    while len(network.crops) == n:
        step(dt=1 / 30)
    network.p_with_mask, network.p_worn_wrong = slipped
    for _ in range(30):
        step(dt=1 / 30)
        assert counts(processor) == {Verdict.WITHOUT_MASK: 1}


@pytest.mark.parametrize("of_viewer", [None, True, False])
def test_two_classes_of_the_viewer_overrides_the_detectors(
    of_viewer: bool | None,
    finder: FakeFinder,
    network: FakeNetwork,
    worker: ManualWorker,
    admission: AdmissionControl,
) -> None:
    for of_detector in (True, False):
        detector = MaskDetector(finder, network, two_classes=of_detector)
        processor = LiveProcessor(detector, worker, admission, two_classes=of_viewer)
        assert processor.two_classes is (of_detector if of_viewer is None else of_viewer)


def test_nothing_waits_for_inference(
    clock: Clock, admission: AdmissionControl, make_frame: MakeFrame, finder: FakeFinder
) -> None:
    started, proceed = threading.Event(), threading.Event()

    class SlowNetwork(FakeNetwork):
        def predict(self, crops: NDArray[np.uint8]) -> Predictions:
            started.set()
            assert proceed.wait(20)
            return super().predict(crops)

    processor = LiveProcessor(
        MaskDetector(finder, SlowNetwork(0.7)), ManualWorker(), admission, 0.6, clock=clock
    )
    processor.recv(make_frame())
    worker = threading.Thread(target=processor.infer, args=(1.0,))
    worker.start()
    assert started.wait(10)

    def use() -> None:
        for _ in range(100):
            processor.recv(make_frame())
        processor.set_min_confidence(0.9)
        processor.snapshot()

    user = threading.Thread(target=use)
    user.start()
    user.join(10)
    waited = user.is_alive()
    proceed.set()
    worker.join(10)
    assert not waited, "frames had to wait for inference"
    assert processor.snapshot().frames_in == 101


@pytest.mark.parametrize("event", ["mirror", "stop", "resize"])
def test_result_of_inference_is_dropped_after_a_reset(
    event: str,
    processor: LiveProcessor,
    make_frame: MakeFrame,
    network: FakeNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor.recv(make_frame(320, 240))
    size = (640, 480) if event == "resize" else (320, 240)
    predict = network.predict

    def predict_after_reset(crops: NDArray[np.uint8]) -> Predictions:
        if event == "mirror":
            processor.set_mirrored(True)
        elif event == "stop":
            processor.stop()
        processor.recv(make_frame(*size))
        return predict(crops)

    monkeypatch.setattr(network, "predict", predict_after_reset)
    processor.infer(1.0)
    processor.recv(make_frame(*size))
    assert not counts(processor)


def test_newest_frame_wins(
    processor: LiveProcessor, make_frame: MakeFrame, network: FakeNetwork, clock: Clock
) -> None:
    for shift in range(1000):
        processor.recv(make_frame(320, 240, shift=shift % 30))
        clock.now += 0.03
    processor.infer(1.0)
    assert len(network.crops) == 1
    assert processor.due_at_s(1.0) is None
    processor.infer(1.0)
    assert len(network.crops) == 1
    processor.recv(make_frame(320, 240))
    frame = processor.snapshot().frame
    assert frame is not None
    assert (frame.number, frame.verdict_age_s) == (1001, pytest.approx(0.03))


def test_rejected_viewer_gets_the_raw_frame_until_a_slot_is_free(
    new_processor: Callable[[], LiveProcessor],
    worker: ManualWorker,
    make_frame: MakeFrame,
    clock: Clock,
) -> None:
    one, two, three = (new_processor() for _ in range(3))
    for processor in (one, two):
        processor.recv(make_frame())
    frame = make_frame()
    assert three.recv(frame) is frame
    assert three.snapshot().rejected
    assert worker.viewers == [one, two]
    one.stop()
    one.stop()
    assert worker.viewers == [two]
    three.recv(make_frame())
    assert not three.snapshot().rejected
    assert worker.viewers == [two, three]


def test_stop_before_the_first_frame_and_twice(
    processor: LiveProcessor, admission: AdmissionControl, step: Step
) -> None:
    processor.stop()
    processor.stop()
    assert admission.n_active == 0
    step()
    assert admission.n_active == 1
    processor.stop()
    assert admission.n_active == 0
    assert processor.annotated_frame() is None
    step()
    step()
    assert counts(processor) == {Verdict.WITH_MASK: 1}


def test_before_the_first_frame(processor: LiveProcessor) -> None:
    stats = processor.snapshot()
    assert (stats.frames_in, stats.fps, stats.frame, stats.frame_age_s) == (0, 0.0, None, None)
    assert not stats.rejected
    assert processor.due_at_s(1.0) is None
    processor.infer(1.0)


def test_with_the_real_worker(
    finder: FakeFinder, network: FakeNetwork, make_frame: MakeFrame
) -> None:
    worker = InferenceWorker()
    processor = LiveProcessor(MaskDetector(finder, network), worker, AdmissionControl(1), 0.6)
    seen = threading.Event()
    try:
        for _ in range(400):
            processor.recv(make_frame(320, 240))
            if processor.snapshot().count(Verdict.WITH_MASK):
                seen.set()
                break
            threading.Event().wait(0.02)
    finally:
        worker.close()
    assert seen.is_set()
