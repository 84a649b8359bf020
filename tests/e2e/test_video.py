"""A video in the real browser: progress, a result, and a click in the timeline moves the player."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from maskdet_app.ui.i18n import t
from testbed.films import film_bytes
from testbed.mask_film import STAY_S, mask_film

WAIT_MS = 60_000
FPS = 10.0
pytestmark = pytest.mark.browser


def test_a_video_gives_a_timeline_whose_click_moves_the_player(
    server: Any, network: Path, open_browser: Any, portrait: Any, tmp_path: Path
) -> None:
    film = tmp_path / "door.mp4"
    frames = ((one.at_s, one.image_rgb) for one in mask_film(portrait, FPS))
    film.write_bytes(film_bytes(pair for pair in frames if pair[0] < 2 * STAY_S))
    with open_browser() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/photo?kind=video")
        page.locator("input[type=file]").set_input_files(film)
        heading = page.get_by_role("heading", name=t("video.timeline"))
        expect(heading).to_be_visible(timeout=WAIT_MS)
        expect(page.locator('[data-verdict="with_mask"]')).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_text(re.compile("1 person in 0:0[34] min"))).to_be_visible(
            timeout=WAIT_MS
        )
        player = page.locator("video")
        expect(player).to_have_js_property("currentTime", 0, timeout=WAIT_MS)
        chart = page.get_by_test_id("stVegaLiteChart").first
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        # the bar of the mask, in the second half of the film
        chart.click(position={"x": 0.8 * box["width"], "y": 0.5 * box["height"]})
        expect(player).to_have_js_property("currentTime", 2, timeout=WAIT_MS)
