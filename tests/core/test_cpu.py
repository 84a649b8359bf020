import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from maskdet_core import cpu
from maskdet_core.live import AdmissionControl

BUSY_S = 0.3


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    before = dict(cpu._background_cpu_s)
    with ThreadPoolExecutor(1, initializer=cpu.work_in_background) as thread:
        yield thread
    cpu._background_cpu_s.clear()
    cpu._background_cpu_s.update(before)


def compute() -> None:
    until_s = time.thread_time() + BUSY_S
    while time.thread_time() < until_s:
        pass


def test_cores_are_counted() -> None:
    assert 1 <= cpu.n_cores() <= (os.cpu_count() or 1)


needs_thread_clocks = pytest.mark.skipif(
    not hasattr(time, "pthread_getcpuclockid"), reason="threads have no clock of their own here"
)


@needs_thread_clocks
def test_work_in_the_background_is_left_out(background: ThreadPoolExecutor) -> None:
    process_s, foreground_s = time.process_time(), cpu.foreground_cpu_s()
    background.submit(compute).result()
    assert time.process_time() - process_s >= BUSY_S
    assert cpu.foreground_cpu_s() - foreground_s < BUSY_S / 2
    compute()
    assert cpu.foreground_cpu_s() - foreground_s >= BUSY_S


@needs_thread_clocks
def test_a_background_thread_that_has_ended_does_not_count_later(
    background: ThreadPoolExecutor,
) -> None:
    background.submit(compute).result()
    foreground_s = cpu.foreground_cpu_s()
    background.shutdown()
    assert abs(cpu.foreground_cpu_s() - foreground_s) < BUSY_S / 2


def test_only_the_calling_thread_goes_to_the_background(background: ThreadPoolExecutor) -> None:
    assert background.submit(lambda: None).result() is None
    if not hasattr(os, "getpriority"):
        pytest.skip("threads have no priority here")
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == os.getpriority(
        os.PRIO_PROCESS, 0
    )


@needs_thread_clocks
def test_work_in_the_background_is_no_load_of_viewers(background: ThreadPoolExecutor) -> None:
    now_s = 0.0
    admission = AdmissionControl(n_cores=2, clock=lambda: now_s)
    assert admission.acquire("first")
    now_s = 1.0
    background.submit(compute).result()
    # a third of a second of one core in each of these would leave room for five
    now_s = 1.0 + BUSY_S
    assert admission.acquire("first")
    assert admission.load < 0.5
    assert admission.capacity > 5
