"""Pages stay still while they load, and while results arrive, on a wide window and on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.pages import PAGES
from maskdet_app.photo import upload
from maskdet_app.ui.texts.i18n import t
from testbed.servers.server import Server
from testbed.visitors import live_page
from tests.e2e import layout_shift
from tests.e2e.conftest import OpenBrowser
from tests.e2e.layout_shift import Shift, cumulative

WAIT_MS = 30_000
SIZES = {"wide": (1350, 940), "phone": (412, 823)}
N_COPIES = 6
RUNNING_MS = 8_000

pytestmark = pytest.mark.browser


def test_shifts_are_summed_by_windows() -> None:
    assert cumulative([]) == 0
    near = [Shift(0, 0.05, ()), Shift(900, 0.04, ())]
    assert cumulative(near) == pytest.approx(0.09)
    # a second later another window begins
    assert cumulative([*near, Shift(1_950, 0.06, ())]) == pytest.approx(0.09)
    # none is longer than five seconds
    steady = [Shift(900 * n, 0.01, ()) for n in range(20)]
    assert cumulative(steady) == pytest.approx(0.06)


@pytest.mark.parametrize("form", SIZES)
def test_pages_stay_still_while_they_load(
    form: str, server: Server, network: Path, open_browser: OpenBrowser
) -> None:
    with open_browser(size=SIZES[form]) as browser:
        for path in (*PAGES, "?embed=true"):
            page = browser.new_page()
            layout_shift.observe(page)
            page.goto(f"{server.url}/{path}")
            layout_shift.wait_until_settled(page, WAIT_MS)
            layout_shift.assert_still(page)
            page.close()


@pytest.mark.parametrize("form", SIZES)
def test_live_page_stays_still_while_it_runs(
    form: str, server: Server, network: Path, open_browser: OpenBrowser, masked_film: Path
) -> None:
    with open_browser(size=SIZES[form], video=masked_film) as browser:
        page = browser.new_page()
        layout_shift.observe(page)
        page.goto(server.url)
        live_page.start(page)
        live_page.wait_for_count(page, "with_mask")
        expect(page.locator(".md-readouts")).to_be_attached(timeout=WAIT_MS)
        # the change from the demo's panel to the camera's is the answer to the button
        layout_shift.forget(page)
        page.wait_for_timeout(RUNNING_MS)
        layout_shift.assert_still(page)


@pytest.mark.parametrize("form", SIZES)
def test_photo_page_stays_still_while_results_arrive(
    form: str, server: Server, network: Path, open_browser: OpenBrowser
) -> None:
    samples = [path.read_bytes() for path in sorted(upload.SAMPLES_FOLDER.glob("*.jpg"))]
    # bytes behind the end make another file of the same picture
    photos = [data + bytes([n]) for n in range(N_COPIES) for data in samples]
    with open_browser(size=SIZES[form]) as browser:
        page = browser.new_page()
        layout_shift.observe(page)
        page.goto(f"{server.url}/photo")
        page.get_by_role("button", name=t("photo.samples")).wait_for(timeout=WAIT_MS)
        page.locator("input[type=file]").set_input_files(
            [
                {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": data}
                for n, data in enumerate(photos)
            ]
        )
        # the change from the drop area to the results is the answer to the upload
        expect(page.get_by_test_id("stImage").first).to_be_visible(timeout=WAIT_MS)
        layout_shift.forget(page)
        expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
        layout_shift.wait_until_settled(page, WAIT_MS)
        layout_shift.assert_still(page)
        expect(page.get_by_test_id("stImage").locator("img")).to_have_count(len(photos))
