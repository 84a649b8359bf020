"""The app's screens and the steps that lead to each: for `testbed.screenshots`.

A walk is a generator that operates a page and yields a name whenever there is something to look at.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from playwright.sync_api import FilePayload, FrameLocator, Locator, Page, expect

from maskdet_app.metrics.view import TABS
from maskdet_app.ops.settings import server_address
from testbed.pictures import drawn_people
from testbed.pictures.films import film_bytes
from testbed.servers.picture_camera import picture_camera
from testbed.servers.server import Server

WAIT_MS: Final = 60_000
_N_MANY: Final = 40
"""Photos that keep the server busy for longer than the pictures of it take."""

Camera = Literal["people", "nobody", "refused"]
Words = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a walk works with.

    Attributes:
        page: without an address yet.
        server: of this visit alone where the walk has `settings`.
        words: the texts of the visitor's language, see `maskdet_app.ui.texts.i18n.catalogue`.
        camera_port: where the network camera of the server's settings is to be.
    """

    page: Page
    server: Server
    words: Words
    camera_port: int

    def open(self, path: str = "") -> None:
        """Open a page of the app, and wait for its heading."""
        self.page.goto(f"{self.server.url}/{path}")
        expect(self.page.locator("h1").first).to_be_visible(timeout=WAIT_MS)

    def button(self, name: str, of: str = "") -> Locator:
        """A button by the key of its text, and by the name of what it is for."""
        table, _, key = name.partition(".")
        text = self.words[table][key] + (f": {of}" if of else "")
        return self.page.get_by_role("button", name=text)

    def rests(self) -> None:
        """Wait until the page's run has ended, so that nothing of an earlier one is left."""
        running = self.page.locator("[data-test-script-state=running]")
        expect(running).to_have_count(0, timeout=WAIT_MS)

    def sees(self, name: str) -> None:
        """Wait for a text by its key; what stands before a placeholder is enough."""
        table, _, key = name.partition(".")
        text = self.words[table][key].partition("{")[0].strip()
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=WAIT_MS)


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through the app.

    Attributes:
        steps: yields the name of each screen once it is there.
        camera: what the browser's camera shows; None for no camera.
        settings: environment of a server of its own; None for the common one.
        has_network_camera: its server's settings list one.
    """

    steps: Callable[[Visit], Iterator[str]]
    camera: Camera | None = None
    settings: Mapping[str, Any] | None = None
    has_network_camera: bool = False


def _stage(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title*='webrtc_streamer']")


def _press(visit: Visit, key: str) -> None:
    button = _stage(visit.page).get_by_role("button", name=visit.words["live"][key])
    button.click(timeout=WAIT_MS)


def _all_counted(page: Page) -> None:
    tile = page.locator('.md-tile[data-verdict="with_mask"] b').first
    expect(tile).to_have_text("3", timeout=WAIT_MS)


def _live(visit: Visit) -> Iterator[str]:
    page = visit.page
    visit.open()
    expect(page.locator("[data-demo]").first).to_be_visible(timeout=2 * WAIT_MS)
    # until the film has shown a mask
    page.wait_for_timeout(4000)
    yield "demo"
    _press(visit, "start")
    _all_counted(page)
    # until the timeline has something to show
    page.wait_for_timeout(4000)
    yield "running"
    page.get_by_text(visit.words["live"]["options"], exact=True).click()
    page.get_by_text(visit.words["live"]["alert_colour"], exact=True).click()
    expect(page.locator(".md-alert")).to_be_visible(timeout=WAIT_MS)
    yield "settings"
    _press(visit, "stop")
    visit.sees("live.idle_title")


def _nobody(visit: Visit) -> Iterator[str]:
    visit.open()
    _press(visit, "start")
    visit.sees("live.no_face")
    yield "no-face"


def _refused(visit: Visit) -> Iterator[str]:
    visit.open()
    _press(visit, "start")
    words = visit.words["webrtc"]["refused_title"]
    expect(_stage(visit.page).get_by_text(words)).to_be_visible(timeout=WAIT_MS)
    yield "refused"


def _full(visit: Visit) -> Iterator[str]:
    visit.open()
    _press(visit, "start")
    _all_counted(visit.page)
    other = visit.page.context.new_page()
    waiting = Visit(other, visit.server, visit.words, visit.camera_port)
    waiting.open()
    waiting.sees("live.full_title")
    other.bring_to_front()
    yield "full"


def _embedded(visit: Visit) -> Iterator[str]:
    visit.page.goto(f"{visit.server.url}/?embed=true")
    video = _stage(visit.page).locator("video").first
    expect(video).to_be_visible(timeout=WAIT_MS)
    # until there are verdicts in it
    visit.page.wait_for_timeout(4000)
    yield "running"


def _embedded_blind(visit: Visit) -> Iterator[str]:
    visit.page.goto(f"{visit.server.url}/?embed=true")
    expect(visit.button("live.try_again")).to_be_visible(timeout=WAIT_MS)
    yield "no-camera"


def _photos_of(**contents: bytes) -> list[FilePayload]:
    """Files for an uploader; in their names, spaces are underscores."""
    return [
        FilePayload(name=f"{name.replace('_', ' ')}.jpg", mimeType="image/jpeg", buffer=data)
        for name, data in contents.items()
    ]


def _checked(visit: Visit) -> None:
    expect(visit.button("photo.csv")).to_be_enabled(timeout=2 * WAIT_MS)
    visit.rests()


def _photos(visit: Visit) -> Iterator[str]:
    page = visit.page
    visit.open("photo")
    uploader = page.locator("input[type=file]")
    expect(visit.button("photo.samples")).to_be_visible(timeout=WAIT_MS)
    yield "before"
    many = drawn_people.jpeg_bytes(drawn_people.group(3, 3))
    uploader.set_input_files(_photos_of(**{f"Shift_{n + 1}": many for n in range(_N_MANY)}))
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=WAIT_MS)
    yield "busy"
    visit.button("photo.forget").click(timeout=WAIT_MS)
    expect(visit.button("photo.undo")).to_be_visible(timeout=WAIT_MS)
    yield "removed"


def _results(visit: Visit) -> Iterator[str]:
    page = visit.page
    visit.open("photo")
    visit.button("photo.samples").click(timeout=WAIT_MS)
    _checked(visit)
    yield "samples"
    people = {
        "Morning_shift": drawn_people.jpeg_bytes(drawn_people.group(3, 2)),
        "Entrance_on_the_ground_floor_with_a_long_name": drawn_people.jpeg_bytes(
            drawn_people.group(2, 1)
        ),
        "Wall": drawn_people.jpeg_bytes(drawn_people.wall()),
    }
    uploader = page.locator("input[type=file]")
    uploader.set_input_files(_photos_of(**people))
    expect(visit.button("photo.open", "Wall")).to_be_visible(timeout=WAIT_MS)
    _checked(visit)
    yield "gallery"
    files = _photos_of(Broken=b"no picture")
    files.append(FilePayload(name="Notes.txt", mimeType="text/plain", buffer=b"no picture"))
    uploader.set_input_files(files)
    visit.sees("photo.error")
    _checked(visit)
    yield "rejected"
    visit.button("photo.open", "Morning shift").click()
    expect(visit.button("photo.back").first).to_be_visible(timeout=WAIT_MS)
    yield "close"
    page.get_by_text(visit.words["photo"]["options"], exact=True).click()
    page.get_by_text(visit.words["photo"]["why"], exact=True).click()
    visit.sees("photo.why_note")
    yield "explained"
    page.get_by_text(visit.words["photo"]["options"], exact=True).click()
    visit.button("photo.report").first.click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible(timeout=WAIT_MS)
    yield "report"


def _one_photo(visit: Visit) -> Iterator[str]:
    visit.open("photo")
    visit.button("photo.sample_hand").click(timeout=WAIT_MS)
    _checked(visit)
    yield "one"
    # "Report to share" is another one
    share = visit.words["share"]["button"]
    visit.page.get_by_role("button", name=share, exact=True).click()
    expect(visit.page.get_by_test_id("stPopoverBody")).to_be_visible(timeout=WAIT_MS)
    yield "share"


def _video(visit: Visit) -> Iterator[str]:
    page = visit.page
    visit.open("photo?kind=video")
    uploader = page.locator("input[type=file]")
    expect(page.locator(".md-drop")).to_be_visible(timeout=WAIT_MS)
    yield "before"
    film = film_bytes(drawn_people.pair_film())
    uploader.set_input_files(FilePayload(name="Entrance.mp4", mimeType="video/mp4", buffer=film))
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=WAIT_MS)
    yield "busy"
    expect(page.locator(".st-key-video_chart")).to_be_visible(timeout=2 * WAIT_MS)
    visit.rests()
    page.wait_for_function("document.querySelector('video')?.readyState >= 2", timeout=WAIT_MS)
    yield "result"
    visit.button("video.film").click()
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=WAIT_MS)
    yield "film"
    visit.button("video.forget").click()
    visit.sees("video.empty")
    broken = FilePayload(name="Broken.mp4", mimeType="video/mp4", buffer=b"no video")
    uploader.set_input_files(broken)
    visit.sees("video.error")
    yield "broken"


def _metrics(visit: Visit) -> Iterator[str]:
    for tab in TABS:
        visit.open(f"metrics?tab={tab}")
        expect(visit.page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=WAIT_MS)
        yield tab


def _about(visit: Visit) -> Iterator[str]:
    visit.open("about")
    yield "about"


def _api(visit: Visit) -> Iterator[str]:
    visit.open("api/v1/docs")
    yield "docs"


def _unknown(visit: Visit) -> Iterator[str]:
    visit.page.goto(f"{visit.server.url}/nowhere")
    expect(visit.page.get_by_test_id("stDialog")).to_be_visible(timeout=WAIT_MS)
    yield "unknown"


def _gone(visit: Visit) -> Iterator[str]:
    visit.open("photo")
    expect(visit.button("photo.samples")).to_be_visible(timeout=WAIT_MS)
    visit.server.kill()
    visit.sees("trouble.local_title")
    yield "gone"


def _network(visit: Visit) -> Iterator[str]:
    host, page = server_address.network_host() or "127.0.0.1", visit.page
    page.goto(f"http://{host}:{visit.server.port}/")
    visit.sees("live.plain_http")
    start = _stage(page).get_by_role("button", name=visit.words["live"]["start"])
    expect(start).to_be_visible(timeout=WAIT_MS)
    yield "insecure"
    page.context.set_offline(True)
    visit.server.kill()
    visit.sees("trouble.offline_title")
    yield "offline"
    page.context.set_offline(False)
    visit.sees("trouble.unreachable_title")
    yield "unreachable"


def _cameras(visit: Visit) -> Iterator[str]:
    page = visit.page
    visit.open("cameras")
    visit.sees("cameras.never_title")
    yield "no-answer"
    jpegs = [*map(drawn_people.jpeg_bytes, drawn_people.swaying(drawn_people.group(3, 1)))]
    with picture_camera(visit.camera_port, jpegs):
        expect(page.get_by_test_id("stImage").locator("img")).to_be_visible(timeout=2 * WAIT_MS)
        expect(page.locator('[data-verdict="without_mask"] b').first).to_have_text(
            "1", timeout=WAIT_MS
        )
        yield "seen"
    visit.sees("cameras.lost_title")
    yield "lost"


WALKS: Final = {
    "live": Walk(_live, camera="people"),
    "live-nobody": Walk(_nobody, camera="nobody"),
    "live-refused": Walk(_refused, camera="refused"),
    "live-full": Walk(_full, camera="people", settings={"MASKDET_MAX_VIEWERS": "1"}),
    "live-embedded": Walk(_embedded, camera="people"),
    "live-embedded-blind": Walk(_embedded_blind),
    "photos": Walk(_photos),
    "results": Walk(_results),
    "one-photo": Walk(_one_photo),
    "video": Walk(_video),
    "metrics": Walk(_metrics),
    "about": Walk(_about),
    "api": Walk(_api),
    "unknown": Walk(_unknown),
    "gone": Walk(_gone, settings={}),
    "network": Walk(_network, settings={"address": "0.0.0.0"}),
    "cameras": Walk(
        _cameras,
        settings={
            "MASKDET_ALERTS": "cameras,live",
            "MASKDET_WEBHOOK_URL": "http://127.0.0.1:9/",
            "MASKDET_ALERT_PLACE": "the reception",
            "no_proxy": "*",
        },
        has_network_camera=True,
    ),
}
"""By name, in the order of the menu."""
