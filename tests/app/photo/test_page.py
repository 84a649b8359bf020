"""The photo page by AppTest: bad files, odd pictures, settings, many photos."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from maskdet_app.photo import view as desk_room
from maskdet_app.ui import theme
from maskdet_app.ui.i18n import t
from maskdet_core.decode import MAX_BYTES

REPO_ROOT = Path(__file__).resolve().parents[3]
NETWORK = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
SAMPLES = REPO_ROOT / "maskdet_app" / "photo" / "samples"
pytestmark = pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")

File = tuple[str, bytes, str]


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/photo.py").run()


def handed_in(files: Sequence[tuple[str, bytes]], **query: str) -> AppTest:
    app = opened(**query)
    listed: list[File] = [(name, data, "image/jpeg") for name, data in files]
    app.file_uploader[0].set_value(listed).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    groups: tuple[Any, ...] = (app.markdown, app.error, app.warning, app.info, app.caption)
    return "\n".join(str(element.value) for group in groups for element in group)


def counts(app: AppTest) -> dict[str, int]:
    """The big numbers of the three tiles."""
    html = "".join(str(element.proto.body) for element in app.get("html"))
    found = re.findall(r'data-verdict="(\w+)"><b>(\d+)</b>', html)
    return {verdict: int(number) for verdict, number in found}


def written(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture(scope="module")
def bare() -> bytes:
    return (SAMPLES / "bare.jpg").read_bytes()


@pytest.fixture(scope="module")
def masked() -> bytes:
    return (SAMPLES / "masked.jpg").read_bytes()


@pytest.fixture(scope="module")
def bare_picture(bare: bytes) -> Image.Image:
    return Image.open(io.BytesIO(bare)).convert("RGB")


def test_samples_show_all_that_it_can_tell() -> None:
    app = opened()
    app.button(key="samples").click().run()
    assert not app.exception
    assert counts(app) == {"with_mask": 1, "without_mask": 2, "not_sure": 0}
    for name in ("bare", "masked", "hand"):
        assert theme.plain(t(f"photo.sample_{name}")) in words(app)


BAD = {
    "empty.jpg": b"",
    "text.jpg": b"this is a text renamed to .jpg",
    "random.png": bytes(range(256)) * 16,
    "anim.png": written(Image.new("RGB", (20, 20)), "GIF"),
    "scan.png": written(Image.new("RGB", (20, 20)), "TIFF"),
    "drawing.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "stars.png": b"SIMPLE  =                    T" + b" " * 2850,
    "big.jpg": b"\xff\xd8\xff" + bytes(MAX_BYTES),
}


def test_bad_files_are_told_one_by_one_and_the_others_still_checked(bare: bytes) -> None:
    cut = bare[: len(bare) // 2]
    files = [*BAD.items(), ("good.jpg", bare), ("cut.jpg", cut)]
    app = handed_in(files)
    assert len(app.error) == len(BAD) + 1
    assert counts(app) == {"with_mask": 0, "without_mask": 1, "not_sure": 0}
    told = "\n".join(str(error.value) for error in app.error)
    assert "empty file" in told and "something else" in told and "20 MB" in told
    assert "cut short" in told


def test_a_huge_announced_size_is_refused() -> None:
    header = written(Image.new("1", (9_000, 9_000)), "PNG")
    assert len(header) < 100_000
    app = handed_in([("bomb.png", header)])
    assert "50,000,000 pixels" in words(app)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (19, 19)])
def test_odd_sizes_hold_no_face(size: tuple[int, int]) -> None:
    app = handed_in([("odd.png", written(Image.new("RGB", size, (90, 90, 90)), "PNG"))])
    assert t("photo.no_face") in words(app)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16", "gif-like animation"])
def test_every_kind_of_picture_is_converted(mode: str, bare_picture: Image.Image) -> None:
    match mode:
        case "CMYK":
            data = written(bare_picture.convert("CMYK"), "JPEG", quality=92)
        case "I;16":
            grey = np.asarray(bare_picture.convert("L")).astype(np.uint16) * 257
            data = written(Image.fromarray(grey), "PNG")
        case "gif-like animation":
            black = Image.new("RGB", bare_picture.size)
            data = written(bare_picture, "WEBP", save_all=True, append_images=[black], quality=90)
        case _:
            data = written(bare_picture.convert(mode), "PNG")
    assert counts(handed_in([("a.png", data), ("b.png", data)]))["without_mask"] == 2


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_photo_is_turned_back_once(orientation: int, bare_picture: Image.Image) -> None:
    turns = {3: 180, 6: 90, 8: 270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = bare_picture.rotate(turns[orientation], expand=True)
    data = written(turned, "JPEG", quality=95, exif=exif)
    app = handed_in([("turned.jpg", data)])
    assert verdict_word_of_the_only_face(app) == t("verdict.without_mask")


def verdict_word_of_the_only_face(app: AppTest) -> str:
    badges = [str(m.value) for m in app.markdown if "-badge[" in str(m.value)]
    assert len(badges) == 1, badges
    found = re.search(r"\*\*(.+)\*\*", badges[0])
    assert found
    return found[1]


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>.jpg", "../../etc/passwd.jpg", "x" * 200 + ".jpg", "=1+1.jpg"],
)
def test_a_file_name_is_shown_as_it_is_and_nothing_more(name: str, bare: bytes) -> None:
    app = handed_in([(name, bare), ("other.jpg", bare)])
    assert "<img" not in words(app)
    assert counts(app)["without_mask"] == 2
    longest = max(len(word) for word in re.sub(r"&#\d+;", "x", words(app)).split())
    assert longest < 120


@pytest.mark.parametrize("kind", ["black", "uniform", "noise"])
def test_no_face_is_said_in_words(kind: str) -> None:
    rgb = {
        "black": np.zeros((200, 300, 3), np.uint8),
        "uniform": np.full((200, 300, 3), 170, np.uint8),
        "noise": np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8),
    }[kind]
    assert t("photo.no_face") in words(handed_in([("x.png", written(Image.fromarray(rgb), "PNG"))]))


def test_sixty_faces_are_capped_and_it_says_so(bare_picture: Image.Image) -> None:
    face = bare_picture.crop((130, 40, 450, 400)).resize((96, 108))
    crowd = Image.new("RGB", (96 * 10, 108 * 6), (200, 200, 200))
    for number in range(60):
        crowd.paste(face, (number % 10 * 96, number // 10 * 108))
    app = handed_in([("crowd.png", written(crowd, "PNG"))], smallest="tiny")
    warned = [str(warning.value) for warning in app.warning]
    assert len(warned) == 1 and "50" in warned[0]


def test_a_face_at_the_edge_is_judged(bare_picture: Image.Image) -> None:
    cut = bare_picture.crop((200, 60, 552, 690))
    app = handed_in([("edge.jpg", written(cut, "JPEG", quality=95))])
    assert verdict_word_of_the_only_face(app)


def test_settings_come_from_the_address(bare: bytes, masked: bytes) -> None:
    app = handed_in([("a.jpg", bare), ("b.jpg", masked)], show="with_mask", sure="80")
    assert app.slider(key="sure").value == 80
    names = [str(m.value) for m in app.markdown if str(m.value).startswith("**")]
    assert any(theme.plain("b.jpg") in name for name in names)
    assert not any(theme.plain("a.jpg") in name for name in names)


def test_one_photo_is_opened_closely_and_left_again(bare: bytes, masked: bytes) -> None:
    app = handed_in([("a.jpg", bare), ("b.jpg", masked)])
    key = next(button.key for button in app.button if str(button.key).startswith("open-"))
    app.button(key=key).click().run()
    assert t("photo.back") in [button.label for button in app.button]
    assert verdict_word_of_the_only_face(app) == t("verdict.without_mask")
    app.toggle(key="why").set_value(True).run()
    assert not app.exception
    assert t("photo.why_note") in words(app)


def test_photos_are_there_still_after_another_page_and_gone_when_asked(bare: bytes) -> None:
    app = handed_in([("a.jpg", bare), ("b.jpg", bare)])
    app.switch_page("pages/about.py").run()
    app.switch_page("pages/photo.py").run()
    assert counts(app)["without_mask"] == 2
    app.button(key="forget").click().run()
    assert not app.exception
    assert counts(app) == {}
    assert t("photo.empty") in words(app)
    assert len(app.session_state["desk"]) == 0


def test_the_zip_is_made_on_the_page(bare: bytes) -> None:
    app = handed_in([("a.jpg", bare), ("broken.jpg", b""), ("b.jpg", bare)])
    app.button(key="pack").click().run()
    assert not app.exception
    packed = app.session_state[desk_room.PACKING][1]
    assert packed.n_done == packed.n_photos == 3
    assert packed.content is not None
    app.toggle(key="blur").set_value(True).run()
    assert desk_room.PACKING not in app.session_state
