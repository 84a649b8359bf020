"""axe finds no serious violation on any page, in either theme, empty and with results."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from maskdet_app.photo import upload
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Detections, Face, FaceBox, encode_jpeg
from maskdet_core.batch.photos.document import html_text
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import Texts
from maskdet_core.html_report.videos import VideoPart
from maskdet_core.types import MaskProbabilities, decide
from tests.core.html_report.rows import FACTS, row_of

WAIT_MS = 30_000
SERIOUS = {"serious", "critical"}
THEMES = ["light", "dark"]

# Waits until nothing has changed for a moment, but not for ever.
STILL = """
() => new Promise((resolve) => {
  let timer;
  const end = () => { observer.disconnect(); resolve(); };
  const wait = () => { clearTimeout(timer); timer = setTimeout(end, 500); };
  const observer = new MutationObserver(wait);
  observer.observe(document, {attributes: true, childList: true, subtree: true});
  wait();
  setTimeout(end, 10000);
})
"""

pytestmark = pytest.mark.browser


def violations(page: Page) -> list[str]:
    """Serious and critical violations that axe reports, each with its element."""
    # Charts and pictures are drawn late.
    page.evaluate(STILL)
    response = Axe().run(page).response
    return [
        f"{violation['id']}: {node['html'][:150]}"
        for violation in response["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", THEMES)
@pytest.mark.parametrize("path", ["", "photo", "metrics", "about", "api/v1/docs"])
def test_pages_without_results(path: str, scheme: str, server: Any, open_browser: Any) -> None:
    with open_browser(scheme=scheme) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/{path}")
        expect(page.locator("h1").first).to_be_visible(timeout=WAIT_MS)
        if path == "metrics":
            expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=WAIT_MS)
        assert violations(page) == []


@pytest.mark.parametrize("scheme", THEMES)
def test_photo_page_with_results(
    scheme: str,
    server: Any,
    network: Path,
    open_browser: Any,
    shoot: Callable[..., Path],
) -> None:
    with open_browser(scheme=scheme) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/photo?why=true")
        page.get_by_role("button", name=t("photo.samples")).click()
        expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
        pictures = page.get_by_test_id("stImage").locator("img")
        expect(pictures).to_have_count(3)
        assert all(picture.get_attribute("alt") for picture in pictures.all())
        assert violations(page) == []
        page.locator("input[type=file]").set_input_files(
            {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
        )
        expect(page.get_by_text("broken", exact=False).first).to_be_visible(timeout=WAIT_MS)
        shoot(page, f"photo-gallery-{scheme}")
        page.get_by_role("button", name=t("photo.open")).nth(1).click()
        expect(page.get_by_role("button", name=t("photo.back"))).to_be_visible(timeout=WAIT_MS)
        assert violations(page) == []
        shoot(page, f"photo-detail-{scheme}")


@pytest.mark.parametrize("scheme", THEMES)
def test_html_report(scheme: str, tmp_path: Path, open_browser: Any) -> None:
    faces = tuple(
        Face(FaceBox(10, 10, 40, 50), *p, decide(MaskProbabilities(*p), 0.6))
        for p in ((0.98, 0.01, 0.01), (0.01, 0.01, 0.98), (0.1, 0.8, 0.1), (0.4, 0.3, 0.3))
    )
    reports = [
        *(PhotoReport(f"{n}.jpg", Detections(120, 90, faces[n:])) for n in range(5)),
        PhotoReport("<b>.jpg", None, "expected a picture"),
    ]
    jpeg = encode_jpeg(np.full((90, 120, 3), 120, np.uint8))
    facts = CheckFacts("net", "0" * 64, True, "street", 50, 0.6, False, 24, 1 / 24)
    videos = VideoPart([row_of()], ["door.mp4"], FACTS, lambda row: [jpeg])
    pieces = html_text(
        reports,
        facts,
        Texts("en"),
        datetime.now(UTC),
        lambda indices: (jpeg for _ in indices),
        videos=videos,
    )
    target = tmp_path / "report.html"
    target.write_text("".join(pieces), encoding="utf-8")
    with open_browser(scheme=scheme, size=(375, 740)) as browser:
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: said.append(request.url.partition(",")[0]))
        page.goto(target.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        # the page itself and its own pictures; the policy had nothing to refuse
        assert set(said) <= {target.as_uri(), "data:image/jpeg;base64"}
        # what axe does to the page is not the report's own
        page.context.set_default_timeout(WAIT_MS)
        assert violations(page) == []


def test_samples_can_be_checked_by_keyboard(server: Any, network: Path, open_browser: Any) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/photo")
        button = page.get_by_role("button", name=t("photo.samples"))
        button.wait_for(timeout=WAIT_MS)
        for _ in range(40):
            page.keyboard.press("Tab")
            if button.evaluate("(element) => element === document.activeElement"):
                break
        else:
            pytest.fail("the Tab key does not reach the button of the samples")
        page.keyboard.press("Enter")
        last = t(f"photo.sample_{upload.SAMPLE_NAMES[-1]}")
        expect(page.get_by_text(last).first).to_be_visible(timeout=WAIT_MS)
