"""What disturbs a live video, and that it comes back by itself, in a real browser.

How each disturbance is made:

- Network gone: the server's process is stopped for ten seconds, so that neither video nor page get
  an answer. A browser's own imitation of a lost network leaves WebRTC alone.
- Tab in the background: Chromium freezes the page, as it does with background tabs. What happens
  then happens at once, so that a few seconds stand for a minute.
- Camera lost: Chromium's process for cameras is killed. The next request starts another.
- Phone locked: all of the browser's processes are stopped until the server has ended video and
  session. It does so within seconds instead of minutes here.
- Camera switched, further tabs: as a visitor does it.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from maskdet_app.ui.texts.i18n import t
from testbed.pictures import camera_films
from testbed.servers.impatient_server import GIVEN_UP_S
from testbed.servers.server import Server, free_port, serve, serve_command
from testbed.visitors.browser import Browsers
from testbed.visitors.live_page import WAIT_MS, frame, start, stop, wait_for_count
from tests.e2e.programs import browser_processes, processes

FRAMES_A_SECOND: Final = 3
FRAME_PX: Final = (320, 240)
"""Few and small frames of the camera, so that four tabs run on two slow cores."""
OUTAGE_S: Final = 10.0
BACKGROUND_S: Final = 6.0
BACK_WITHIN_S: Final = WAIT_MS / 1000
"""The video is back within 5 s where nothing else runs. Here only that it comes back is tested:
four tabs and their server can be more than the machine has."""

pytestmark = [pytest.mark.browser, pytest.mark.skipif(sys.platform != "linux", reason="/proc")]

# Frames that the video has shown; a video element of its own for each stream.
SHOWN = """
() => {
  const component = document.querySelector("iframe[title*='webrtc_streamer']");
  if (!component) return null;
  // the demo film is a file, the camera's video a stream
  const video = [...component.contentDocument.querySelectorAll("video")].find(
    (one) => one.srcObject
  );
  if (!video) return null;
  window.streams = window.streams || [];
  if (!window.streams.includes(video)) window.streams.push(video);
  return [window.streams.indexOf(video), video.getVideoPlaybackQuality().totalVideoFrames];
}
"""


@dataclass(frozen=True, slots=True)
class Live:
    """A visitor with a live video."""

    server: Server
    browser: BrowserContext
    page: Page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, network: Path) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("server") / "server.log"
    with serve(log=log, MASKDET_MAX_VIEWERS="4") as running:
        yield running
        text = log.read_text(encoding="utf-8")
        assert "Traceback" not in text, text


@pytest.fixture
def server_that_gives_up(tmp_path: Path, network: Path) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "testbed.servers.impatient_server", "run", "server.py"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    with serve_command(
        command, port, log=tmp_path / "server.log", MASKDET_MAX_VIEWERS="1"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def slow_film(tmp_path_factory: pytest.TempPathFactory, masked_rgb: Any) -> Path:
    """A film of the masked face with few and small frames."""
    small_rgb = cv2.resize(masked_rgb, FRAME_PX, interpolation=cv2.INTER_AREA)
    frames = []
    for shift in (0, 2, 4, 6, 4, 2):
        frames.append(small_rgb.copy())
        frames[-1][:, shift:] = small_rgb[:, : FRAME_PX[0] - shift]
    path = tmp_path_factory.mktemp("film") / "masked.y4m"
    return camera_films.write(path, frames, FRAMES_A_SECOND)


@pytest.fixture(scope="module")
def visitor(server: Server, slow_film: Path, browsers: Browsers) -> Iterator[Live]:
    """One browser for all tests: starting it takes longer than they do."""
    with browsers.open(video=slow_film) as browser:
        yield Live(server, browser, browser.new_page())


@pytest.fixture
def live(visitor: Live) -> Live:
    """The visitor with a video that has just begun."""
    visitor.page.goto(visitor.server.url)
    start(visitor.page)
    wait_for_count(visitor.page, "with_mask")
    assert visitor.page.evaluate(SHOWN)[0] == 0
    return visitor


def _wait_for_picture(page: Page, *, stream: int = 0) -> None:
    """Wait for new frames, of this stream of the page or a later one."""
    deadline_s = time.monotonic() + BACK_WITHIN_S
    before = None
    while time.monotonic() < deadline_s:
        shown = page.evaluate(SHOWN)
        if shown and before and shown[0] == before[0] >= stream and shown[1] > before[1]:
            return
        before = shown
        page.wait_for_timeout(250)
    pytest.fail(f"no new picture within {BACK_WITHIN_S:.0f} s, the last was {before}")


def _assert_back(page: Page, *, stream: int = 0) -> None:
    """The video shows new pictures, counts, and says that it runs."""
    ended_s = time.monotonic()
    _wait_for_picture(page, stream=stream)
    print(f"pictures again after {time.monotonic() - ended_s:.1f} s")
    expect(page.get_by_text(t("live.on_title"), exact=True)).to_be_visible(timeout=WAIT_MS)
    wait_for_count(page, "with_mask")
    expect(frame(page).get_by_role("button", name=t("live.stop"))).to_be_visible(timeout=WAIT_MS)
    expect(frame(page).get_by_text(t("webrtc.reconnecting"))).to_be_hidden(timeout=WAIT_MS)
    assert "run=on" in page.url


@contextmanager
def _stopped(processes: list[int]) -> Iterator[None]:
    """Stop processes for a while, as a machine that sleeps does."""
    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def test_network_gone_for_ten_seconds(live: Live, shoot: Any) -> None:
    with _stopped([live.server.pid]):
        until_s = time.monotonic() + OUTAGE_S
        note = frame(live.page).get_by_text(t("webrtc.reconnecting"))
        expect(note).to_be_visible(timeout=WAIT_MS)
        expect(note).to_be_in_viewport()
        shoot(live.page, "live-reconnecting")
        live.page.wait_for_timeout(1000 * max(0.0, until_s - time.monotonic()))
        expect(frame(live.page).get_by_role("button", name=t("live.stop"))).to_be_visible()
    _assert_back(live.page)


def test_tab_in_the_background(live: Live) -> None:
    session = live.browser.new_cdp_session(live.page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(BACKGROUND_S)
    session.send("Page.setWebLifecycleState", {"state": "active"})
    session.detach()
    _assert_back(live.page)


def test_phone_locked(server_that_gives_up: Server, visitor: Live) -> None:
    page = visitor.page
    page.goto(server_that_gives_up.url)
    start(page)
    wait_for_count(page, "with_mask")
    assert page.evaluate(SHOWN)[0] == 0
    with _stopped(browser_processes()):
        time.sleep(GIVEN_UP_S)
    _assert_back(page, stream=1)


def test_camera_lost(live: Live) -> None:
    capture = set(processes("video_capture.mojom.VideoCaptureService"))
    for process in capture & set(browser_processes()):
        os.kill(process, signal.SIGKILL)
    _assert_back(live.page, stream=1)


def test_camera_switched(live: Live) -> None:
    live.page.get_by_text(t("live.options")).first.click()
    live.page.get_by_text(t("live.camera_rear"), exact=True).click()
    _assert_back(live.page, stream=1)
    # what the visitor ends stays ended
    stop(live.page)
    expect(live.page.get_by_text(t("live.idle_title"))).to_be_visible(timeout=WAIT_MS)
    live.page.wait_for_timeout(2000)
    expect(live.page.get_by_text(t("live.idle_title"))).to_be_visible()
    assert live.page.evaluate(SHOWN) is None


def test_four_tabs(live: Live) -> None:
    tabs = [live.page, *(live.browser.new_page() for _ in range(3))]
    try:
        for tab in tabs[1:]:
            tab.goto(live.server.url)
            start(tab)
        for tab in tabs:
            _assert_back(tab)
        tabs[1].reload()
        for tab in tabs:
            _assert_back(tab)
    finally:
        for tab in tabs[1:]:
            tab.close()
