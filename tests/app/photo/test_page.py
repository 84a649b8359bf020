"""The photo page in AppTest: bad files, unusual pictures, options, several photos."""

import io
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from maskdet_app.photo import decoding, detail, view
from maskdet_app.photo.batch import PhotoBatch, annotate_resized
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import catalogue, t, verdict_label
from maskdet_core.draw.annotate import shown_percent
from maskdet_core.errors import TransientImageError
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.pictures.decode import MAX_BYTES
from maskdet_core.reasons import Problem
from testbed.repository import REPO_ROOT

NETWORK = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
SAMPLES = REPO_ROOT / "maskdet_app" / "photo" / "samples"
pytestmark = pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")

File = tuple[str, bytes, str]


def open_page(**query: str) -> AppTest:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/photo.py").run()


def upload(files: Sequence[tuple[str, bytes]], **query: str) -> AppTest:
    app = open_page(**query)
    listed: list[File] = [(name, data, "image/jpeg") for name, data in files]
    app.file_uploader[0].set_value(listed).run()
    assert not app.exception
    return app


def batch_of(app: AppTest) -> PhotoBatch:
    batch: PhotoBatch = app.session_state["tab_state"]["photo_batch"]
    return batch


def texts(app: AppTest) -> str:
    groups: tuple[Any, ...] = (app.markdown, app.error, app.warning, app.info, app.caption)
    return "\n".join(str(element.value) for group in groups for element in group)


def counts(app: AppTest) -> dict[str, int]:
    """The numbers of the three tiles."""
    html = "".join(str(element.proto.body) for element in app.get("html"))
    found = re.findall(r'data-verdict="(\w+)"><b>(\d+)</b>', html)
    return {verdict: int(number) for verdict, number in found}


def encoded(image: Image.Image, file_format: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


@pytest.fixture(scope="module")
def bare() -> bytes:
    return (SAMPLES / "bare.jpg").read_bytes()


@pytest.fixture(scope="module")
def masked() -> bytes:
    return (SAMPLES / "masked.jpg").read_bytes()


@pytest.fixture(scope="module")
def bare_image(bare: bytes) -> Image.Image:
    return Image.open(io.BytesIO(bare)).convert("RGB")


def test_samples_show_both_classes() -> None:
    app = open_page()
    app.button(key="samples").click().run()
    assert not app.exception
    assert counts(app) == {"with_mask": 1, "worn_wrong": 0, "without_mask": 2, "not_sure": 0}
    for name in ("bare", "masked", "hand"):
        assert theme.escape_markdown(t(f"photo.sample_{name}")) in texts(app)


def test_one_sample_can_be_tried() -> None:
    app = open_page()
    app.button(key="try-masked").click().run()
    assert not app.exception
    assert counts(app) == {"with_mask": 1, "worn_wrong": 0, "without_mask": 0, "not_sure": 0}
    assert [photo.key for photo in batch_of(app)] == ["sample-masked"]
    assert "samples" not in [button.key for button in app.button]


def test_options_are_folded_away_and_keep_what_the_address_says() -> None:
    [folded] = open_page(sure="80", blur="true", smallest="large").expander
    assert folded.label == t("photo.options")
    assert not folded.proto.expanded
    assert folded.slider(key="sure").value == 80
    assert [toggle.key for toggle in folded.toggle if toggle.value] == ["blur"]
    assert folded.button_group(key="smallest").value == "large"


BAD = {
    "empty.jpg": b"",
    "text.jpg": b"this is a text renamed to .jpg",
    "random.png": bytes(range(256)) * 16,
    "anim.png": encoded(Image.new("RGB", (20, 20)), "GIF"),
    "scan.png": encoded(Image.new("RGB", (20, 20)), "TIFF"),
    "drawing.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "stars.png": b"SIMPLE  =                    T" + b" " * 2850,
    "big.jpg": b"\xff\xd8\xff" + bytes(MAX_BYTES),
}


@pytest.mark.parametrize("lang", ["en", "es"])
def test_each_bad_file_is_reported_and_the_others_are_checked(bare: bytes, lang: str) -> None:
    truncated = bare[: len(bare) // 2]
    files = [*BAD.items(), ("good.jpg", bare), ("cut.jpg", truncated)]
    app = upload(files, lang=lang)
    assert len(app.error) == len(BAD) + 1
    assert texts(app).count(catalogue(lang)["photo"]["kind_unread"]) == len(BAD) + 1
    assert counts(app) == {"with_mask": 0, "worn_wrong": 0, "without_mask": 1, "not_sure": 0}
    errors = "\n".join(str(error.value) for error in app.error)
    said = catalogue(lang)["reason"]
    for name in ("empty", "format", "damaged"):
        assert said[name] in errors
    assert said["too_large"].format(got_mb=21, most_mb=20) in errors
    # the library's own words stay in the data
    assert "expected" not in errors and "got" not in errors.replace("{got", "")


def test_huge_declared_size_is_refused() -> None:
    header = encoded(Image.new("1", (9_000, 9_000)), "PNG")
    assert len(header) < 100_000
    app = upload([("bomb.png", header)])
    assert t("reason.too_many_pixels", most_megapixels=50) in texts(app)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (19, 19)])
def test_very_small_and_thin_pictures_have_no_face(size: tuple[int, int]) -> None:
    app = upload([("odd.png", encoded(Image.new("RGB", size, (90, 90, 90)), "PNG"))])
    assert t("photo.no_face") in texts(app)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16", "gif-like animation"])
def test_every_colour_mode_is_converted(mode: str, bare_image: Image.Image) -> None:
    match mode:
        case "CMYK":
            data = encoded(bare_image.convert("CMYK"), "JPEG", quality=92)
        case "I;16":
            grey = np.asarray(bare_image.convert("L")).astype(np.uint16) * 257
            data = encoded(Image.fromarray(grey), "PNG")
        case "gif-like animation":
            black = Image.new("RGB", bare_image.size)
            data = encoded(bare_image, "WEBP", save_all=True, append_images=[black], quality=90)
        case _:
            data = encoded(bare_image.convert(mode), "PNG")
    assert counts(upload([("a.png", data), ("b.png", data)]))["without_mask"] == 2


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_exif_orientation_is_applied_once(orientation: int, bare_image: Image.Image) -> None:
    degrees = {3: 180, 6: 90, 8: 270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    rotated = bare_image.rotate(degrees[orientation], expand=True)
    data = encoded(rotated, "JPEG", quality=95, exif=exif)
    app = upload([("rotated.jpg", data)])
    assert label_of_the_only_face(app) == t("verdict.without_mask")


def label_of_the_only_face(app: AppTest) -> str:
    badges = [str(m.value) for m in app.markdown if "-badge[" in str(m.value)]
    assert len(badges) == 1, badges
    label = re.search(r"\*\*(.+)\*\*", badges[0])
    assert label
    return label[1]


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>.jpg", "../../etc/passwd.jpg", "x" * 200 + ".jpg", "=1+1.jpg"],
)
def test_file_name_is_escaped(name: str, bare: bytes) -> None:
    app = upload([(name, bare), ("other.jpg", bare)])
    assert "<img" not in texts(app)
    assert counts(app)["without_mask"] == 2
    longest = max(len(word) for word in re.sub(r"&#\d+;", "x", texts(app)).split())
    assert longest < 120


@pytest.mark.parametrize("kind", ["black", "uniform", "noise"])
def test_picture_without_a_face_says_so(kind: str) -> None:
    rgb = {
        "black": np.zeros((200, 300, 3), np.uint8),
        "uniform": np.full((200, 300, 3), 170, np.uint8),
        "noise": np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8),
    }[kind]
    assert t("photo.no_face") in texts(upload([("x.png", encoded(Image.fromarray(rgb), "PNG"))]))


def test_number_of_faces_is_capped_with_a_warning(bare_image: Image.Image) -> None:
    face = bare_image.crop((130, 40, 450, 400)).resize((96, 108))
    crowd = Image.new("RGB", (96 * 10, 108 * 6), (200, 200, 200))
    for number in range(60):
        crowd.paste(face, (number % 10 * 96, number // 10 * 108))
    app = upload([("crowd.png", encoded(crowd, "PNG"))], smallest="tiny")
    warnings = [str(warning.value) for warning in app.warning]
    assert len(warnings) == 1 and "50" in warnings[0]


def test_face_at_the_edge_gets_a_verdict(bare_image: Image.Image) -> None:
    cropped = bare_image.crop((200, 60, 552, 690))
    app = upload([("edge.jpg", encoded(cropped, "JPEG", quality=95))])
    assert label_of_the_only_face(app)


def test_options_come_from_the_query_parameters(bare: bytes, masked: bytes) -> None:
    app = upload([("a.jpg", bare), ("b.jpg", masked)], show="with_mask", sure="80")
    assert app.slider(key="sure").value == 80
    names = [str(m.value) for m in app.markdown if str(m.value).startswith("**")]
    assert any(theme.escape_markdown("b.jpg") in name for name in names)
    assert not any(theme.escape_markdown("a.jpg") in name for name in names)


def open_first(app: AppTest) -> None:
    key = next(button.key for button in app.button if str(button.key).startswith("open-"))
    app.button(key=key).click().run()
    assert not app.exception


def test_photo_opens_in_detail_and_closes_again(bare: bytes, masked: bytes) -> None:
    app = upload([("a.jpg", bare), ("b.jpg", masked)])
    open_first(app)
    assert t("photo.back") in [button.label for button in app.button]
    assert app.query_params["photo"]
    assert label_of_the_only_face(app) == t("verdict.without_mask")
    app.toggle(key="why").set_value(True).run()
    assert not app.exception
    assert t("photo.why_note") in texts(app)
    next(button for button in app.button if button.label == t("photo.back")).click().run()
    assert not app.exception
    assert t("photo.back") not in [button.label for button in app.button]
    assert "photo" not in app.query_params


def test_address_opens_a_photo_of_the_batch_and_no_other() -> None:
    app = open_page()
    app.button(key="samples").click().run()
    app.query_params["photo"] = "sample-hand"
    app.run()
    name = f"**{theme.escape_markdown(t('photo.sample_hand'))}**"
    assert name in [markdown.value for markdown in app.markdown]
    assert t("photo.back") in [button.label for button in app.button]
    # as after the browser's Back button
    del app.query_params["photo"]
    app.run()
    assert t("photo.back") not in [button.label for button in app.button]
    app.query_params["photo"] = "someone-else's"
    app.run()
    assert not app.exception
    assert t("photo.back") not in [button.label for button in app.button]


def test_faces_have_the_same_numbers_and_figures_in_picture_and_cards(
    bare_image: Image.Image, masked: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbered = []

    def annotated(*args: Any, **options: Any) -> Any:
        numbered.append(options)
        return annotate_resized(*args, **options)

    monkeypatch.setattr(detail, "annotate_resized", annotated)
    pair = Image.new("RGB", (2 * bare_image.width, bare_image.height))
    pair.paste(bare_image, (0, 0))
    pair.paste(Image.open(io.BytesIO(masked)).resize(bare_image.size), (bare_image.width, 0))
    app = upload([("pair.png", encoded(pair, "PNG"))])
    assert numbered[-1] == {"numbered": True}
    [photo] = batch_of(app)
    html = "".join(str(element.proto.body) for element in app.get("html"))
    badges = [str(m.value) for m in app.markdown if "-badge[" in str(m.value)]
    assert len(photo.detections) == len(badges) == 2
    for number, (face, badge) in enumerate(zip(photo.detections, badges, strict=True), 1):
        name = t("photo.face", n=number, verdict=verdict_label(face.verdict))
        assert f'aria-label="{t("photo.to_card", name=name)}"' in html
        assert f'href="#md-spot-{number}" aria-label="{t("photo.to_picture", name=name)}"' in html
        figure = t("photo.p_value", value=shown_percent(face))
        assert badge.endswith(f"**{verdict_label(face.verdict)}** {figure}]")
    assert html.count(f">{t('photo.bars_mark', value=app.slider(key='sure').value)}<") == 2


def test_photo_that_cannot_be_decoded_now_says_why(
    bare: bytes, masked: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = upload([("a.jpg", bare), ("b.jpg", masked)])

    def stopped(*_: object) -> None:
        raise TransientImageError("the decoder was stopped", Problem.INTERRUPTED)

    monkeypatch.setattr(decoding.DECODER, "decode_photo", stopped)
    open_first(app)
    assert not app.exception
    assert t("reason.interrupted") in texts(app)


def test_opening_a_photo_runs_the_network_only_for_activation_maps_and_the_finder_never(
    bare: bytes, masked: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_searches = 0
    n_classified = {"predict": 0, "activation_map": 0}
    find = CascadeFaceFinder.find

    def is_page() -> bool:
        # the demo film of an earlier test may still be judged
        return not threading.current_thread().name.startswith("maskdet-demo")

    def counted_find(*args: Any, **kwargs: Any) -> Any:
        nonlocal n_searches
        n_searches += is_page()
        return find(*args, **kwargs)

    def counted(name: str) -> Callable[..., Any]:
        method = getattr(MaskClassifier, name)

        def count(self: MaskClassifier, crops: Any) -> Any:
            n_classified[name] += len(crops) * is_page()
            return method(self, crops)

        return count

    monkeypatch.setattr(CascadeFaceFinder, "find", counted_find)
    for name in n_classified:
        monkeypatch.setattr(MaskClassifier, name, counted(name))
    app = upload([("a.jpg", bare), ("b.jpg", masked)])
    before = (n_searches, n_classified["predict"])
    assert n_searches == 2
    assert n_classified["predict"] >= 2
    # The first photo: the detail view of the last one checked is still cached.
    open_first(app)
    assert label_of_the_only_face(app) == t("verdict.without_mask")
    assert n_classified["activation_map"] == 0
    app.toggle(key="why").set_value(True).run()
    assert not app.exception
    assert n_classified["activation_map"] == 1
    assert (n_searches, n_classified["predict"]) == before


def test_photos_survive_a_page_change_until_they_are_removed(bare: bytes) -> None:
    app = upload([("a.jpg", bare), ("b.jpg", bare)])
    app.switch_page("pages/about.py").run()
    app.switch_page("pages/photo.py").run()
    assert counts(app)["without_mask"] == 2
    # the uploader has only this one now
    app.file_uploader[0].set_value([("c.jpg", bare, "image/jpeg")]).run()
    assert counts(app)["without_mask"] == 3
    app.file_uploader[0].set_value([]).run()
    assert counts(app)["without_mask"] == 2
    app.button(key="forget").click().run()
    assert not app.exception
    assert counts(app) == {}
    assert t("photo.empty") in texts(app)
    assert len(batch_of(app)) == 0


def test_zip_is_built_on_the_page(bare: bytes) -> None:
    app = upload([("a.jpg", bare), ("broken.jpg", b""), ("b.jpg", bare)])
    app.button(key="pack").click().run()
    assert not app.exception
    builder = app.session_state[view.ZIP_IN_PROGRESS][1]
    assert builder.n_done == builder.n_photos == 3
    assert builder.content is not None
    app.toggle(key="blur").set_value(True).run()
    assert view.ZIP_IN_PROGRESS not in app.session_state
