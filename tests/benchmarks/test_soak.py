from dataclasses import replace

import pytest

from benchmarks.soak import MORE_FILES, MORE_MB, MORE_THREADS, is_back
from testbed.servers.server import Usage


@pytest.mark.parametrize(
    ("field", "tolerance"),
    [("n_threads", MORE_THREADS), ("n_files", MORE_FILES), ("rss_mb", MORE_MB)],
)
def test_threads_files_and_memory_must_all_be_back(field: str, tolerance: float) -> None:
    before = Usage(rss_mb=400.0, n_threads=30, n_files=50, cpu_s=1.0)
    at_limit = replace(before, **{field: getattr(before, field) + tolerance})
    assert is_back(before, at_limit)
    beyond = replace(before, **{field: getattr(before, field) + tolerance + 1})
    assert not is_back(before, beyond)
