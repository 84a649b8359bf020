"""Three verdicts in a real browser, with a stand-in for a network that knows masks worn wrong."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from maskdet_app.ui.texts.i18n import t
from testbed.pictures.drawn_masks import draw_worn_wrong, write_manifest
from testbed.servers.server import Server, free_port, serve_command
from testbed.visitors import live_page
from tests.e2e.test_accessibility import THEMES, violations
from train.samples import portrait as samples

WAIT_MS = 60_000
Rgb = NDArray[np.uint8]

pytestmark = pytest.mark.browser

# Number of pixels in the yellow of the frame, and whether the video has started.
YELLOW_PIXELS = """
(video) => {
  if (!video.videoWidth) return 0;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let yellow = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i] > 200 && data[i + 1] > 190 && data[i + 2] < 120) yellow++;
  return yellow;
}
"""


@pytest.fixture(scope="module")
def three_verdicts(tmp_path_factory: pytest.TempPathFactory, network: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("three")
    port = free_port()
    command = [sys.executable, "-m", "testbed.servers.three_verdicts", "run", "server.py"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    settings = {"MASKDET_MODEL": str(write_manifest(folder))}
    with serve_command(command, port, log=folder / "server.log", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def photos(portrait: Rgb) -> list[dict[str, Any]]:
    pictures = {
        "masked": samples.draw_mask(portrait),
        "wrong": draw_worn_wrong(portrait),
        "bare": samples.doubled(portrait),
    }
    return [
        {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": _jpeg(rgb[samples.CUT])}
        for name, rgb in pictures.items()
    ]


def _jpeg(rgb: Rgb) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def _expect_count(page: Page, verdict: str, n: int) -> None:
    tile = page.locator(f'.md-tile[data-verdict="{verdict}"] b').first
    expect(tile).to_have_text(str(n), timeout=WAIT_MS)


@pytest.mark.parametrize("scheme", THEMES)
def test_photos_in_gallery_and_close_view(
    scheme: str,
    three_verdicts: Server,
    photos: list[dict[str, Any]],
    open_browser: Any,
    shoot: Callable[[Page, str], Path],
) -> None:
    with open_browser(scheme=scheme) as browser:
        page = browser.new_page()
        page.goto(f"{three_verdicts.url}/photo")
        page.locator("input[type=file]").set_input_files(photos)
        for verdict in ("with_mask", "worn_wrong", "without_mask"):
            _expect_count(page, verdict, 1)
        expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
        assert violations(page) == []
        shoot(page, f"three-gallery-{scheme}")
        page.get_by_role("button", name=t("photo.open")).nth(1).click()
        bars = page.locator(".md-probabilities dt")
        expect(bars).to_have_text(
            [t(f"verdict.{v}") for v in ("with_mask", "worn_wrong", "without_mask")],
            timeout=WAIT_MS,
        )
        assert violations(page) == []
        shoot(page, f"three-close-{scheme}")


@pytest.mark.parametrize("scheme", THEMES)
@pytest.mark.parametrize("path", ["", "about"])
def test_legend_is_accessible(
    path: str, scheme: str, three_verdicts: Server, open_browser: Any
) -> None:
    with open_browser(scheme=scheme) as browser:
        page = browser.new_page()
        page.goto(f"{three_verdicts.url}/{path}")
        if not path:
            page.get_by_text(t("legend.title")).click(timeout=WAIT_MS)
        expect(page.get_by_text(t("legend.means_worn_wrong"))).to_be_visible(timeout=WAIT_MS)
        assert violations(page) == []


def test_choice_is_in_the_address_and_survives_a_reload(
    three_verdicts: Server, photos: list[dict[str, Any]], open_browser: Any
) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{three_verdicts.url}/photo")
        page.locator("input[type=file]").set_input_files(photos)
        _expect_count(page, "worn_wrong", 1)
        page.get_by_text(t("photo.options"), exact=True).click()
        page.get_by_text(t("shared.two_label")).click()
        _expect_count(page, "without_mask", 2)
        expect(page.locator('.md-tile[data-verdict="worn_wrong"]')).to_have_count(0)
        page.wait_for_url("**/photo?two=1", timeout=WAIT_MS)
        page.reload()
        page.get_by_text(t("photo.options"), exact=True).click()
        switch = page.get_by_role("switch", name=t("shared.two_label"))
        expect(switch).to_be_checked(timeout=WAIT_MS)
        page.locator("input[type=file]").set_input_files(photos)
        _expect_count(page, "without_mask", 2)


def test_live_page_draws_counts_and_announces_worn_wrong(
    three_verdicts: Server,
    portrait: Rgb,
    film: Callable[[Rgb, str], Path],
    open_browser: Any,
    shoot: Callable[[Page, str], Path],
) -> None:
    camera = cv2.resize(samples.as_camera(draw_worn_wrong(portrait)), (640, 480))
    with open_browser(video=film(np.asarray(camera, np.uint8), "wrong")) as browser:
        page = browser.new_page()
        page.goto(f"{three_verdicts.url}/?alert=colour")
        live_page.start(page)
        live_page.wait_for_count(page, "worn_wrong")
        video = live_page.frame(page).locator("video")
        assert video.evaluate(YELLOW_PIXELS) > 200
        banner = page.get_by_role("alert").filter(has_text=t("live.alert_worn_wrong"))
        expect(banner).to_be_visible(timeout=WAIT_MS)
        assert violations(page) == []
        shoot(page, "three-live")
        live_page.stop(page)
