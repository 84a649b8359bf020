import pytest

from maskdet_app.server.page_head import link_preview
from maskdet_app.server.page_head.link_preview import LinkPreview
from maskdet_app.ui.texts.i18n import t
from tests.app.server.asgi_client import request, respond_with

PAGE = (
    b'<html><head><link rel="shortcut icon" href="./favicon.png" />'
    b"<title>Streamlit</title></head></html>"
)


def test_page_gets_title_icon_and_preview() -> None:
    response = request(LinkPreview(respond_with(PAGE, "text/html; charset=utf-8")), "/photo")
    text = response.body.decode()
    assert f"<title>{t('app.name')}</title>" in text
    assert 'property="og:image" content="https://maskdet.example/preview.png"' in text
    assert 'property="og:url" content="https://maskdet.example/photo"' in text
    assert 'href="./icon.png"' in text
    assert int(response.headers["content-length"]) == len(response.body)
    assert "etag" not in response.headers


@pytest.mark.parametrize(
    ("path", "method"), [("/static/a.js", "GET"), ("/", "POST"), ("/_stcore/health", "GET")]
)
def test_other_requests_are_not_rewritten(path: str, method: str) -> None:
    response = request(LinkPreview(respond_with(PAGE, "text/html")), path, method=method)
    assert response.body == PAGE
    assert response.headers["etag"] == "x"


def test_other_pages_of_the_app_are_not_rewritten() -> None:
    page = b"<html><head><title>HTTP API</title></head></html>"
    response = request(LinkPreview(respond_with(page, "text/html")), "/api/v1/docs")
    assert response.body == page
    assert response.headers["etag"] == "x"


def test_other_content_types_pass_through() -> None:
    response = request(LinkPreview(respond_with(b"[1, 2, 3]", "application/json")), "/x")
    assert response.body == b"[1, 2, 3]"


def test_icon_and_preview_are_served() -> None:
    for route in link_preview.routes():
        response = request(route.handle, route.path)
        assert response.status == 200
        assert response.body.startswith(b"\x89PNG")
