import os
import subprocess
import sys

import pytest

from testbed.processes.interpreter import run_python
from testbed.processes.process_tree import stat_fields, usage

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


def test_pages_of_files_that_a_child_shares_count_once() -> None:
    """The libraries of numpy and OpenCV, about 30 MB."""
    code = """
import os, subprocess, sys
import cv2
from testbed.processes.interpreter import run_python
from testbed.processes.process_tree import usage
alone = usage(os.getpid()).rss_mb
child = "import cv2; print(flush=True); input()"
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
with subprocess.Popen([sys.executable, "-c", child], **pipes) as child:
    child.stdout.readline()
    own = int(open(f"/proc/{child.pid}/status").read().split("RssAnon:")[1].split()[0]) / 1e3
    print(usage(os.getpid()).rss_mb - alone - own)
"""
    assert abs(float(run_python(code))) < 8
