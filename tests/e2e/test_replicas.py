"""Two servers behind HAProxy with the shipped configuration: sticky sessions, and failover."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from maskdet_app.ui.texts.i18n import t
from testbed.repository import REPO_ROOT
from testbed.servers.server import Server, free_port, serve
from testbed.visitors.live_page import WAIT_MS, frame, start, wait_for_count
from tests.e2e.programs import listening

BACK_WITHIN_S = 10.0

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Replicas:
    port: int
    servers: dict[str, Server]
    """By the value of the cookie that keeps a visitor with one server."""


@pytest.fixture
def replicas(haproxy_path: str, tmp_path: Path, network: Path) -> Iterator[Replicas]:
    with ExitStack() as stack:
        # two viewers and two servers share few cores, so the limit is fixed, not measured
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
        yield Replicas(port, servers)


def _server_of(page: Page) -> str:
    """Which server a visitor is connected to."""
    host = urlsplit(page.url).hostname
    cookies = {
        cookie.get("domain"): cookie.get("value")
        for cookie in page.context.cookies()
        if cookie.get("name") == "maskdet"
    }
    return str(cookies[host])


def _start_live(url: str, browser: BrowserContext) -> Page:
    page = browser.new_page()
    page.goto(url)
    start(page)
    wait_for_count(page, "with_mask")
    return page


def test_one_of_two_servers_dies(
    replicas: Replicas, open_browser: Any, masked_film: Path, shoot: Any
) -> None:
    with open_browser(video=masked_film) as browser:
        # two names of this machine, so that the browser acts as two visitors with a cookie each
        pages = [
            _start_live(f"http://{host}:{replicas.port}", browser)
            for host in ("127.0.0.1", "localhost")
        ]
        names = [_server_of(page) for page in pages]
        assert sorted(names) == ["one", "two"], "the second visitor belongs to the idle server"
        failed_over, other = pages
        replicas.servers[names[0]].kill()
        killed_s = time.monotonic()
        while _server_of(failed_over) != names[1]:
            assert time.monotonic() - killed_s < BACK_WITHIN_S
            failed_over.wait_for_timeout(100)
        wait_for_count(failed_over, "with_mask")
        took_s = time.monotonic() - killed_s
        assert took_s < BACK_WITHIN_S, f"live again after {took_s:.1f} s"
        print(f"live again after {took_s:.1f} s")
        shoot(failed_over, "live-again")
        wait_for_count(other, "with_mask")
        assert _server_of(other) == names[1]
        # and Stop works
        frame(failed_over).get_by_role("button", name=t("live.stop")).click(timeout=WAIT_MS)
        expect(failed_over.get_by_text(t("live.idle_title"))).to_be_visible(timeout=WAIT_MS)
