"""Two servers behind HAProxy, as the shipped configuration has it: visitors stay, and come back."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from maskdet_app.ui.i18n import t
from testbed.server import Server, free_port, serve
from tests.e2e.live_page import WAIT_MS, frame, start, wait_for_count
from tests.e2e.programs import listening

REPO_ROOT = Path(__file__).resolve().parents[2]
BACK_WITHIN_S = 10.0

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Farm:
    port: int
    servers: dict[str, Server]
    """By the cookie that keeps a visitor with one."""


@pytest.fixture
def farm(haproxy_path: str, tmp_path: Path, network: Path) -> Iterator[Farm]:
    with ExitStack() as stack:
        # two browsers and two servers share the machine's few cores: places are given, not measured
        servers = {
            name: stack.enter_context(serve(max_viewers=3, log=tmp_path / f"{name}.log"))
            for name in ("one", "two")
        }
        port = free_port()
        environment = {
            "MASKDET_BIND": f"127.0.0.1:{port}",
            "MASKDET_SERVER_1": f"127.0.0.1:{servers['one'].port}",
            "MASKDET_SERVER_2": f"127.0.0.1:{servers['two'].port}",
        }
        command = [haproxy_path, "-db", "-f", str(REPO_ROOT / "hosting" / "haproxy.cfg")]
        proxy = listening(command, port, log=tmp_path / "haproxy.log", **environment)
        stack.enter_context(proxy)
        yield Farm(port, servers)


def _home(page: Page) -> str:
    """Which server a visitor is with."""
    host = urlsplit(page.url).hostname
    cookies = {
        one.get("domain"): one.get("value")
        for one in page.context.cookies()
        if one.get("name") == "maskdet"
    }
    return str(cookies[host])


def _live_on(url: str, browser: BrowserContext) -> Page:
    page = browser.new_page()
    page.goto(url)
    start(page)
    wait_for_count(page, "with_mask")
    return page


def test_one_of_two_servers_dies(
    farm: Farm, open_browser: Any, film: Callable[..., Path], masked_rgb: Any, shoot: Any
) -> None:
    with open_browser(video=film(masked_rgb, "masked")) as browser:
        # two names of this machine, so that the browser is two visitors with a cookie each
        pages = [
            _live_on(f"http://{host}:{farm.port}", browser) for host in ("127.0.0.1", "localhost")
        ]
        homes = [_home(page) for page in pages]
        assert sorted(homes) == ["one", "two"], "the second was to go where fewer are"
        unlucky, other = pages
        farm.servers[homes[0]].kill()
        died = time.monotonic()
        while _home(unlucky) != homes[1]:
            assert time.monotonic() - died < BACK_WITHIN_S
            unlucky.wait_for_timeout(100)
        wait_for_count(unlucky, "with_mask")
        took_s = time.monotonic() - died
        assert took_s < BACK_WITHIN_S, f"live again after {took_s:.1f} s"
        print(f"live again after {took_s:.1f} s")
        shoot(unlucky, "live-again")
        wait_for_count(other, "with_mask")
        assert _home(other) == homes[1]
        # and can be stopped as ever
        frame(unlucky).get_by_role("button", name=t("live.stop")).click(timeout=WAIT_MS)
        expect(unlucky.get_by_text(t("live.idle_title"))).to_be_visible(timeout=WAIT_MS)
