import logging
import threading
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import (
    FaceBox,
    Judgements,
    LiveProcessor,
    MaskDetector,
    ModelManifest,
    Verdict,
)


class Finder:
    """One face in the middle of any frame."""

    def find(self, image_rgb: NDArray[np.uint8], *, min_face_px: int) -> list[FaceBox]:
        height, width = image_rgb.shape[:2]
        return [FaceBox(width // 4, height // 4, width // 2, height // 2, 1.0)]


class Network:
    """Answers one probability, or raises while told to."""

    def __init__(self, p_with_mask: float = 0.7) -> None:
        self.manifest = ModelManifest("stub", "stub.tflite", "0" * 64, 1, input_size_px=16)
        self.p_with_mask = p_with_mask
        self.failing = False
        self.seen: list[NDArray[np.uint8]] = []

    def predict(self, crops: NDArray[np.uint8]) -> Judgements:
        if self.failing:
            raise RuntimeError("broken at secret.jpg")
        self.seen.append(crops.copy())
        return Judgements(np.full(len(crops), self.p_with_mask), np.ones(len(crops)))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def processor(network: Network, clock: Clock) -> LiveProcessor:
    return LiveProcessor(MaskDetector(Finder(), network), 0.6, clock=clock)


FrameMaker = Callable[..., av.VideoFrame]


@pytest.fixture
def make() -> FrameMaker:
    def frame(width: int = 64, height: int = 48, pixels: str = "rgb24") -> av.VideoFrame:
        image = np.zeros((height, width, 3), np.uint8)
        image[..., 0], image[..., 1] = 240, 20
        made = av.VideoFrame.from_ndarray(image, format="rgb24")
        if pixels != "rgb24":
            made = made.reformat(format=pixels)
        made.pts, made.time_base = 3003, Fraction(1, 90_000)
        return made

    return frame


def test_frame_is_annotated_and_keeps_its_time(processor: LiveProcessor, make: FrameMaker) -> None:
    frame = make(320, 240)
    before = frame.to_ndarray(format="rgb24")
    drawn = processor.recv(frame)
    assert drawn is not frame
    assert (drawn.width, drawn.height) == (320, 240)
    assert (drawn.pts, drawn.time_base) == (3003, Fraction(1, 90_000))
    assert np.any(drawn.to_ndarray(format="rgb24") != before)
    assert np.array_equal(frame.to_ndarray(format="rgb24"), before)


@pytest.mark.parametrize("pixels", ["rgb24", "bgr24", "yuv420p", "nv12", "yuvj420p"])
def test_network_sees_rgb_whatever_the_frame_holds(
    pixels: str, processor: LiveProcessor, network: Network, make: FrameMaker
) -> None:
    processor.recv(make(pixels=pixels))
    assert processor.snapshot().errors == 0
    seen = network.seen[0][0, 8, 8].astype(int)
    assert np.abs(seen - [240, 20, 0]).max() < 12


def test_size_and_pixel_format_may_change_in_mid_stream(
    processor: LiveProcessor, make: FrameMaker
) -> None:
    for width, height, pixels in [(64, 48, "rgb24"), (640, 480, "yuv420p"), (48, 64, "bgr24")]:
        drawn = processor.recv(make(width, height, pixels))
        assert (drawn.width, drawn.height) == (width, height)
        shown = processor.snapshot()
        assert (shown.width_px, shown.height_px, shown.errors) == (width, height, 0)


def test_failing_network_gives_the_raw_frame_back_and_the_stream_lives(
    processor: LiveProcessor,
    network: Network,
    clock: Clock,
    make: FrameMaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    network.failing = True
    with caplog.at_level(logging.DEBUG):
        for _ in range(50):
            frame = make()
            assert processor.recv(frame) is frame
            clock.now += 0.1
        assert len(caplog.records) == 1
        clock.now += 20.0
        processor.recv(make())
    assert len(caplog.records) == 2
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    assert processor.snapshot().errors == 51
    network.failing = False
    frame = make()
    assert processor.recv(frame) is not frame
    shown = processor.snapshot()
    assert (shown.errors, shown.frames_in, shown.n_with) == (51, 52, 1)


def test_verdict_grows_old_while_frames_fail(
    processor: LiveProcessor, network: Network, clock: Clock, make: FrameMaker
) -> None:
    processor.recv(make())
    network.failing = True
    clock.now += 3.0
    processor.recv(make())
    assert processor.snapshot().verdict_age_s == pytest.approx(3.0)


def test_threshold_moved_while_playing_counts_from_the_next_frame(
    processor: LiveProcessor, make: FrameMaker
) -> None:
    processor.recv(make())
    assert processor.snapshot().n_with == 1
    processor.set_min_confidence(0.8)
    processor.recv(make())
    shown = processor.snapshot()
    assert (shown.n_with, shown.n_not_sure, shown.frames_in) == (0, 1, 2)
    with pytest.raises(ValueError, match="min_confidence"):
        processor.set_min_confidence(1.0)
    assert processor.min_confidence == 0.8


def test_threshold_moves_while_a_frame_is_in_work_without_tearing_it(make: FrameMaker) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow(Network):
        def predict(self, crops: NDArray[np.uint8]) -> Judgements:
            entered.set()
            assert go_on.wait(10)
            return super().predict(crops)

    processor = LiveProcessor(MaskDetector(Finder(), Slow(0.7)), 0.6)
    worker = threading.Thread(target=processor.recv, args=(make(),))
    worker.start()
    assert entered.wait(10)
    setter = threading.Thread(target=processor.set_min_confidence, args=(0.9,))
    setter.start()
    setter.join(2)
    waited = setter.is_alive()
    go_on.set()
    worker.join(10)
    setter.join(10)
    assert not waited, "the page had to wait for a frame in work"
    assert processor.snapshot().n_with == 1
    processor.recv(make())
    assert processor.snapshot().n_not_sure == 1


@pytest.mark.parametrize(
    ("p", "verdict"),
    [(0.99, Verdict.WITH_MASK), (0.01, Verdict.WITHOUT_MASK), (np.nan, Verdict.NOT_SURE)],
)
def test_counts_by_verdict(p: float, verdict: Verdict, make: FrameMaker) -> None:
    processor = LiveProcessor(MaskDetector(Finder(), Network(p)))
    processor.recv(make())
    shown = processor.snapshot()
    counts = dict(zip(Verdict, (shown.n_with, shown.n_without, shown.n_not_sure), strict=True))
    assert counts == {other: int(other is verdict) for other in Verdict}


def test_before_the_first_frame(processor: LiveProcessor) -> None:
    shown = processor.snapshot()
    assert (shown.frames_in, shown.fps, shown.verdict_age_s) == (0, 0.0, None)


def test_rate_and_age_follow_the_clock(
    processor: LiveProcessor, clock: Clock, make: FrameMaker
) -> None:
    for _ in range(100):
        processor.recv(make())
        clock.now += 0.1
    assert processor.snapshot().fps == pytest.approx(10.0, abs=0.5)
    assert processor.snapshot().verdict_age_s == pytest.approx(0.1)
    clock.now += 60.0
    assert processor.snapshot().fps == 0.0


def test_statistics_stay_bounded(processor: LiveProcessor, make: FrameMaker) -> None:
    frame = make(16, 16)
    for _ in range(1000):
        processor.recv(frame)
    assert processor.snapshot().frames_in == 1000
    assert len(processor._finished) <= 240
