"""The demo in a browser without a camera: what is drawn in the film is what the panel counts."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from maskdet_app.ui.texts.i18n import t
from testbed.visitors.live_page import WAIT_MS, frame

pytestmark = [pytest.mark.browser, pytest.mark.live]

N_FRAMES = 30
# For each frame that is shown of the film, in one round and as many more as it takes to see enough:
# the verdict whose colour is drawn most, and the one that is counted.
COMPARE = """
(video, n_frames) => new Promise((done) => {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const looks = {with_mask: [0, 114, 178], worn_wrong: [240, 228, 66], without_mask: [213, 94, 0]};
  const told = [];
  video.playbackRate = 4;
  let passed = 0, before = video.currentTime;
  const look = (now, {mediaTime}) => {
    passed += (mediaTime - before + video.duration) % video.duration;
    before = mediaTime;
    context.drawImage(video, 0, 0);
    // the suit below the face is orange, too
    const {data} = context.getImageData(220, 60, 300, 320);
    const n = {with_mask: 0, worn_wrong: 0, without_mask: 0};
    for (let i = 0; i < data.length; i += 4) {
      for (const [verdict, rgb] of Object.entries(looks)) {
        if (rgb.every((value, k) => Math.abs(value - data[i + k]) < 40)) n[verdict]++;
      }
    }
    const drawn = Object.keys(n).reduce((a, b) => (n[b] > n[a] ? b : a));
    const tiles = [...window.parent.document.querySelectorAll('[data-demo]')];
    const counted = tiles.filter((tile) => tile.querySelector('b').textContent === '1');
    const marked = tiles.filter((tile) => !('none' in tile.dataset));
    const names = (some) => some.map((tile) => tile.dataset.demo).join();
    told.push([drawn, names(counted), names(marked)]);
    if (passed < video.duration || told.length < n_frames) video.requestVideoFrameCallback(look);
    else done(told);
  };
  video.requestVideoFrameCallback(look);
})
"""

FITS = """() => {
  const stage = document.querySelector("iframe[title*=webrtc_streamer]");
  const column = stage.closest("[data-testid=stColumn]");
  return stage.getBoundingClientRect().right <= column.getBoundingClientRect().right + 1;
}"""
"""Whether the stage is no wider than its column."""


def is_playing(page: Page) -> bool:
    return bool(frame(page).locator("#stage video").evaluate("video => !video.paused"))


def test_film_and_panel_agree_and_stay_without_a_camera(
    server: Any, network: Any, open_browser: Any, shoot: Any
) -> None:
    with open_browser(size=(1280, 720)) as browser:
        page = browser.new_page()
        page.goto(server.url)
        start = frame(page).get_by_role("button", name=t("live.start"))
        expect(start).to_be_in_viewport(timeout=WAIT_MS)
        expect(page.locator("[data-demo]").first).to_be_visible(timeout=WAIT_MS)
        expect(page.locator("[data-verdict]")).to_have_count(0)
        # the panel may come before the film with the verdicts
        address = page.locator(".md-demo").get_attribute("data-film")
        video = frame(page).locator(f'#stage video[data-url="{address}"]')
        expect(video).to_have_attribute("aria-label", t("live.demo_alt"), timeout=WAIT_MS)
        expect(frame(page).locator("#stage video")).to_have_count(1)
        told = video.evaluate(COMPARE, N_FRAMES)
        assert {drawn for drawn, *_ in told} == {"with_mask", "worn_wrong", "without_mask"}
        assert all(drawn == counted == marked for drawn, counted, marked in told)
        shoot(page, "demo")

        start.click()
        watch = frame(page).get_by_role("button", name=t("live.demo_watch"))
        watch.click(timeout=WAIT_MS)
        expect(frame(page).get_by_text(t("webrtc.missing_title"))).to_be_hidden()
        assert is_playing(page)
        expect(page.locator("[data-demo]").first).to_be_visible()

        page.emulate_media(reduced_motion="reduce")
        page.reload()
        play = frame(page).get_by_role("button", name=t("live.demo_play"))
        expect(play).to_be_visible(timeout=WAIT_MS)
        assert not is_playing(page)
        play.click()
        expect(frame(page).get_by_role("button", name=t("live.demo_pause"))).to_be_visible()
        assert is_playing(page)


def test_the_stage_becomes_narrower_with_the_window(server: Any, open_browser: Any) -> None:
    with open_browser(size=(1600, 1000)) as browser:
        page = browser.new_page()
        page.goto(server.url)
        start = frame(page).get_by_role("button", name=t("live.start"))
        expect(start).to_be_in_viewport(timeout=WAIT_MS)
        page.set_viewport_size({"width": 1280, "height": 720})
        page.wait_for_function(FITS, timeout=WAIT_MS)
        # below the stage; where Stop will be
        expect(frame(page).locator("#note")).to_be_in_viewport(ratio=0.9)
