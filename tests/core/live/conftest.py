"""A stream without a camera: stub finder and network, a clock moved by hand, frames of one face."""

from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
import pytest

from maskdet_core import LiveProcessor, MaskDetector
from maskdet_core.live import AdmissionControl
from tests.core.live.fakes import Clock, CrankedWorker, Finder, FrameMaker, Network, Turn


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def finder() -> Finder:
    return Finder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker() -> CrankedWorker:
    return CrankedWorker()


@pytest.fixture
def admission(clock: Clock) -> AdmissionControl:
    return AdmissionControl(2, clock=clock, cpu_clock=lambda: 0.0)


@pytest.fixture
def new_processor(
    finder: Finder,
    network: Network,
    worker: CrankedWorker,
    admission: AdmissionControl,
    clock: Clock,
) -> Callable[[], LiveProcessor]:
    detector = MaskDetector(finder, network)
    return lambda: LiveProcessor(detector, worker, admission, 0.6, clock=clock)


@pytest.fixture
def processor(new_processor: Callable[[], LiveProcessor]) -> LiveProcessor:
    return new_processor()


@pytest.fixture
def make() -> FrameMaker:
    def frame(
        width: int = 64, height: int = 48, pixels: str = "rgb24", shift: int = 0
    ) -> av.VideoFrame:
        image = np.zeros((height, width, 3), np.uint8)
        image[..., 0], image[..., 1] = 240, 20
        if shift >= 0 and width >= 160:
            # something to follow
            rng = np.random.default_rng(5)
            patch = rng.integers(0, 256, (height // 16, width // 32, 3), dtype=np.uint8)
            patch = patch.repeat(8, axis=0).repeat(8, axis=1)
            y, x = height // 4, width // 4 + shift
            image[y : y + patch.shape[0], x : x + patch.shape[1]] = patch
        made = av.VideoFrame.from_ndarray(image, format="rgb24")
        if pixels != "rgb24":
            made = made.reformat(format=pixels)
        made.pts, made.time_base = 3003, Fraction(1, 90_000)
        return made

    return frame


@pytest.fixture
def turn(processor: LiveProcessor, clock: Clock, make: FrameMaker) -> Turn:
    """One frame through the processor, then its round, if one is due, then time goes on."""

    def once(frame: av.VideoFrame | None = None, dt: float = 0.1) -> av.VideoFrame:
        drawn = processor.recv(make(320, 240) if frame is None else frame)
        due = processor.due_at_s(1.0)
        if due is not None and due <= clock.now:
            processor.work(1.0)
        clock.now += dt
        return drawn

    return once
