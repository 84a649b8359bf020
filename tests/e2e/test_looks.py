"""What can be seen is whole, in order, and in one typeface: on a phone, in both languages."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, FloatRect, Locator, Page, expect

from maskdet_app.metrics.view import TABS
from maskdet_app.ui.texts.i18n import catalogue, languages, t
from testbed.visitors.live_page import WAIT_MS, frame, start, wait_for_count
from tests.e2e.conftest import OpenBrowser

PHONE = (390, 844)
DESKTOP = (1280, 720)
LOCALES = {"en": "en-US", "es": "es-ES"}
FONT = "Source Sans"

# Texts of charts that end outside of their chart, in the direction in which they are read. Vega
# hides those that would lie on others.
_CUT = """() => [...document.querySelectorAll("svg.marks")].flatMap((chart) => {
  const of = chart.getBoundingClientRect();
  return [...chart.querySelectorAll("text:not([opacity='0'])")].filter((text) => {
    const one = text.getBoundingClientRect();
    const upright = /rotate\\(-90/.test(text.getAttribute("transform"));
    return upright ? one.top < of.top - 2 || one.bottom > of.bottom + 2
      : one.left < of.left - 2 || one.right > of.right + 2;
  }).map((text) => text.textContent);
})"""
# Words beside the axes of charts that lie on each other, line by line.
_COVERED = """() => {
  const labels = "svg.marks .role-axis-label text:not([opacity='0'])";
  const words = [...document.querySelectorAll(labels)]
    .flatMap((text) => (text.children.length ? [...text.children] : [text])
      .map((line) => [text.textContent, line.getBoundingClientRect()]));
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  return words.flatMap(([text, one], n) => words.slice(n + 1)
    .filter(([other, its]) => other !== text && meet(one, its))
    .map(([other]) => `${text} / ${other}`));
}"""

pytestmark = pytest.mark.browser


def _box(of: Locator) -> FloatRect:
    expect(of).to_be_visible(timeout=WAIT_MS)
    box = of.bounding_box()
    assert box is not None
    return box


# The parts of a running live page, from a moment when all are there: it changes all the time.
_PARTS = """() => {
  const parts = [".st-key-live-stage", ".md-tiles[data-frame]", "[data-testid=stVegaLiteChart]",
    "[data-testid=stExpander]"].map((one) => document.querySelector(`.st-key-live-row ${one}`));
  if (parts.some((one) => !one)) return null;
  return parts.map((one) => one.getBoundingClientRect()).map(({ x, y, width, height }) =>
    ({ x, y, width, height }));
}"""


def _parts(page: Page) -> list[FloatRect]:
    found: list[FloatRect] = page.wait_for_function(_PARTS, timeout=WAIT_MS).json_value()
    return found


def test_live_page_shows_stage_counts_timeline_and_then_settings(
    server: Any, network: Path, open_browser: OpenBrowser, masked_film: Path
) -> None:
    with open_browser(video=masked_film, size=PHONE) as browser:
        page = browser.new_page()
        page.goto(server.url)
        start(page)
        wait_for_count(page, "with_mask")
        tops = [one["y"] for one in _parts(page)]
        assert tops == sorted(tops)
        # counts are in view without a touch
        assert tops[1] < PHONE[1] - 100

        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        page.wait_for_timeout(1_000)
        stage, counts, _, settings = _parts(page)
        assert counts["x"] > stage["x"] + stage["width"]
        # at once below the stage, however long what stands beside it
        assert settings["x"] == pytest.approx(stage["x"], abs=1)
        assert 0 <= settings["y"] - stage["y"] - stage["height"] < 40


@pytest.mark.parametrize("tab", TABS)
def test_texts_of_charts_are_whole_on_a_phone(
    tab: str, server: Any, open_browser: OpenBrowser
) -> None:
    with open_browser(size=PHONE, locale=LOCALES["es"]) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/metrics?tab={tab}")
        expect(page.locator("svg.marks").first).to_be_visible(timeout=WAIT_MS)
        page.wait_for_timeout(2_000)
        assert page.evaluate(_CUT) == []
        assert page.evaluate(_COVERED) == []


@pytest.mark.parametrize("path", ["photo", "photo?kind=video"])
@pytest.mark.parametrize("code", list(languages()))
def test_drop_area_says_on_a_phone_what_can_be_done_there(
    code: str, path: str, server: Any, network: Path, open_browser: OpenBrowser
) -> None:
    words = catalogue(code)["video" if "video" in path else "photo"]
    with open_browser(size=PHONE, locale=LOCALES[code], touch=True) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/{path}")
        area = page.locator(".md-drop")
        expect(area.get_by_text(words["choose"])).to_be_visible(timeout=WAIT_MS)
        expect(area.get_by_text(words["drop"])).to_be_hidden()
        details = _box(area.locator("span"))
        button = _box(page.get_by_test_id("stFileUploaderDropzone").locator("button").first)
        assert details["y"] + details["height"] + 4 <= button["y"]


def test_a_refused_file_is_in_view_beside_many_others(
    server: Any, network: Path, open_browser: OpenBrowser
) -> None:
    with open_browser(size=PHONE, locale=LOCALES["es"]) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/photo")
        page.get_by_role("button", name=catalogue("es")["photo"]["samples"]).wait_for()
        uploader = page.locator("input[type=file]")
        uploader.set_input_files(
            [
                FilePayload(name=f"{n}.jpg", mimeType="image/jpeg", buffer=bytes([n]))
                for n in range(4)
            ]
        )
        # the low bar of results, in which files stand in one row
        expect(page.locator(".st-key-photo-results")).to_be_attached(timeout=WAIT_MS)
        expect(page.locator(".stFileChip")).to_have_count(4, timeout=WAIT_MS)
        notes = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"no picture")
        uploader.set_input_files(notes)
        refused = page.locator(".stFileChip[aria-invalid=true]")
        assert _box(refused)["x"] + _box(refused)["width"] <= PHONE[0]
        # sizes as they are written in the page's language
        expect(refused).to_contain_text("10,0 B")


@pytest.mark.parametrize("code", list(languages()))
def test_titles_of_trouble_leave_the_button_free_that_closes(
    code: str, server: Any, open_browser: OpenBrowser
) -> None:
    with open_browser(size=PHONE, locale=LOCALES[code], touch=True) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/nowhere")
        dialog = page.get_by_test_id("stDialog")
        title = dialog.locator("h2")
        expect(title).to_have_text(catalogue(code)["trouble"]["unknown_title"], timeout=WAIT_MS)
        free_px = title.evaluate("one => parseFloat(getComputedStyle(one).paddingRight)")
        close = dialog.get_by_role("button", name=catalogue(code)["widgets"]["close"])
        assert _box(title)["x"] + _box(title)["width"] - free_px <= _box(close)["x"]


def _typeface(page: Page) -> bool:
    """Whether the page's text has its typeface, and that has been loaded."""
    page.evaluate("document.fonts.ready")
    loaded = (
        "name => [...document.fonts].some(one => one.family.replace(/[\"']/g, '') === name"
        " && one.status === 'loaded')"
    )
    used = page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
    return FONT in used.split(",")[0] and bool(page.evaluate(loaded, FONT))


def test_page_of_the_api_has_the_apps_typeface_from_the_apps_server(
    server: Any, open_browser: OpenBrowser
) -> None:
    with open_browser(size=DESKTOP) as browser:
        page = browser.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.goto(f"{server.url}/about")
        expect(page.locator("h1")).to_be_visible(timeout=WAIT_MS)
        page.wait_for_timeout(500)
        assert _typeface(page)
        left = _box(page.locator("h1"))["x"]
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{server.url}/api/v1/docs")
        assert _typeface(page)
        assert asked and all(url.startswith(server.url) for url in asked)
        # the policy had nothing to refuse
        assert said == []
        assert _box(page.locator("h1"))["x"] == pytest.approx(left, abs=1)


def test_embedded_stage_without_a_camera_shows_words_and_no_sign_of_nothing(
    server: Any, network: Path, open_browser: OpenBrowser
) -> None:
    with open_browser(size=PHONE) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/?embed=true")
        again = page.get_by_role("button", name=t("live.try_again"))
        middle = _box(again)["x"] + _box(again)["width"] / 2
        assert middle == pytest.approx(PHONE[0] / 2, abs=2)
        inside = frame(page)
        expect(inside.get_by_text(t("webrtc.missing_title"))).to_be_visible()
        expect(inside.get_by_test_id("VideoLabelIcon")).to_be_hidden()
