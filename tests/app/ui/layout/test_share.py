"""Link, embedding HTML and QR code of the share panel."""

from collections.abc import Callable

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from maskdet_app.ops.settings import server_address
from maskdet_app.ui.layout import share
from maskdet_app.ui.texts.i18n import t


def test_link_has_the_query_parameters_and_nothing_else() -> None:
    query = {"why": ["true"], "show": ["with_mask", "no face"]}
    url = share.link("https://a.example:8501/photo?old=1#part", query)
    assert url == "https://a.example:8501/photo?why=true&show=with_mask&show=no+face"


def test_frame_allows_the_camera_and_escapes_the_url() -> None:
    html = share.frame_html(share.link("https://a.example/", {"x": ['"><b>']}, embed="true"))
    assert html.startswith('<iframe src="https://a.example/?x=%22%3E%3Cb%3E&amp;embed=true"')
    assert 'allow="camera"' in html


def test_qr_code_is_dark_on_light() -> None:
    svg = share.qr_svg("https://a.example/photo")
    assert svg.startswith("<svg")
    assert "#000" in svg
    assert "#fff" in svg


NETWORK_HOST = "192.0.2.17"


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Draw the share panel of a page opened at a URL."""

    def draw(url: str, network_host: str | None, **query: str) -> AppTest:
        monkeypatch.setattr(server_address, "port", lambda: 8501)
        monkeypatch.setattr(server_address, "network_host", lambda: network_host)
        monkeypatch.setattr(ContextProxy, "url", property(lambda _: url))

        def page() -> None:
            from maskdet_app.ui.layout import share

            share.button()

        app = AppTest.from_function(page)
        app.query_params.update(query)
        app.run()
        assert not app.exception
        return app

    return draw


@pytest.fixture
def qr_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the QR codes that are drawn say."""
    texts: list[str] = []
    qr_svg = share.qr_svg

    def record(text: str) -> str:
        texts.append(text)
        return qr_svg(text)

    monkeypatch.setattr(share, "qr_svg", record)
    return texts


def codes(app: AppTest) -> list[str]:
    return [code.value for code in app.code]


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def test_local_page_is_shared_by_the_network_address(
    panel: Callable[..., AppTest], qr_texts: list[str]
) -> None:
    app = panel("http://localhost:8501/photo", NETWORK_HOST)
    assert codes(app) == [f"http://{NETWORK_HOST}:8501/photo"]
    assert captions(app) == [t("share.network")]
    assert qr_texts == codes(app)


@pytest.mark.parametrize(
    ("url", "network_host"),
    [
        # it listens on this machine alone
        ("http://localhost:8501/photo", None),
        # a tunnel, or a container's published port
        ("http://localhost:9000/photo", NETWORK_HOST),
        ("http://127.0.0.1/photo", NETWORK_HOST),
    ],
)
def test_a_page_that_only_this_machine_reaches_has_no_code(
    url: str, network_host: str | None, panel: Callable[..., AppTest], qr_texts: list[str]
) -> None:
    app = panel(url, network_host)
    assert captions(app) == [t("share.local")]
    assert qr_texts == []


def test_public_page_is_shared_as_it_is(panel: Callable[..., AppTest], qr_texts: list[str]) -> None:
    app = panel("https://masks.example.org/photo", NETWORK_HOST)
    assert codes(app) == ["https://masks.example.org/photo"]
    assert captions(app) == []
    assert qr_texts == codes(app)


def test_neither_camera_nor_open_photo_is_shared(panel: Callable[..., AppTest]) -> None:
    own = {"run": "on", "camera": "true", "photo": "a1"}
    app = panel("https://masks.example.org/photo", None, **own, blur="true")
    assert codes(app) == ["https://masks.example.org/photo?blur=true"]


@pytest.mark.parametrize(
    ("ancestors", "is_named"),
    [(None, True), ("'self'", True), ("'none'", True), ("'self' https://a.example", False)],
)
def test_frame_names_the_setting_that_it_needs(
    ancestors: str | None,
    is_named: bool,
    panel: Callable[..., AppTest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MASKDET_FRAME_ANCESTORS", raising=False)
    if ancestors is not None:
        monkeypatch.setenv("MASKDET_FRAME_ANCESTORS", ancestors)
    app = panel("https://masks.example.org/", None)
    assert codes(app)[1].startswith('<iframe src="https://masks.example.org/?embed=true"')
    assert (t("share.frame_setting") in captions(app)) is is_named
