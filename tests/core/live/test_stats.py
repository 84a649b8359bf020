"""Statistics of a stream: rates over a window, a bounded timeline, the meter."""

import pytest

from maskdet_core import Detections, LiveProcessor
from maskdet_core.live.stats import StreamStats
from tests.core.live.fakes import Clock, MakeFrame, Step


def test_rates_follow_the_clock(processor: LiveProcessor, step: Step, clock: Clock) -> None:
    for _ in range(100):
        step()
    stats = processor.snapshot()
    assert stats.fps == stats.fps_in == pytest.approx(10.0, abs=0.5)
    clock.now += 60.0
    assert processor.snapshot().fps == 0.0


def test_statistics_stay_bounded(
    processor: LiveProcessor, step: Step, make_frame: MakeFrame
) -> None:
    frame = make_frame(16, 16)
    for _ in range(3000):
        step(frame)
    stats = processor.snapshot()
    assert stats.frames_in == 3000
    assert len(stats.timeline) == 120
    assert [point.second for point in stats.timeline] == list(range(180, 300))


def test_the_meter_is_told_everything_once() -> None:
    class Recorder:
        def __init__(self) -> None:
            self.calls: list[str] = []

        def frame_received(self) -> None:
            self.calls.append("received")

        def frame_sent(self, latency_s: float, shown: Detections) -> None:
            self.calls.append(f"sent {latency_s:.2f} {len(shown)}")

        def frame_failed(self) -> None:
            self.calls.append("failed")

        def viewer_rejected(self) -> None:
            self.calls.append("rejected")

    meter = Recorder()
    stats = StreamStats(meter)
    for admitted in (False, False, True, False):
        stats.admitted(admitted)
    stats.frame_received(1.0)
    stats.frame_sent(1.0, 1.25, Detections(64, 48))
    assert stats.frame_failed() == 1
    assert meter.calls == ["rejected", "rejected", "received", "sent 0.25 0", "failed"]
