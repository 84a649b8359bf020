"""What interrupts a live video, made in a real browser on Linux.

- Network gone: the server's process is stopped, so that neither video nor page get an answer. A
  browser's own imitation of a lost network leaves WebRTC alone.
- Tab in the background: Chromium freezes the page, as it does with background tabs.
- Phone locked: all of the browser's processes are stopped.
- Camera lost: Chromium's process for cameras is killed. The next request starts another.
- Camera switched: as a visitor does it.

Each returns when its end began, as Unix time in seconds.
"""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from playwright.sync_api import Page

from maskdet_app.ui.texts.i18n import t
from testbed.processes.browser_processes import browser_processes, camera_processes


@contextmanager
def stopped(processes: Sequence[int]) -> Iterator[None]:
    """Stop processes for a while, as a machine that sleeps does."""
    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def lose_network(page: Page, server: int, seconds: float) -> float:
    """Let a server, by its process, answer nobody for a while, in which the page goes on."""
    with stopped([server]):
        page.wait_for_timeout(1000 * seconds)
        return time.time()


def lock_phone(seconds: float) -> float:
    """Let nothing of the browser run for a while."""
    with stopped(browser_processes()):
        time.sleep(seconds)
        return time.time()


def put_in_background(page: Page, seconds: float) -> float:
    """Freeze a tab for a while."""
    session = page.context.new_cdp_session(page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(seconds)
    ended_s = time.time()
    session.send("Page.setWebLifecycleState", {"state": "active"})
    session.detach()
    return ended_s


def lose_camera() -> float:
    """Take the camera away, and give it back at the next request."""
    lost_s = time.time()
    for process in camera_processes():
        os.kill(process, signal.SIGKILL)
    return lost_s


def open_options(page: Page) -> None:
    """Open the live page's options, among them the choice of the camera."""
    page.get_by_text(t("live.options")).first.click()


def switch_camera(page: Page, *, rear: bool) -> float:
    """Choose the other camera in the options that are open."""
    name = "live.camera_rear" if rear else "live.camera_front"
    chosen_s = time.time()
    page.get_by_text(t(name), exact=True).click()
    return chosen_s
