import subprocess
import sys
import time

import pytest

from testbed.processes.process_tree import usage
from testbed.processes.slow_processor import slowed

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

# two threads that do work, and a child that does
BUSY = """
import subprocess, sys, threading
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
print(flush=True)
threading.Thread(target=lambda: input() or child.kill()).start()
while child.poll() is None: pass
"""


def test_process_and_child_get_no_more_than_their_share() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        with slowed(0.25, [busy.pid]):
            time.sleep(1.0)
            before, began_s = usage(busy.pid).cpu_s, time.monotonic()
            time.sleep(2.0)
            share = (usage(busy.pid).cpu_s - before) / (time.monotonic() - began_s) / 2
        busy.communicate(b"\n", timeout=20)
    # two busy processes on a machine of their own would get 1; beside others they get less
    assert 0.01 < share < 0.3


def test_a_process_that_ends_meanwhile_is_an_error() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "pass"]) as short,
        pytest.raises(RuntimeError, match="until the end"),
        slowed(0.5, [short.pid]),
    ):
        short.wait()
        time.sleep(1.0)
