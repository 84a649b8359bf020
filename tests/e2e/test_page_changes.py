"""A link that is pressed is followed, whatever the page that is left still says."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from maskdet_app.ui.texts.i18n import t
from testbed.visitors.live_page import WAIT_MS, frame

N_SAID = 3

pytestmark = pytest.mark.browser

# In the video component, in one task: press links of the page, and speak after each, before the
# page can have gone.
PRESS_AND_SPEAK = """
([links, times]) => {
  for (const link of links) {
    window.parent.document.querySelector(`a[href$="${link}"]`).click();
    for (let n = 0; n < times; n += 1) {
      const value = { playing: false, sdpOffer: "", iceCandidates: {}, said: n };
      window.parent.postMessage(
        { isStreamlitMessage: true, type: "streamlit:setComponentValue", dataType: "json", value },
        "*",
      );
    }
  }
}
"""


def _component(page: Page) -> Any:
    """The video component's frame, once it is ready to speak."""
    start = frame(page).get_by_role("button", name=t("live.start"))
    expect(start).to_be_visible(timeout=WAIT_MS)
    handle = page.locator("iframe[title*='webrtc_streamer']").element_handle()
    assert handle is not None
    return handle.content_frame()


def test_link_is_followed_while_the_video_component_speaks(server: Any, open_browser: Any) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(server.url)
        _component(page).evaluate(PRESS_AND_SPEAK, [["photo"], N_SAID])
        expect(page.get_by_role("heading", name=t("photo.title"), level=1)).to_be_visible(
            timeout=WAIT_MS
        )
        assert page.url.endswith("/photo")

        # and back, by link and by the browser's button
        page.get_by_role("link", name=t("live.title")).first.click()
        _component(page)
        page.go_back()
        expect(page.get_by_role("heading", name=t("photo.title"), level=1)).to_be_visible(
            timeout=WAIT_MS
        )
        page.go_back()
        _component(page).evaluate(PRESS_AND_SPEAK, [["metrics"], N_SAID])
        expect(page.get_by_role("heading", name=t("metrics.title"), level=1)).to_be_visible(
            timeout=WAIT_MS
        )


def test_last_of_two_links_counts(server: Any, open_browser: Any) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(server.url)
        _component(page).evaluate(PRESS_AND_SPEAK, [["photo", "metrics"], 1])
        expect(page.get_by_role("heading", name=t("metrics.title"), level=1)).to_be_visible(
            timeout=WAIT_MS
        )
