"""The photo page in a real browser: links, limits, the camera, many photos, downloads."""

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
from playwright.sync_api import Page, expect

from maskdet_app.photo import upload as intake
from maskdet_app.ui.i18n import catalogue, t
from maskdet_core.decode import MAX_BYTES
from testbed.server import serve

WAIT_MS = 30_000
N_PHOTOS = 24
HOLDS_PHOTOS = {"UploadedFileManager", "st_memory_media_file_storage"}

pytestmark = pytest.mark.browser


def _open(server: Any, browser: Any, query: str = "") -> Page:
    page: Page = browser.new_page()
    page.goto(f"{server.url}/photo{query}")
    page.get_by_role("button", name=t("photo.samples")).wait_for(timeout=WAIT_MS)
    return page


def _hand_in(page: Page, *files: tuple[str, bytes]) -> None:
    page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files]
    )


def _checked(page: Page) -> None:
    expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)


def _count(page: Page, verdict: str, n: int) -> None:
    tile = page.locator(f'[data-verdict="{verdict}"] b').first
    expect(tile).to_have_text(str(n), timeout=WAIT_MS)


def _download(page: Page, name: str) -> bytes:
    with page.expect_download(timeout=WAIT_MS) as download:
        page.get_by_role("button", name=name).click()
    return Path(download.value.path()).read_bytes()


@pytest.fixture(scope="module")
def samples() -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in intake.SAMPLES.glob("*.jpg")}


@pytest.mark.parametrize("path", ["photo", "metrics", "about"])
def test_a_link_to_a_page_works_on_a_server_that_just_started(
    path: str, tmp_path: Path, open_browser: Any
) -> None:
    with serve(log=tmp_path / "server.log") as fresh, open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{fresh.url}/{path}")
        expect(page.locator("h1")).to_have_text(t(f"{path}.title"), timeout=WAIT_MS)
        expect(page.get_by_role("link", name=t("live.title"))).to_be_visible()
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)


def test_the_server_keeps_nothing_of_photos_that_were_removed(
    tmp_path: Path, open_browser: Any, network: Path, samples: dict[str, bytes]
) -> None:
    with serve(log=tmp_path / "server.log") as fresh, open_browser() as browser:
        page = _open(fresh, browser)
        # the page's icon
        before = _held(fresh)
        handed_in = sum(len(samples[name]) for name in ("masked", "bare"))
        for _ in range(2):
            _hand_in(page, ("a.jpg", samples["masked"]), ("b.jpg", samples["bare"]))
            _checked(page)
            _comes_to(lambda: _held(fresh).get("UploadedFileManager"), handed_in)
            page.get_by_role("button", name=t("photo.forget")).click()
            expect(page.get_by_text(t("photo.empty"))).to_be_visible(timeout=WAIT_MS)
            _comes_to(lambda: _held(fresh), before)


def _comes_to(seen: Callable[[], object], expected: object) -> None:
    """Wait: Streamlit counts anew every few seconds only."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while (now := seen()) != expected:
        assert time.monotonic() < deadline, f"expected {expected}, held last: {now}"
        time.sleep(0.5)


def _held(server: Any) -> dict[str, int]:
    """Bytes that Streamlit holds for visitors, by kind."""
    with urllib.request.urlopen(f"{server.url}/_stcore/metrics") as answer:
        lines = answer.read().decode().splitlines()
    found = re.compile(r'cache_memory_bytes\{cache_type="(\w+)",.*\} (\d+)')
    held = {match[1]: int(match[2]) for line in lines if (match := found.match(line))}
    return {kind: n for kind, n in held.items() if kind in HOLDS_PHOTOS}


def test_size_limit_is_exact(
    server: Any, network: Path, open_browser: Any, samples: dict[str, bytes]
) -> None:
    def padded(size: int) -> bytes:
        # what follows a JPEG's end is ignored
        return samples["masked"].ljust(size, b"\0")

    with open_browser() as browser:
        page = _open(server, browser)
        _hand_in(page, ("limit.jpg", padded(MAX_BYTES)))
        _count(page, "with_mask", 1)
        _hand_in(page, ("above.jpg", padded(MAX_BYTES + 1)))
        expect(page.get_by_text("above.jpg")).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_text("must be 20", exact=False)).to_be_visible(timeout=WAIT_MS)
        _count(page, "with_mask", 1)


def test_a_snapshot_is_checked(
    server: Any,
    network: Path,
    open_browser: Any,
    masked_rgb: Any,
    film: Callable[..., Path],
    shoot: Callable[..., Path],
) -> None:
    with open_browser(video=film(masked_rgb, "masked")) as browser:
        page = _open(server, browser, "?camera=true")
        page.get_by_role("button", name="Take Photo").click(timeout=WAIT_MS)
        _count(page, "with_mask", 1)
        expect(page.get_by_text(t("photo.camera_name", n=1)).first).to_be_visible()
        shoot(page, "photo-snapshot")


def test_downloads_agree_with_what_is_shown(
    server: Any, network: Path, open_browser: Any, samples: dict[str, bytes]
) -> None:
    place = Image.Exif()
    place[0x010F] = "Secret camera"
    tagged = io.BytesIO()
    Image.open(io.BytesIO(samples["masked"])).save(tagged, "JPEG", exif=place, quality=95)
    with open_browser() as browser:
        page = _open(server, browser)
        _hand_in(page, ("=m.jpg", tagged.getvalue()), ("b.jpg", samples["bare"]), ("c.jpg", b""))
        _checked(page)
        told = json.loads(_download(page, t("photo.json")))
        verdicts = [[face["verdict"] for face in photo["faces"]] for photo in told]
        assert verdicts == [["with_mask"], ["without_mask"], []]
        table = _download(page, t("photo.csv")).decode("utf-8-sig")
        assert "'=m.jpg" in table and "c.jpg" in table
        page.get_by_role("button", name=t("photo.zip"), exact=True).click()
        page.get_by_role("button", name=t("photo.zip_ready")).wait_for(timeout=WAIT_MS)
        with zipfile.ZipFile(io.BytesIO(_download(page, t("photo.zip_ready")))) as packed:
            pictures = [name for name in packed.namelist() if name.endswith(".jpg")]
            assert len(pictures) == 2
            for name in pictures:
                data = packed.read(name)
                assert b"Secret" not in data
                assert dict(Image.open(io.BytesIO(data)).getexif()) == {}
            assert json.loads(packed.read("faces.json"))[0]["faces"] == told[0]["faces"]


def test_settings_and_filter_go_into_the_address_and_come_back(
    server: Any, network: Path, open_browser: Any
) -> None:
    with open_browser() as browser:
        page = _open(server, browser)
        page.get_by_text(t("photo.blur"), exact=True).click()
        page.get_by_role("radio", name=t("photo.smallest_large")).click()
        page.get_by_role("button", name=t("photo.samples")).click()
        _checked(page)
        pills = page.get_by_test_id("stButtonGroup").locator("button")
        pills.filter(has_text=t("photo.filter_with_mask")).nth(-1).click()
        page.wait_for_function("() => location.search.includes('show=with_mask')")
        assert "smallest=large" in page.url and "blur=true" in page.url

        other = browser.new_page()
        other.goto(f"{page.url}&lang=es")
        other.get_by_role("button", name=_spanish("samples")).click(timeout=WAIT_MS)
        expect(other.get_by_test_id("stImage").locator("img")).to_have_count(1, timeout=WAIT_MS)
        expect(other.get_by_role("switch", name=_spanish("blur"))).to_be_checked()
        # the language goes along to another page, and can be changed there
        other.get_by_role("link", name=catalogue("es")["about"]["title"]).click()
        title = other.locator("h1")
        expect(title).to_have_text(catalogue("es")["about"]["title"], timeout=WAIT_MS)
        other.get_by_role("radio", name="English").click()
        expect(title).to_have_text(t("about.title"), timeout=WAIT_MS)


def _spanish(name: str) -> str:
    return str(catalogue("es")["photo"][name])


@pytest.mark.shared_data
def test_a_pile_of_photos(
    server: Any,
    network: Path,
    open_browser: Any,
    shared_data: Path,
    shoot: Callable[..., Path],
) -> None:
    paths = sorted((shared_data / "covid-face-mask" / "Test").rglob("*.jpg"))[:N_PHOTOS]
    with open_browser() as browser:
        page = _open(server, browser)
        page.locator("input[type=file]").set_input_files([str(path) for path in paths])
        # results come while others are still being checked
        expect(page.get_by_role("progressbar").first).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_test_id("stImage").first).to_be_visible(timeout=WAIT_MS)
        _checked(page)
        expect(page.get_by_test_id("stImage").locator("img")).to_have_count(N_PHOTOS)
        shoot(page, "photo-pile")
        page.get_by_role("button", name=t("photo.forget")).click()
        expect(page.get_by_text(t("photo.empty"))).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_test_id("stFileUploaderFile")).to_have_count(0)
