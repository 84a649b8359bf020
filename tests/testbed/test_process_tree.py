import os
import subprocess
import sys

import pytest

from benchmarks.process_tree import Peak, stat_fields, usage

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_name_with_spaces_and_parentheses_moves_no_field() -> None:
    assert stat_fields("12 (a) b (c)) S 1 12 12") == ["S", "1", "12", "12"]


def test_memory_of_children_counts() -> None:
    alone = usage(os.getpid()).rss_mb
    code = "x = b'x' * 80_000_000; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert usage(os.getpid()).rss_mb > alone + 70


def test_peak_is_at_least_the_rest() -> None:
    with Peak(os.getpid()) as peak:
        pass
    assert peak.rss_mb >= peak.rest_mb > 0
