import pytest

from benchmarks.hostile import MIN_FPS, is_bounded
from testbed.processes.decoding_cost import MAX_CPU_S, MAX_PEAK_MB, Cost


@pytest.mark.parametrize(
    ("outcome", "peak_mb", "cpu_s", "fps", "bounded"),
    [
        ("decoded", MAX_PEAK_MB, MAX_CPU_S, MIN_FPS, True),
        ("refused", 0.0, 0.0, 15.0, True),
        ("decoded", MAX_PEAK_MB + 1, 1.0, 15.0, False),
        ("decoded", 100.0, MAX_CPU_S + 0.1, 15.0, False),
        ("decoded", 100.0, 1.0, MIN_FPS - 0.1, False),
        ("failed: no answer", 0.0, 0.0, 15.0, False),
    ],
)
def test_memory_time_and_frame_rate_are_all_limited(
    outcome: str, peak_mb: float, cpu_s: float, fps: float, bounded: bool
) -> None:
    assert is_bounded(Cost("file", 1, outcome, peak_mb, cpu_s), fps) is bounded
