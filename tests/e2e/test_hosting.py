"""Public hosting: no third-party requests, sharing, embedding, graceful shutdown, link preview."""

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, expect

from maskdet_app.ops import build_info
from maskdet_app.ui.i18n import t
from testbed.server import serve
from tests.e2e.live_page import VIDEO_PIXELS, WAIT_MS, frame, start, wait_for_count

GRACE_S = 6.0
EXIT_S = 20.0

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", ["server.py", "streamlit_app.py"])
def test_pages_load_nothing_from_other_hosts(
    script: str,
    network: Path,
    open_browser: Any,
    masked_film: Path,
    tmp_path: Path,
) -> None:
    errors: list[str] = []
    hosts: set[str] = set()

    def record_error(message: ConsoleMessage) -> None:
        # Under a path like /metrics, Streamlit's page probes for its base path and gets a 404.
        if message.type == "error" and "404" not in message.text:
            errors.append(message.text)

    def record_host(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            hosts.add(urlsplit(request.url).hostname or "")

    with (
        serve(script=script, log=tmp_path / "server.log") as server,
        open_browser(video=masked_film) as browser,
    ):
        page = browser.new_page()
        page.on("console", record_error)
        page.on("request", record_host)
        page.goto(f"{server.url}/metrics")
        # Charts compile expressions, which a Content-Security-Policy can forbid.
        expect(page.locator("canvas, svg.marks").first).to_be_visible(timeout=WAIT_MS)
        page.goto(f"{server.url}/about")
        status = t(
            "about.status", version=build_info.version(), commit=build_info.commit(), model=""
        )
        expect(page.get_by_text(status)).to_be_visible(timeout=WAIT_MS)
        page.goto(server.url)
        start(page)
        wait_for_count(page, "with_mask")
        page.goto(f"{server.url}/photo?why=true")
        page.get_by_role("button", name=t("photo.samples")).click(timeout=WAIT_MS)
        expect(page.get_by_test_id("stImage").locator("img")).to_have_count(3, timeout=WAIT_MS)
    assert hosts == {"127.0.0.1"}
    assert errors == []


def test_share_panel_links_to_the_current_page(
    server: Any, open_browser: Any, shoot: Callable[..., Path]
) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/photo?why=true&run=on")
        page.get_by_role("button", name=t("share.button")).click(timeout=WAIT_MS)
        url = page.get_by_test_id("stCode").first.text_content() or ""
        expect(page.get_by_role("img", name=t("share.qr"))).to_be_visible()
        shoot(page, "share")
        assert url.strip() == f"{server.url}/photo?why=true"
        page.goto(server.url)
        page.get_by_role("button", name=t("share.button")).click(timeout=WAIT_MS)
        codes = page.get_by_test_id("stCode")
        expect(codes).to_have_count(2)
        assert "embed=true" in (codes.nth(1).text_content() or "")


def test_embedded_page_shows_only_the_video_and_starts_by_itself(
    server: Any, network: Path, camera_browser: BrowserContext, shoot: Callable[..., Path]
) -> None:
    page = camera_browser.new_page()
    page.goto(f"{server.url}/?embed=true")
    video = frame(page).locator("video").first
    video.wait_for(timeout=WAIT_MS)
    n_tries = 40
    while (video.evaluate(VIDEO_PIXELS) or {"blue": 0})["blue"] < 300:
        n_tries -= 1
        assert n_tries, "no frame was drawn around the face"
        page.wait_for_timeout(500)
    shoot(page, "kiosk")
    expect(page.locator("h1")).to_have_count(0)
    expect(page.get_by_role("link", name=t("photo.title"))).to_have_count(0)
    expect(page.get_by_role("button", name=t("share.button"))).to_have_count(0)


def test_viewers_see_a_notice_before_the_server_exits(
    network: Path,
    open_browser: Any,
    masked_film: Path,
    tmp_path: Path,
    shoot: Callable[..., Path],
) -> None:
    log = tmp_path / "server.log"
    with (
        serve(log=log, MASKDET_GRACE_S=str(GRACE_S), MASKDET_LOG="json") as server,
        open_browser(video=masked_film) as browser,
    ):
        page = browser.new_page()
        page.goto(server.url)
        start(page)
        wait_for_count(page, "with_mask")
        server.terminate()
        expect(page.get_by_text(t("live.leaving"))).to_be_visible(timeout=GRACE_S * 1000)
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{server.url}/_stcore/health")
        shoot(page, "leaving")
        assert server.wait(EXIT_S) in (0, -signal.SIGTERM)
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    assert "stopped" in [json.loads(line)["message"] for line in lines]
    text = log.read_text()
    assert "a stream starts" in text
    assert "candidate" not in text
    assert not re.search(r"127\.0\.0\.1:\d+ - ", text), "the log holds visitors' addresses"


def test_link_preview_needs_no_javascript(server: Any) -> None:
    with urllib.request.urlopen(f"{server.url}/photo") as response:
        text = response.read().decode()
    assert f"<title>{t('app.name')}</title>" in text
    image_url = re.search(r'property="og:image" content="([^"]+)"', text)
    assert image_url is not None
    with urllib.request.urlopen(image_url[1]) as image:
        assert image.headers["Content-Type"] == "image/png"
        assert image.read(4) == b"\x89PNG"
