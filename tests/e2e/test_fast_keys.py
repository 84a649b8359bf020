"""Bursts of key presses in a slow browser, with a server that delivers slowly: no page turns white.

`tests/loopback/test_reruns.py` tries many more orders of runs without a browser.
"""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from maskdet_app.live.panel.status import SLOW_REFRESH_S
from maskdet_app.metrics import view
from maskdet_app.ui.texts.i18n import t
from maskdet_core.records.runs import RUN_FILE
from testbed.servers.server import Server, serve
from testbed.visitors.live_page import WAIT_MS, frame, start, wait_for_count

N_BURSTS = 30
CPU_SLOWDOWN = 2.0
FLUSH_S = 0.4
SEED = 51
PAUSE_S = (0.02, 0.2)
TIMERS_S = (SLOW_REFRESH_S - 0.4, SLOW_REFRESH_S + 0.1)
"""Both timers of the live page end then."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    runs = tmp_path_factory.mktemp("runs")
    (runs / "in-progress").mkdir()
    record = json.dumps({"name": "in progress", "status": "running", "epochs_total": 9})
    (runs / "in-progress" / RUN_FILE).write_text(record, encoding="utf-8")
    with serve(flush_s=FLUSH_S, MASKDET_RUNS=str(runs)) as running:
        yield running


class Watched:
    """A slowed page and all that goes wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.n_connections = 0
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("websocket", self._note_connection)

    def _note_console(self, message: Any) -> None:
        # A picture that the next run has replaced before the slow browser asked for it: the browser
        # and Streamlit's front end both say so. That the last ones are shown is asserted.
        is_replaced = ("/media/" in message.location["url"] and "404" in message.text) or (
            "Image source error" in message.text and "/media/" in message.text
        )
        if message.type == "error" and not is_replaced:
            self.errors.append(f"{message.text} {message.location['url']}")

    def _note_connection(self, _socket: Any) -> None:
        self.n_connections += 1

    def slow_down(self) -> None:
        """Slow the processor, once the page is loaded; errors count from here on."""
        # while it loads, Streamlit's front end asks for its server below the page's path as well
        self.errors.clear()
        session = self.page.context.new_cdp_session(self.page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})

    def press_in_bursts(
        self,
        target: Callable[[random.Random], tuple[Locator, list[str]]],
        timers_s: tuple[float, float] = PAUSE_S,
    ) -> None:
        """Focus what ``target`` chooses and press some of its keys fast, again and again.

        Every third pause is drawn from the range ``timers_s``. A run of the page restarts the
        timers of its fragments, so only a key press near their end meets their runs.
        """
        chance = random.Random(SEED)
        for burst in range(N_BURSTS):
            focused, keys = target(chance)
            focused.focus(timeout=WAIT_MS)
            for _ in range(chance.randint(3, 5)):
                self.page.keyboard.press(chance.choice(keys))
                self.page.wait_for_timeout(chance.uniform(10, 30))
            pause_s = chance.uniform(*(PAUSE_S if burst % 3 else timers_s))
            self.page.wait_for_timeout(1000 * pause_s)
            assert not self.errors
        # what a late message would break shows after the last run
        self.page.wait_for_timeout(1500)
        assert not self.errors
        assert self.n_connections == 1
        expect(self.page.locator("h1")).to_have_count(1)
        expect(self.page.get_by_test_id("stException")).to_have_count(0)


def toggle(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stCheckbox").filter(has_text=label).locator("input")


def slider(page: Page) -> tuple[Locator, list[str]]:
    return page.get_by_role("slider").first, ["ArrowLeft", "ArrowRight"]


def test_live_page_stays_and_its_stream_runs_on(
    server: Server, network: Path, open_browser: Any, masked_film: Path
) -> None:
    with open_browser(video=masked_film) as browser:
        watched = Watched(browser.new_page())
        page = watched.page
        page.goto(server.url)
        start(page)
        wait_for_count(page, "with_mask")
        page.get_by_text("Settings").first.click()
        mirror = toggle(page, t("live.mirror_label"))
        mirror.wait_for(state="attached", timeout=WAIT_MS)
        watched.slow_down()
        watched.press_in_bursts(
            lambda chance: (mirror, [" "]) if chance.random() < 0.2 else slider(page),
            TIMERS_S,
        )
        expect(page.get_by_role("button", name=t("live.snapshot"))).to_have_count(1)
        expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1)
        expect(frame(page).get_by_role("button", name="Stop", exact=False)).to_be_visible()
        wait_for_count(page, "with_mask")


def test_photo_page_stays(server: Server, network: Path, open_browser: Any) -> None:
    with open_browser() as browser:
        watched = Watched(browser.new_page())
        page = watched.page
        page.goto(f"{server.url}/photo")
        page.get_by_role("button", name=t("photo.samples")).click(timeout=WAIT_MS)
        expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
        page.get_by_text(t("photo.options"), exact=True).click()
        blur = toggle(page, t("photo.blur"))
        watched.slow_down()
        watched.press_in_bursts(
            lambda chance: (blur, [" "]) if chance.random() < 0.2 else slider(page)
        )
        expect(page.get_by_role("button", name=t("photo.open"))).to_have_count(3)
        for image in page.get_by_test_id("stImage").locator("img").all():
            assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_metrics_page_stays_while_a_run_trains(server: Server, open_browser: Any) -> None:
    with open_browser() as browser:
        watched = Watched(browser.new_page())
        page = watched.page
        page.goto(f"{server.url}/metrics")
        expect(page.get_by_text(t("metrics.no_epochs"))).to_be_visible(timeout=WAIT_MS)
        tabs = page.get_by_role("radiogroup").first.get_by_role("radio")
        expect(tabs).to_have_count(len(view.TABS), timeout=WAIT_MS)
        watched.slow_down()
        watched.press_in_bursts(
            lambda chance: (
                tabs.nth(chance.randrange(len(view.TABS))),
                ["ArrowLeft", "ArrowRight", "Enter"],
            )
        )
        for tab, shown in (("compare", "ablations.title"), ("finder", "finder.title")):
            page.get_by_role("radio", name=t(f"tabs.{tab}")).click()
            expect(page.get_by_text(t(shown), exact=True)).to_have_count(1, timeout=WAIT_MS)
        page.get_by_role("radio", name=t("tabs.training")).click()
        expect(page.get_by_text(t("metrics.no_epochs"))).to_have_count(1, timeout=WAIT_MS)
