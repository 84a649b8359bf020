"""End to end: server, Chromium, a fake camera, uploads."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from maskdet_app.ui.texts.i18n import catalogue, t
from testbed.servers.server import serve
from testbed.visitors.live_page import (
    VIDEO_PIXELS,
    WAIT_MS,
    follow,
    frame,
    go_to,
    start,
    stop,
    wait_for_count,
)

FREE_WITHIN_MS = 30_000
"""The lease, the page's refresh every two seconds, and a slow machine."""

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("masked", [False, True], ids=["bare", "masked"])
def test_live_camera(
    masked: bool,
    server: Any,
    network: Path,
    open_browser: Any,
    shoot: Callable[..., Path],
    masked_film: Path,
    bare_film: Path,
) -> None:
    film = masked_film if masked else bare_film
    verdict = "with_mask" if masked else "without_mask"
    other = "without_mask" if masked else "with_mask"
    colour = "blue" if masked else "vermilion"
    with open_browser(video=film) as browser:
        page = browser.new_page()
        page.goto(server.url)
        start(page)
        wait_for_count(page, verdict)
        expect(page.locator(f'[data-verdict="{other}"] b').first).to_have_text("0")
        pixels = frame(page).locator("video").first.evaluate(VIDEO_PIXELS)
        assert pixels is not None
        assert pixels[colour] > 300, pixels
        shoot(page, f"live-{verdict}")

        stop(page)
        expect(frame(page).get_by_role("button", name="Start", exact=False)).to_be_visible(
            timeout=WAIT_MS
        )
        expect(page.get_by_text(t("live.idle_title"))).to_be_visible(timeout=WAIT_MS)
        go_to(page, "Photos & videos")
        follow(page, t("live.title"), t("live.headline"))
        start(page)
        wait_for_count(page, verdict)
        stop(page)
    assert "libtensorflow" not in server.maps()


def test_second_viewer_waits_for_the_only_slot_and_gets_it(
    tmp_path: Path,
    network: Path,
    open_browser: Any,
    bare_film: Path,
    shoot: Callable[..., Path],
) -> None:
    with (
        serve(max_viewers=1, log=tmp_path / "server.log") as server,
        open_browser(video=bare_film) as browser,
    ):
        first, second = browser.new_page(), browser.new_page()
        first.goto(server.url)
        start(first)
        wait_for_count(first, "without_mask")

        second.goto(server.url)
        full = second.get_by_text("places are taken")
        expect(full).to_be_visible(timeout=WAIT_MS)
        shoot(second, "live-full")

        # admitted after the first viewer's page was closed during its stream
        first.close()
        expect(full).to_have_count(0, timeout=FREE_WITHIN_MS)
        start(second)
        wait_for_count(second, "without_mask")

        # a page change releases the slot as well
        go_to(second, "Photos & videos")
        third = browser.new_page()
        third.goto(server.url)
        expect(third.get_by_text(t("live.idle_title"))).to_be_visible(timeout=FREE_WITHIN_MS)
        log = (tmp_path / "server.log").read_text(encoding="utf-8")
        assert "Traceback" not in log, log


def test_without_a_camera_the_page_explains_it_and_links_to_the_photo_page(
    server: Any, network: Path, open_browser: Any, shoot: Callable[..., Path]
) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(server.url)
        frame(page).get_by_role("button", name="Start", exact=False).click(timeout=WAIT_MS)
        message = frame(page).get_by_text(t("webrtc.missing_title"))
        expect(message).to_be_visible(timeout=WAIT_MS)
        expect(message).to_be_in_viewport()
        expect(frame(page).get_by_text("NotFoundError")).to_have_count(0)
        shoot(page, "live-no-camera")
        follow(page, t("live.way_out"), "Photos & videos")


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("es-ES", "es")])
def test_a_refused_camera_is_explained_in_the_visitors_language(
    locale: str,
    language: str,
    server: Any,
    network: Path,
    open_browser: Any,
    shoot: Callable[..., Path],
) -> None:
    words = catalogue(language)
    with open_browser(refuse_camera=True, locale=locale) as browser:
        page = browser.new_page()
        page.goto(server.url)
        start_button = frame(page).get_by_role("button", name=words["live"]["start"])
        start_button.click(timeout=WAIT_MS)
        message = frame(page).get_by_text(words["webrtc"]["refused_title"])
        expect(message).to_be_visible(timeout=WAIT_MS)
        expect(message).to_be_in_viewport()
        expect(frame(page).get_by_text("NotAllowedError")).to_have_count(0)
        shoot(page, f"live-refused-{language}")


def test_snapshot_and_changed_settings_while_playing(
    server: Any, network: Path, camera_browser: BrowserContext, shoot: Callable[..., Path]
) -> None:
    page = camera_browser.new_page()
    page.goto(server.url)
    start(page)
    wait_for_count(page, "with_mask")
    with page.expect_download(timeout=WAIT_MS) as download:
        page.get_by_role("button", name="Save this picture").click()
    picture = np.asarray(Image.open(download.value.path()).convert("RGB")).astype(int)
    assert min(picture.shape[:2]) >= 240
    blue = np.abs(picture - [0x00, 0x72, 0xB2]).max(axis=2) < 30
    assert blue.sum() > 300
    page.get_by_text("Settings").click()
    page.get_by_text("Banner and sound").click()
    page.get_by_text(t("live.mirror_label")).click()
    wait_for_count(page, "with_mask")
    expect(frame(page).get_by_role("button", name="Stop", exact=False)).to_be_visible()
    shoot(page, "live-settings")
    stop(page)


def test_uploaded_photos_get_both_verdicts(
    server: Any,
    network: Path,
    open_browser: Any,
    bare_rgb: Any,
    masked_rgb: Any,
    shoot: Callable[..., Path],
) -> None:
    files = []
    for name, rgb in (("bare", bare_rgb), ("masked", masked_rgb)):
        buffer = io.BytesIO()
        Image.fromarray(rgb).save(buffer, "JPEG", quality=92)
        files.append({"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()})
    files.append({"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"})
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/photo")
        page.locator("input[type=file]").set_input_files(files)
        wait_for_count(page, "with_mask")
        wait_for_count(page, "without_mask")
        expect(page.get_by_text("broken.jpg").first).to_be_visible()
        expect(page.locator("img").first).to_be_visible()
        shoot(page, "photo")
        page.locator("img").first.scroll_into_view_if_needed()
        shoot(page, "photo-results")


@pytest.mark.parametrize("path", ["", "photo", "metrics", "about"])
@pytest.mark.parametrize(
    ("size", "scheme"), [((1280, 900), "light"), ((390, 844), "dark")], ids=["wide", "phone"]
)
def test_pages_open_without_errors(
    path: str,
    size: tuple[int, int],
    scheme: str,
    server: Any,
    open_browser: Any,
    shoot: Callable[..., Path],
) -> None:
    with open_browser(size=size, scheme=scheme) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/{path}")
        expect(page.locator("h1").first).to_be_visible(timeout=WAIT_MS)
        if path == "metrics":
            expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 1
        shoot(page, f"{path or 'live'}-{size[0]}-{scheme}")
