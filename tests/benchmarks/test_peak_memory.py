import time

from benchmarks.peak_memory import SAMPLE_S, PeakMemory


def test_peak_is_at_least_the_rest() -> None:
    with PeakMemory(lambda: 5.0) as peak:
        pass
    assert peak.rss_mb >= peak.rest_mb > 0


def test_peak_between_start_and_end_is_kept() -> None:
    memory_mb = 5.0

    with PeakMemory(lambda: memory_mb) as peak:
        memory_mb = 9.0
        while peak.rss_mb < 9.0:
            time.sleep(SAMPLE_S)
        memory_mb = 6.0
    assert (peak.rest_mb, peak.rss_mb) == (5.0, 9.0)
