"""Public hosting: no third-party requests, sharing, embedding, graceful shutdown, link preview."""

import json
import re
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, expect

from maskdet_app.ops.installation import build_info
from maskdet_app.ops.settings import server_address
from maskdet_app.ui.texts.i18n import t
from testbed.servers.server import free_port, serve
from testbed.visitors.live_page import VIDEO_PIXELS, WAIT_MS, frame, start, wait_for_count
from tests.e2e.programs import listening

GRACE_S = 6.0
EXIT_S = 20.0
NETWORK_HOST = server_address.network_host()
# Which directive refuses each of some URLs, given time to.
REFUSED = """
async (urls) => {
  const found = [];
  document.addEventListener('securitypolicyviolation',
    (event) => found.push(event.effectiveDirective));
  for (const url of urls) {
    try {
      if (url.startsWith('ws')) new WebSocket(url, ['streamlit']).close();
      else await fetch(url, {mode: 'no-cors'});
    } catch (error) { /* the event tells */ }
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  return found;
}
"""

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
        version, commit = build_info.version(), build_info.commit()
        key = "about.status_no_commit" if commit == build_info.UNKNOWN else "about.status"
        status = t(key, version=version, commit=commit, model="")
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
        # The server listens on this machine alone: another device could not follow a code.
        expect(page.get_by_text(t("share.local"))).to_be_visible()
        expect(page.get_by_role("img", name=t("share.qr"))).to_have_count(0)
        assert url.strip() == f"{server.url}/photo?why=true"
        page.goto(server.url)
        page.get_by_role("button", name=t("share.button")).click(timeout=WAIT_MS)
        codes = page.get_by_test_id("stCode")
        expect(codes).to_have_count(2)
        assert "embed=true" in (codes.nth(1).text_content() or "")


def test_share_panel_of_a_local_server_has_the_network_address(
    open_browser: Any, shoot: Callable[..., Path]
) -> None:
    if not NETWORK_HOST:
        pytest.skip("this machine has no network but the loopback")
    with serve(address="0.0.0.0") as server, open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/photo")
        page.get_by_role("button", name=t("share.button")).click(timeout=WAIT_MS)
        expect(page.get_by_role("img", name=t("share.qr"))).to_be_visible()
        shoot(page, "share")
        url = (page.get_by_test_id("stCode").first.text_content() or "").strip()
        assert url == f"http://{NETWORK_HOST}:{server.port}/photo"
        page.goto(url)
        expect(page.get_by_role("heading", name=t("photo.title"))).to_be_visible(timeout=WAIT_MS)


def test_pages_cannot_connect_to_other_hosts(server: Any, open_browser: Any) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/about")
        expect(page.get_by_role("heading", name=t("about.title"))).to_be_visible(timeout=WAIT_MS)
        # localhost is this machine, too, but another host to the policy.
        other = f"localhost:{server.port}"
        refused = page.evaluate(REFUSED, [f"ws://{other}/_stcore/stream", f"http://{other}/"])
        own = f"127.0.0.1:{server.port}"
        allowed = page.evaluate(REFUSED, [f"ws://{own}/_stcore/stream", f"http://{own}/"])
    assert refused == ["connect-src", "connect-src"]
    assert allowed == []


@pytest.mark.parametrize("is_allowed", [False, True])
def test_the_frame_shows_on_another_site_where_the_setting_names_it(
    is_allowed: bool,
    network: Path,
    open_browser: Any,
    masked_film: Path,
    tmp_path: Path,
) -> None:
    other_site = tmp_path / "site"
    other_site.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    ancestors = f"'self' http://localhost:{port}" if is_allowed else ""
    with (
        serve(MASKDET_FRAME_ANCESTORS=ancestors) as server,
        listening([*command, "-d", str(other_site)], port, log=tmp_path / "site.log"),
        open_browser(video=masked_film) as browser,
    ):
        page = browser.new_page()
        page.goto(server.url)
        page.get_by_role("button", name=t("share.button")).click(timeout=WAIT_MS)
        snippet = page.get_by_test_id("stCode").nth(1).text_content() or ""
        note = page.get_by_text("MASKDET_FRAME_ANCESTORS")
        expect(note).to_have_count(0 if is_allowed else 1)
        (other_site / "index.html").write_text(f"<h1>Another site</h1>{snippet}", encoding="utf-8")
        page.goto(f"http://localhost:{port}/")
        embedded = page.frame_locator("iframe")
        video = embedded.frame_locator("iframe[title*='webrtc_streamer']").locator("video")
        if is_allowed:
            video.first.wait_for(timeout=WAIT_MS)
        else:
            page.wait_for_timeout(5000)
            expect(video).to_have_count(0)
            expect(embedded.get_by_test_id("stApp")).to_have_count(0)


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
    # Every line, also while the browser's connections end.
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert entries[-1]["message"] == "stopped"
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
