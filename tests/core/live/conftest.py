"""A stream without a camera: fake finder and network, a manual clock, frames with one face."""

from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
import pytest

from maskdet_core import LiveProcessor, MaskDetector
from maskdet_core.live import AdmissionControl
from tests.core.live.fakes import Clock, FakeFinder, FakeNetwork, MakeFrame, ManualWorker, Step


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


@pytest.fixture
def finder() -> FakeFinder:
    return FakeFinder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker() -> ManualWorker:
    return ManualWorker()


@pytest.fixture
def admission(clock: Clock) -> AdmissionControl:
    return AdmissionControl(2, clock=clock, cpu_clock=lambda: 0.0)


@pytest.fixture
def new_processor(
    finder: FakeFinder,
    network: FakeNetwork,
    worker: ManualWorker,
    admission: AdmissionControl,
    clock: Clock,
) -> Callable[[], LiveProcessor]:
    detector = MaskDetector(finder, network)
    return lambda: LiveProcessor(detector, worker, admission, 0.6, clock=clock)


@pytest.fixture
def processor(new_processor: Callable[[], LiveProcessor]) -> LiveProcessor:
    return new_processor()


@pytest.fixture
def make_frame() -> MakeFrame:
    """Make a frame with a textured patch, ``shift`` px to the right; without one if negative."""

    def make(
        width: int = 64, height: int = 48, pixel_format: str = "rgb24", shift: int = 0
    ) -> av.VideoFrame:
        image = np.zeros((height, width, 3), np.uint8)
        image[..., 0], image[..., 1] = 240, 20
        if shift >= 0 and width >= 160:
            # texture for the optical flow
            rng = np.random.default_rng(5)
            patch = rng.integers(0, 256, (height // 16, width // 32, 3), dtype=np.uint8)
            patch = patch.repeat(8, axis=0).repeat(8, axis=1)
            y, x = height // 4, width // 4 + shift
            image[y : y + patch.shape[0], x : x + patch.shape[1]] = patch
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        if pixel_format != "rgb24":
            frame = frame.reformat(format=pixel_format)
        frame.pts, frame.time_base = 3003, Fraction(1, 90_000)
        return frame

    return make


@pytest.fixture
def step(processor: LiveProcessor, clock: Clock, make_frame: MakeFrame) -> Step:
    """Pass one frame to the processor, run inference if due, then advance the clock."""

    def once(frame: av.VideoFrame | None = None, dt: float = 0.1) -> av.VideoFrame:
        drawn = processor.recv(make_frame(320, 240) if frame is None else frame)
        due_s = processor.due_at_s(1.0)
        if due_s is not None and due_s <= clock.now:
            processor.infer(1.0)
        clock.now += dt
        return drawn

    return once
