"""A video in the browser: limits before the upload, result, and the way from chart to player."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect

from maskdet_app.video.job import MAX_BYTES
from maskdet_core.html_report.texts import Texts
from testbed.pictures.films import film_bytes
from testbed.servers.server import Server
from tests.e2e.conftest import OpenBrowser
from tests.e2e.test_accessibility import violations

WAIT_MS = 60_000
CHANGE_S = 6.0
LENGTH_S = 10.0
# Where the result begins, in px below the page's title.
BELOW_TITLE = """() => {
  const [title, result] = ["h1", ".st-key-video-summary"].map((one) => document.querySelector(one));
  return Math.round(result.getBoundingClientRect().top - title.getBoundingClientRect().top);
}"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def door(
    bare_rgb: NDArray[np.uint8],
    masked_rgb: NDArray[np.uint8],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A person with a mask, who takes it off after `CHANGE_S`."""
    frames = (
        (n / 10, np.roll(masked_rgb if n / 10 < CHANGE_S else bare_rgb, n % 3, axis=1))
        for n in range(round(10 * LENGTH_S))
    )
    path = tmp_path_factory.mktemp("video") / "door.mp4"
    path.write_bytes(film_bytes(frames))
    return path


def test_from_the_limits_to_the_moment(
    door: Path, network: Path, tmp_path: Path, server: Server, open_browser: OpenBrowser
) -> None:
    with open_browser(size=(1280, 720)) as browser:
        page = browser.new_page()
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.url) if one.method == "PUT" else None)
        page.goto(f"{server.url}/photo?kind=video")
        limits = f"up to {MAX_BYTES // 1_000_000} MB and 10 minutes"
        expect(page.locator(".md-drop")).to_contain_text(limits, timeout=WAIT_MS)
        formats = page.get_by_text("MKV").filter(visible=True)
        expect(formats).to_have_count(1)
        too_large = tmp_path / "night.mp4"
        with too_large.open("wb") as file:
            file.truncate(4_000_000_000)
        choose = page.locator("input[type=file]")
        choose.set_input_files(too_large)
        chip = page.locator(".stFileChip[aria-invalid=true]")
        expect(chip).to_contain_text("night.mp4", timeout=WAIT_MS)
        expect(chip.get_by_role("alert")).to_contain_text("100")
        assert sent == []
        chip.get_by_role("button").click()
        choose.set_input_files(door)
        chart = page.locator(".st-key-video_chart")
        expect(chart).to_be_visible(timeout=WAIT_MS)
        expect(chart).to_be_in_viewport()
        expect(formats).to_have_count(0)
        # the last run replaces what is drawn until its end
        expect(page.locator("[data-test-script-state=running]")).to_have_count(0, timeout=WAIT_MS)
        # hidden from the tree: to screen readers the chart is one picture
        chart.locator("path[aria-label*='Verdict: No mask']").click(timeout=WAIT_MS)
        page.wait_for_function(
            "start => { const video = document.querySelector('video');"
            " return video && video.currentTime >= start && (!video.paused || video.ended) }",
            arg=CHANGE_S - 1,
            timeout=WAIT_MS,
        )
        assert violations(page) == []
        with page.expect_download() as download:
            page.get_by_role("button", name="Report to share").click()
        text = download.value.path().read_text(encoding="utf-8")
        assert Texts("en")("videos.timeline") in text
        before = page.evaluate(BELOW_TITLE)
        page.get_by_role("button", name="Annotated video").click()
        expect(page.get_by_role("progressbar")).to_be_visible(timeout=WAIT_MS)
        assert page.evaluate(BELOW_TITLE) == before
        page.get_by_text("Español", exact=True).click()
        expect(page.get_by_role("button", name="Quitar el vídeo")).to_be_visible(timeout=WAIT_MS)
        assert violations(page) == []
