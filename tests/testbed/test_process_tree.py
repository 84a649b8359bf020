import os
import subprocess
import sys

import pytest

from testbed.process_tree import stat_fields, usage

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
