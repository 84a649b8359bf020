"""The photo page in a real browser: links, limits, camera, many photos, downloads."""

import io
import json
import re
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from maskdet_app.photo import upload
from maskdet_app.ui.texts.i18n import catalogue, t
from maskdet_core.pictures.decode import MAX_BYTES
from testbed.servers.server import serve
from tests.e2e import layout_shift

WAIT_MS = 30_000
N_PHOTOS = 24
PHOTO_STORES = {"UploadedFileManager", "st_memory_media_file_storage"}
NOTICE_PROGRESS = """() => {
  const look = () => { window.progressed ||= !!document.querySelector("[role=progressbar]"); };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
}"""
"""Notes whether a progress bar was ever there: a fast machine has checked all within a second."""

pytestmark = pytest.mark.browser


def _open(server: Any, browser: Any, query: str = "") -> Page:
    page: Page = browser.new_page()
    page.goto(f"{server.url}/photo{query}")
    page.get_by_role("button", name=t("photo.samples")).wait_for(timeout=WAIT_MS)
    return page


def _upload(page: Page, *files: tuple[str, bytes]) -> None:
    uploader = page.locator("input[type=file]")
    # after a removal the old uploader stays until the page's run has finished
    expect(uploader).to_have_count(1, timeout=WAIT_MS)
    uploader.set_input_files(
        [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files]
    )


def _select(page: Page, option: str) -> None:
    # a click can fall between two drawings of the page and be lost, as it can for a person
    radio = page.get_by_role("radio", name=option)
    for _ in range(3):
        radio.click(timeout=WAIT_MS)
        try:
            expect(radio).to_be_checked(timeout=5_000)
            return
        except AssertionError:
            continue
    pytest.fail(f"{option} was clicked three times and never selected")


def _wait_until_checked(page: Page) -> None:
    expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)


def _wait_for_count(page: Page, verdict: str, n: int) -> None:
    tile = page.locator(f'[data-verdict="{verdict}"] b').first
    expect(tile).to_have_text(str(n), timeout=WAIT_MS)


def _download(page: Page, name: str) -> bytes:
    with page.expect_download(timeout=WAIT_MS) as download:
        page.get_by_role("button", name=name).click()
    return Path(download.value.path()).read_bytes()


@pytest.fixture(scope="module")
def samples() -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in upload.SAMPLES_FOLDER.glob("*.jpg")}


@pytest.mark.parametrize("path", ["photo", "metrics", "about"])
def test_link_to_a_page_works_right_after_the_start(
    path: str, tmp_path: Path, open_browser: Any
) -> None:
    with serve(log=tmp_path / "server.log") as fresh, open_browser() as browser:
        page = browser.new_page()
        layout_shift.observe(page)
        page.goto(f"{fresh.url}/{path}")
        expect(page.locator("h1")).to_have_text(t(f"{path}.title"), timeout=WAIT_MS)
        expect(page.get_by_role("link", name=t("live.title"))).to_be_visible()
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        layout_shift.wait_until_settled(page, WAIT_MS)
        layout_shift.assert_still(page)


def test_server_keeps_nothing_of_removed_photos(
    tmp_path: Path, open_browser: Any, network: Path, samples: dict[str, bytes]
) -> None:
    with serve(log=tmp_path / "server.log") as fresh, open_browser() as browser:
        page = _open(fresh, browser)
        # Not empty: the icon of the page.
        before = _held(fresh)
        # Of different sizes, so that the statistics cannot be those of the round before. The second
        # round's must hold nothing of the first one's photos.
        for uploaded in (("masked", "bare"), ("masked", "hand")):
            _upload(page, *((f"{name}.jpg", samples[name]) for name in uploaded))
            _wait_until_checked(page)
            n_bytes = sum(len(samples[name]) for name in uploaded)
            _wait_for(lambda: _held(fresh).get("UploadedFileManager"), n_bytes)
            page.get_by_role("button", name=t("photo.forget")).click()
            expect(page.get_by_text(t("photo.empty"))).to_be_visible(timeout=WAIT_MS)
        _wait_for(lambda: _held(fresh), before)


def _wait_for(value: Callable[[], object], expected: object) -> None:
    """Wait for a value: Streamlit updates its statistics every few seconds only."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while (current := value()) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, got {current}"
        time.sleep(0.5)


def _held(server: Any) -> dict[str, int]:
    """Bytes of photos that Streamlit holds, by store."""
    with urllib.request.urlopen(f"{server.url}/_stcore/metrics") as response:
        lines = response.read().decode().splitlines()
    pattern = re.compile(r'cache_memory_bytes\{cache_type="(\w+)",.*\} (\d+)')
    held = {match[1]: int(match[2]) for line in lines if (match := pattern.match(line))}
    return {store: n for store, n in held.items() if store in PHOTO_STORES}


def test_size_limit_is_exact(
    tmp_path: Path, server: Any, network: Path, open_browser: Any, samples: dict[str, bytes]
) -> None:
    # Files on disk: Playwright would encode and copy content several times.
    for name, size in (("limit.jpg", MAX_BYTES), ("above.jpg", MAX_BYTES + 1)):
        # Bytes after the end of a JPEG are ignored.
        (tmp_path / name).write_bytes(samples["masked"].ljust(size, b"\0"))

    with open_browser() as browser:
        page = _open(server, browser)
        page.locator("input[type=file]").set_input_files(tmp_path / "limit.jpg")
        _wait_for_count(page, "with_mask", 1)
        page.locator("input[type=file]").set_input_files(tmp_path / "above.jpg")
        expect(page.get_by_text("above.jpg")).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_text("may have 20", exact=False)).to_be_visible(timeout=WAIT_MS)
        _wait_for_count(page, "with_mask", 1)


def test_camera_snapshot_is_checked(
    server: Any, network: Path, camera_browser: BrowserContext, shoot: Callable[..., Path]
) -> None:
    page = _open(server, camera_browser, "?camera=true")
    taken = page.get_by_role("button", name=t("widgets.clear_photo"))
    for _ in range(4):
        # pressed before the camera shows its first frame, the button does nothing
        page.get_by_role("button", name=t("widgets.take_photo")).click(timeout=WAIT_MS)
        try:
            taken.wait_for(timeout=5_000)
            break
        except PlaywrightTimeout:
            continue
    _wait_for_count(page, "with_mask", 1)
    expect(page.get_by_text(t("photo.camera_name", n=1)).first).to_be_visible()
    shoot(page, "photo-snapshot")


def test_downloads_agree_with_the_page(
    server: Any, network: Path, open_browser: Any, samples: dict[str, bytes]
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    tagged = io.BytesIO()
    Image.open(io.BytesIO(samples["masked"])).save(tagged, "JPEG", exif=exif, quality=95)
    with open_browser() as browser:
        page = _open(server, browser)
        _upload(page, ("=m.jpg", tagged.getvalue()), ("b.jpg", samples["bare"]), ("c.jpg", b""))
        _wait_until_checked(page)
        report = json.loads(_download(page, t("photo.json")))
        verdicts = [[face["verdict"] for face in photo["faces"]] for photo in report]
        assert verdicts == [["with_mask"], ["without_mask"], []]
        table = _download(page, t("photo.csv")).decode("utf-8-sig")
        assert "'=m.jpg" in table and "c.jpg" in table
        page.get_by_role("button", name=t("photo.report"), exact=True).click()
        html = _download(page, t("photo.report_download")).decode("utf-8")
        assert "=m.jpg" in html and html.count("<img ") == 2 and "Secret" not in html
        page.keyboard.press("Escape")
        page.get_by_role("button", name=t("photo.zip"), exact=True).click()
        page.get_by_role("button", name=t("photo.zip_ready")).wait_for(timeout=WAIT_MS)
        with zipfile.ZipFile(io.BytesIO(_download(page, t("photo.zip_ready")))) as archive:
            pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
            assert len(pictures) == 2
            for name in pictures:
                data = archive.read(name)
                assert b"Secret" not in data
                assert dict(Image.open(io.BytesIO(data)).getexif()) == {}
            assert json.loads(archive.read("faces.json"))[0]["faces"] == report[0]["faces"]


def test_options_and_filter_are_kept_in_the_query_parameters(
    server: Any, network: Path, open_browser: Any
) -> None:
    with open_browser() as browser:
        page = _open(server, browser)
        page.get_by_text(t("photo.options"), exact=True).click()
        page.get_by_text(t("photo.blur"), exact=True).click()
        page.wait_for_function("() => location.search.includes('blur=true')")
        _select(page, t("photo.smallest_large"))
        page.get_by_role("button", name=t("photo.samples")).click()
        _wait_until_checked(page)
        pills = page.get_by_test_id("stButtonGroup").locator("button")
        pills.filter(has_text=t("photo.filter_with_mask")).nth(-1).click()
        page.wait_for_function("() => location.search.includes('show=with_mask')")
        assert "smallest=large" in page.url and "blur=true" in page.url

        other = browser.new_page()
        other.goto(f"{page.url}&lang=es")
        other.get_by_role("button", name=_spanish("samples")).click(timeout=WAIT_MS)
        expect(other.get_by_test_id("stImage").locator("img")).to_have_count(1, timeout=WAIT_MS)
        other.get_by_text(_spanish("options"), exact=True).click()
        expect(other.get_by_role("switch", name=_spanish("blur"))).to_be_checked()
        # The language is kept on another page and can be changed there.
        other.get_by_role("link", name=catalogue("es")["about"]["title"]).click()
        title = other.locator("h1")
        expect(title).to_have_text(catalogue("es")["about"]["title"], timeout=WAIT_MS)
        other.get_by_role("radio", name="English").click()
        expect(title).to_have_text(t("about.title"), timeout=WAIT_MS)


def _spanish(name: str) -> str:
    return str(catalogue("es")["photo"][name])


def test_close_view_links_faces_with_cards_and_back_returns_to_the_gallery(
    server: Any, network: Path, open_browser: Any, samples: dict[str, bytes]
) -> None:
    with open_browser(size=(1280, 720)) as browser:
        page = _open(server, browser)
        _upload(page, *((f"{name}.jpg", samples[name]) for name in ("masked", "bare")))
        _wait_until_checked(page)
        # counts and the first row of the gallery are in view, and a tile opens wherever it is hit
        tile = page.get_by_test_id("stGridCell").first
        expect(tile).to_be_in_viewport(ratio=1)
        expect(page.locator(".md-tiles")).to_be_in_viewport(ratio=1)
        tile.click(position={"x": 20, "y": 20})
        spot = page.locator("#md-spot-1")
        card = page.locator(".st-key-face-1")
        picture = page.locator(".st-key-close-picture img")
        # the links lie on the picture, wherever its place and whatever its size
        expect(spot).to_be_visible(timeout=WAIT_MS)
        assert page.locator(".md-spots").bounding_box() == picture.bounding_box()
        clear = "rgba(0, 0, 0, 0)"
        expect(card).to_have_css("outline-color", clear)
        spot.hover()
        expect(card).not_to_have_css("outline-color", clear)
        card.hover()
        expect(spot).not_to_have_css("outline-color", clear)
        # a reload keeps the photos and the open one; another tab has none
        page.reload()
        expect(spot).to_be_visible(timeout=WAIT_MS)
        other = browser.new_page()
        # as a duplicated tab has it
        stored = page.evaluate("JSON.stringify(sessionStorage)")
        other.add_init_script(f"Object.assign(sessionStorage, {stored})")
        other.goto(page.url)
        expect(other.get_by_text(t("photo.empty"))).to_be_visible(timeout=WAIT_MS)
        other.close()
        page.go_back()
        opened = page.get_by_role("button", name=t("photo.open"))
        expect(opened).to_have_count(2, timeout=WAIT_MS)
        # what the new uploader does not show stays too
        page.get_by_role("link", name=t("about.title")).click()
        expect(page.locator("h1")).to_have_text(t("about.title"), timeout=WAIT_MS)
        page.reload()
        page.get_by_role("link", name=t("photo.title")).click()
        expect(opened).to_have_count(2, timeout=WAIT_MS)
        _upload(page, ("hand.jpg", samples["hand"]))
        expect(opened).to_have_count(3, timeout=WAIT_MS)
        page.get_by_role("link", name=t("about.title")).click()
        expect(page.locator("h1")).to_have_text(t("about.title"), timeout=WAIT_MS)
        page.get_by_role("link", name=t("photo.title")).click()
        expect(opened).to_have_count(3, timeout=WAIT_MS)
        _upload(page, ("again.jpg", samples["hand"]))
        expect(opened).to_have_count(4, timeout=WAIT_MS)
        # removed is removed, but for the undo, and that also after a reload
        page.get_by_role("button", name=t("photo.forget")).click()
        expect(page.get_by_role("button", name=t("photo.undo"))).to_be_visible(timeout=WAIT_MS)
        page.reload()
        page.get_by_role("button", name=t("photo.undo")).click(timeout=WAIT_MS)
        expect(opened).to_have_count(4, timeout=WAIT_MS)


def test_an_opened_photo_begins_in_view(server: Any, network: Path, open_browser: Any) -> None:
    with open_browser(size=(390, 844)) as browser:
        page = browser.new_page()
        page.goto(f"{server.url}/photo")
        page.get_by_role("button", name=t("photo.samples")).click(timeout=WAIT_MS)
        expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
        # the last one, more than a screen below the beginning
        page.get_by_role("button", name=t("photo.open")).nth(2).click()
        expect(page.locator("#md-spot-1")).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_test_id("stGridCell")).to_have_count(0, timeout=WAIT_MS)
        expect(page.get_by_role("button", name=t("photo.back"))).to_be_in_viewport(ratio=1)
        expect(page.locator("#md-spot-1")).to_be_in_viewport()


@pytest.mark.shared_data
def test_many_photos(
    server: Any,
    network: Path,
    open_browser: Any,
    shared_data: Path,
    shoot: Callable[..., Path],
) -> None:
    paths = sorted((shared_data / "covid-face-mask" / "Test").rglob("*.jpg"))[:N_PHOTOS]
    with open_browser() as browser:
        page = _open(server, browser)
        page.evaluate(NOTICE_PROGRESS)
        page.locator("input[type=file]").set_input_files([str(path) for path in paths])
        # Results appear while other photos are still being checked.
        expect(page.get_by_test_id("stImage").first).to_be_visible(timeout=WAIT_MS)
        _wait_until_checked(page)
        assert page.evaluate("window.progressed")
        expect(page.get_by_test_id("stImage").locator("img")).to_have_count(N_PHOTOS)
        shoot(page, "photo-many")
        page.get_by_role("button", name=t("photo.forget")).click()
        expect(page.get_by_text(t("photo.empty"))).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_test_id("stFileUploaderFile")).to_have_count(0)
