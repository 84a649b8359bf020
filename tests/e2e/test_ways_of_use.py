"""Five ways of use, each with the most steps that it may take; `docs/ways-of-use.md` has the table.

The bounds are what it takes: a change that adds a step fails here.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from maskdet_app.photo import upload
from maskdet_app.ui.texts.i18n import t
from testbed.pictures.films import film_bytes
from tests.e2e.visitor_steps import WAIT_MS, Visitor

SCREEN = (1280, 720)
PHONE = (390, 844)
SAMPLES = sorted(upload.SAMPLES_FOLDER.glob("*.jpg"))

pytestmark = pytest.mark.browser


def _begin(page: Page, server: Any, path: str = "") -> Visitor:
    page.goto(f"{server.url}/{path}")
    expect(page.locator("h1").first).to_be_visible(timeout=WAIT_MS)
    return Visitor(page)


def _button(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=t(text), exact=True)


def _link(page: Page, text: str) -> Locator:
    return page.get_by_role("link", name=t(text))


def _uploader(page: Page) -> Locator:
    # the hidden field behind it has the same name
    return page.get_by_role("button", name=t("widgets.upload")).and_(page.locator("button"))


def _all_checked(page: Page) -> None:
    expect(_button(page, "photo.csv")).to_be_enabled(timeout=WAIT_MS)


def test_photos_of_a_shop_are_checked_and_the_result_sent(
    server: Any, network: Path, open_browser: Any
) -> None:
    with open_browser(size=SCREEN) as browser:
        page = browser.new_page()
        visitor = _begin(page, server)
        visitor.click(_link(page, "photo.title"))
        visitor.choose_files(_uploader(page), SAMPLES)
        _all_checked(page)
        visitor.see(page.locator(".md-tiles"), page.get_by_test_id("stGridCell").first)
        visitor.click(_button(page, "photo.report"))
        with page.expect_download(timeout=WAIT_MS) as brought:
            visitor.click(_button(page, "photo.report_download"))
        # what is sent is one file that tells everything by itself
        report = Path(brought.value.path()).read_text(encoding="utf-8")
        assert report.count("<img ") == len(SAMPLES)
        assert all(path.name in report for path in SAMPLES)
        assert Counter(visitor.steps) == {"click": 4, "choose": 1}


def test_the_model_is_judged(server: Any, open_browser: Any) -> None:
    with open_browser(size=SCREEN) as browser:
        page = browser.new_page()
        visitor = _begin(page, server)
        visitor.click(_link(page, "metrics.title"))
        claims = page.locator(".md-claims li")
        expect(claims).to_have_count(3, timeout=WAIT_MS)
        visitor.see(*claims.all())
        assert len(visitor.steps) == 1

        visitor.click(page.get_by_role("radio", name=t("tabs.errors")))
        visitor.see(page.get_by_test_id("stMetric").first)
        visitor.click(page.get_by_role("slider", name=t("metrics.at_label")), on_top=True)
        visitor.press("ArrowRight")
        page.wait_for_function("() => location.search.includes('at=')")
        visitor.see(page.get_by_test_id("stVegaLiteChart").first)

        visitor.click(page.get_by_role("radio", name=t("tabs.summary")))
        with page.expect_download(timeout=WAIT_MS) as brought:
            visitor.click(_button(page, "card.download"))
        assert brought.value.suggested_filename == "MODEL_CARD.md"
        done = Counter(visitor.steps)
        # charts are drawn late, and so it depends on the machine how far they must be scrolled
        assert done.pop("scroll", 0) <= 6
        assert done == {"click": 5, "ArrowRight": 1}


def test_a_photo_is_checked_on_a_phone(server: Any, network: Path, open_browser: Any) -> None:
    with open_browser(size=PHONE) as browser:
        page = browser.new_page()
        visitor = _begin(page, server)
        visitor.click(_button(page, "widgets.open_menu"))
        visitor.click(_link(page, "photo.title"))
        visitor.choose_files(_uploader(page), SAMPLES[:1])
        _all_checked(page)
        # the answer is in view without a touch
        visitor.see(page.locator(".md-tiles"))
        assert Counter(visitor.steps) == {"click": 3, "choose": 1}
        # one photo alone is open at once
        visitor.see(page.locator(".st-key-close-picture img"))
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        # a face's card is as wide as the picture
        picture, card = (
            page.locator(f".st-key-{one}").evaluate("one => one.offsetWidth")
            for one in ("close-picture", "face-1")
        )
        assert card >= 0.98 * picture
        assert len(visitor.steps) <= 7, visitor.steps


def test_a_sample_is_looked_at_by_keyboard_with_a_screen_reader(
    server: Any, network: Path, open_browser: Any
) -> None:
    with open_browser(size=SCREEN) as browser:
        page = browser.new_page()
        visitor = _begin(page, server, "photo")
        one = _button(page, f"photo.sample_{upload.SAMPLE_NAMES[1]}")
        expect(one).to_be_visible(timeout=WAIT_MS)
        visitor.tab_to(one, most=20)
        visitor.press("Enter")
        _all_checked(page)
        spot = page.locator("#md-spot-1")
        expect(spot).to_be_visible(timeout=WAIT_MS)
        visitor.tab_to(spot, most=40)
        # nothing can have the focus that a screen reader has no name for; there is one main part
        unnamed = [stop for stop in visitor.stops if not stop.name.strip()]
        assert [stop for stop in unnamed if stop.role != "main"] == []
        face = t("photo.face", n=1, verdict=t("verdict.with_mask"))
        assert visitor.stops[-1].name.startswith(face)
        expect(page.get_by_role("img", name=face, exact=True)).to_be_visible()
        expect(page.get_by_role("heading", name=t("photo.title"), level=1)).to_be_visible()
        assert len(visitor.steps) <= 60, visitor.steps


def test_a_video_is_checked(
    server: Any,
    network: Path,
    open_browser: Any,
    masked_rgb: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    film = tmp_path / "door.mp4"
    film.write_bytes(film_bytes((step / 10, masked_rgb) for step in range(20)))
    with open_browser(size=SCREEN) as browser:
        page = browser.new_page()
        visitor = _begin(page, server)
        visitor.click(_link(page, "photo.title"))
        visitor.click(page.get_by_role("radio", name=t("photo.kind_video")))
        # the uploader of photos has gone, that of videos is there
        expect(_button(page, "photo.samples")).to_have_count(0, timeout=WAIT_MS)
        expect(page.locator("input[type=file]")).to_have_attribute(
            "accept", re.compile("mp4"), timeout=WAIT_MS
        )
        visitor.choose_files(_uploader(page), [film])
        visitor.see(page.locator(".md-tiles"))
        assert page.locator('[data-verdict="with_mask"] b').first.inner_text() == "1"
        with page.expect_download(timeout=WAIT_MS) as brought:
            visitor.click(_button(page, "photo.csv"))
        table = Path(brought.value.path()).read_text(encoding="utf-8-sig")
        assert "with_mask" in table
        assert len(visitor.steps) <= 8, visitor.steps
