"""A network camera on the page, and alerts of it and of a live session at a local receiver."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from maskdet_app.ui.texts.i18n import catalogue, t
from testbed.servers.server import Server, free_port, serve
from testbed.visitors.live_page import WAIT_MS, start, stop, wait_for_count
from tests.core.alerts.alerts import wait_for
from tests.core.alerts.receiver import Receiver, serving, verify
from tests.e2e.test_accessibility import violations
from tests.loopback.rtsp_camera import camera
from tests.loopback.rtsp_secrets import RTSP_PASSWORD, RTSP_USER

SECRET = "0123456789abcdef0123456789abcdef"
PHONE = (375, 740)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with serving(Receiver()) as running:
        yield running


@pytest.fixture(scope="module")
def watching(
    tmp_path_factory: pytest.TempPathFactory, network: Path, port: int, receiver: Receiver
) -> Iterator[tuple[Server, Path]]:
    """A server that lists a camera, and its log."""
    folder = tmp_path_factory.mktemp("cameras")
    address = f"rtsp://{RTSP_USER}:{quote(RTSP_PASSWORD, safe='')}@127.0.0.1:{port}/camera"
    listed, log = folder / "cameras.toml", folder / "server.log"
    listed.write_text(f'Entrance = "{address}"\nYard = "rtsp://127.0.0.1:{free_port()}/none"\n')
    settings = {
        "MASKDET_CAMERAS": str(listed),
        "MASKDET_ALERTS": "cameras,live",
        "MASKDET_WEBHOOK_URL": f"{receiver.url}?token={SECRET}",
        "MASKDET_WEBHOOK_SECRET": SECRET,
        "MASKDET_ALERT_PLACE": "the reception",
        # so that what is only noted is in the log too
        "MASKDET_LOG": "json",
        "no_proxy": "*",
    }
    with serve(log=log, **settings) as running:
        yield running, log


def is_drawn(page: Page) -> None:
    """The camera's picture is there and loaded."""
    picture = page.get_by_test_id("stImage").locator("img")
    expect(picture).to_be_visible(timeout=WAIT_MS)
    page.wait_for_function(
        "(img) => img.complete && img.naturalWidth > 0", arg=picture.element_handle()
    )


def events(receiver: Receiver, source: str) -> list[Any]:
    found = [json.loads(body) for _, body in list(receiver.got)]
    return [one for one in found if one["source"].startswith(source)]


def test_a_camera_is_seen_lost_and_comes_back(
    watching: tuple[Server, Path],
    port: int,
    receiver: Receiver,
    rtsp_python: str,
    bare_rgb: Any,
    masked_rgb: Any,
    open_browser: Any,
    shoot: Callable[..., Path],
    tmp_path: Path,
) -> None:
    server, log = watching
    receiver.got.clear()
    bare, masked = tmp_path / "bare.jpg", tmp_path / "masked.jpg"
    Image.fromarray(bare_rgb).save(bare, quality=95)
    Image.fromarray(masked_rgb).save(masked, quality=95)
    with open_browser(size=(1280, 720)) as browser:
        page = browser.new_page()
        page.goto(server.url)
        page.get_by_role("link", name=t("cameras.title")).first.click()
        lost = page.get_by_role("heading", name=t("cameras.lost_title"))
        # without a camera the first soon becomes the second, on a slow machine before it is seen
        connecting, never = (
            page.get_by_role("heading", name=t(f"cameras.{state}_title"))
            for state in ("connecting", "never")
        )
        expect(connecting.or_(never)).to_be_visible(timeout=WAIT_MS)
        with camera(rtsp_python, port, bare):
            wait_for_count(page, "without_mask")
            is_drawn(page)
            expect(page.get_by_text("the reception")).to_be_visible()
            wait_for(lambda: events(receiver, "Entrance"), 30)
            shoot(page, "cameras-wide-light")
            assert violations(page) == []
        expect(lost).to_be_visible(timeout=WAIT_MS)
        # a picture of earlier does not pass for one of now
        expect(page.get_by_test_id("stImage").locator("img")).to_have_css("opacity", "0.45")
        shoot(page, "cameras-lost")
        with camera(rtsp_python, port, masked):
            wait_for_count(page, "with_mask")
            wait_for(lambda: len(events(receiver, "Entrance")) >= 2, 30)
            assert RTSP_PASSWORD not in page.content() and SECRET not in page.content()
    kinds = [one["event"] for one in events(receiver, "Entrance")]
    assert kinds == ["no_mask", "all_masked"]
    for headers, body in receiver.got:
        verify(headers, body, SECRET.encode())
        assert json.loads(body)["picture_jpeg_base64"] is None
    said = log.read_text()
    assert RTSP_USER not in said and "s3cret" not in said and SECRET not in said
    # nobody looks any more: the session of a closed tab ends within 30 s, the camera 10 s later
    wait_for(lambda: "camera Entrance is let go" in log.read_text(), 70)


def test_the_page_on_a_phone_in_spanish(
    watching: tuple[Server, Path],
    port: int,
    rtsp_python: str,
    masked_rgb: Any,
    open_browser: Any,
    shoot: Callable[..., Path],
    tmp_path: Path,
) -> None:
    server, _ = watching
    masked = tmp_path / "masked.jpg"
    Image.fromarray(masked_rgb).save(masked, quality=95)
    words = catalogue("es")["cameras"]
    with (
        camera(rtsp_python, port, masked),
        open_browser(size=PHONE, scheme="dark", locale="es-ES") as browser,
    ):
        page = browser.new_page()
        page.goto(f"{server.url}/cameras")
        expect(page.get_by_role("heading", name=words["title"])).to_be_visible(timeout=WAIT_MS)
        wait_for_count(page, "with_mask")
        is_drawn(page)
        shoot(page, "cameras-phone-dark")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
        # one that does not answer
        page.get_by_role("radio", name="Yard").or_(
            page.get_by_role("button", name="Yard")
        ).first.click()
        expect(page.get_by_role("heading", name=words["never_title"])).to_be_visible(
            timeout=WAIT_MS
        )
        expect(page.locator("[data-verdict]")).to_have_count(0)


def test_a_live_session_raises_an_event_once_and_says_so(
    watching: tuple[Server, Path],
    receiver: Receiver,
    bare_film: Path,
    open_browser: Any,
    shoot: Callable[..., Path],
) -> None:
    server, _ = watching
    with open_browser(video=bare_film) as browser:
        page = browser.new_page()
        page.goto(server.url)
        expect(page.get_by_text("the reception")).to_be_visible(timeout=WAIT_MS)
        shoot(page, "live-alerts")
        start(page)
        wait_for_count(page, "without_mask")
        wait_for(lambda: events(receiver, "live"), 30)
        # long enough for a second one, if the person were taken for another
        page.wait_for_timeout(4000)
        stop(page)
    assert [one["event"] for one in events(receiver, "live")] == ["no_mask"]
