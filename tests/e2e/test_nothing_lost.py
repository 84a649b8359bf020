"""What interrupts a live video, and that it comes back by itself, in a real browser.

`testbed.visitors.interruptions` says how each interruption is made, and
`python -m benchmarks recovery` measures how long the video then needs. What happens to a frozen tab
happens at once, so that a few seconds stand for a minute. The server gives a locked phone up within
seconds instead of minutes here.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from maskdet_app.ui.texts.i18n import t
from testbed.pictures import masked_face
from testbed.servers.impatient_server import GIVEN_UP_S
from testbed.servers.server import Server, free_port, serve, serve_command
from testbed.visitors import interruptions, live_watch
from testbed.visitors.browser import Browsers
from testbed.visitors.live_page import WAIT_MS, frame, start, stop, wait_for_count

FRAMES_A_SECOND: Final = 3
"""Few, so that four tabs run on two slow cores."""
OUTAGE_S: Final = 10.0
BACKGROUND_S: Final = 6.0

pytestmark = [pytest.mark.browser, pytest.mark.skipif(sys.platform != "linux", reason="/proc")]


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
def slow_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of the masked face with few and small frames."""
    return masked_face.write(tmp_path_factory.mktemp("film") / "masked.y4m", FRAMES_A_SECOND)


@pytest.fixture(scope="module")
def visitor(server: Server, slow_film: Path, browsers: Browsers) -> Iterator[Live]:
    """One browser for all tests: starting it takes longer than they do."""
    with browsers.open(video=slow_film) as browser:
        live_watch.install(browser)
        yield Live(server, browser, browser.new_page())


@pytest.fixture
def live(visitor: Live) -> Live:
    """The visitor with a video that has just begun."""
    visitor.page.goto(visitor.server.url)
    start(visitor.page)
    wait_for_count(visitor.page, "with_mask")
    assert live_watch.stream(visitor.page) == 0
    return visitor


def _assert_back(page: Page, since_s: float, *, from_stream: int = 0) -> None:
    """The video shows new pictures, counts, and says that it runs."""
    live_watch.wait_until_back(page, since_s, from_stream=from_stream)
    expect(frame(page).get_by_role("button", name=t("live.stop"))).to_be_visible(timeout=WAIT_MS)
    expect(frame(page).get_by_text(t("webrtc.reconnecting"))).to_be_hidden(timeout=WAIT_MS)
    assert "run=on" in page.url


def test_network_gone_for_ten_seconds(live: Live, shoot: Any) -> None:
    with interruptions.stopped([live.server.pid]):
        until_s = time.monotonic() + OUTAGE_S
        note = frame(live.page).get_by_text(t("webrtc.reconnecting"))
        expect(note).to_be_visible(timeout=WAIT_MS)
        expect(note).to_be_in_viewport()
        shoot(live.page, "live-reconnecting")
        live.page.wait_for_timeout(1000 * max(0.0, until_s - time.monotonic()))
        expect(frame(live.page).get_by_role("button", name=t("live.stop"))).to_be_visible()
        since_s = time.time()
    _assert_back(live.page, since_s)


def test_tab_in_the_background(live: Live) -> None:
    since_s = interruptions.put_in_background(live.page, BACKGROUND_S)
    _assert_back(live.page, since_s)


def test_phone_locked(server_that_gives_up: Server, visitor: Live) -> None:
    page = visitor.page
    page.goto(server_that_gives_up.url)
    start(page)
    wait_for_count(page, "with_mask")
    assert live_watch.stream(page) == 0
    since_s = interruptions.lock_phone(GIVEN_UP_S)
    _assert_back(page, since_s, from_stream=1)


def test_camera_lost(live: Live) -> None:
    _assert_back(live.page, interruptions.lose_camera(), from_stream=1)


def test_camera_switched(live: Live) -> None:
    interruptions.open_options(live.page)
    _assert_back(live.page, interruptions.switch_camera(live.page, rear=True), from_stream=1)
    # what the visitor ends stays ended
    stop(live.page)
    expect(live.page.get_by_text(t("live.idle_title"))).to_be_visible(timeout=WAIT_MS)
    live.page.wait_for_timeout(2000)
    expect(live.page.get_by_text(t("live.idle_title"))).to_be_visible()
    assert live_watch.stream(live.page) == -1


def test_four_tabs(live: Live) -> None:
    tabs = [live.page, *(live.browser.new_page() for _ in range(3))]
    try:
        for tab in tabs[1:]:
            tab.goto(live.server.url)
            start(tab)
        for tab in tabs:
            _assert_back(tab, time.time())
        tabs[1].reload()
        for tab in tabs:
            _assert_back(tab, time.time())
    finally:
        for tab in tabs[1:]:
            tab.close()
