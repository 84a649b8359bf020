"""Daemon threads at their end, and at that of the interpreter in processes of their own."""

import subprocess
import sys
import weakref

from maskdet_core.threads import NativeThread
from testbed.repository import REPO_ROOT

SCALING = """
import threading
import cv2, numpy as np
from maskdet_core.threads import NativeThread

began, stopped = threading.Event(), threading.Event()
image = np.zeros((2000, 2000, 3), np.uint8)

def scale():
    while not stopped.is_set():
        cv2.resize(image, (900, 900), interpolation=cv2.INTER_AREA)
        began.set()
    print("stopped", flush=True)

NativeThread(scale, "scaling", stopped.set).start()
began.wait()
"""
ENDLESS = """
import threading
from maskdet_core.threads import NativeThread
NativeThread(threading.Event().wait, "endless", lambda: None).start()
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_process_ends_cleanly_while_a_thread_calls_opencv() -> None:
    # a plain daemon thread aborts the process in four of five
    for _ in range(4):
        result = run(SCALING)
        assert (result.returncode, result.stdout, result.stderr) == (0, "stopped\n", "")


def test_thread_that_does_not_stop_does_not_hold_up_the_end_for_ever() -> None:
    assert run(ENDLESS).returncode == 0


def test_an_ended_thread_keeps_nothing_alive() -> None:
    class Owner:
        def work(self) -> None: ...
        def stop(self) -> None: ...

    owner = Owner()
    thread = NativeThread(owner.work, "brief", owner.stop)
    alive = weakref.ref(owner)
    del owner
    assert alive() is not None
    thread.start()
    thread.join()
    assert alive() is None
