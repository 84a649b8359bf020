"""Every guard holds where the app is served below a base path."""

from collections.abc import Iterator

import pytest
from streamlit import config

from maskdet_app.ops.limits.upload_quota import UploadLimits, UploadQuota
from maskdet_app.ops.process import shutdown
from maskdet_app.server.middleware import base_path
from maskdet_app.server.middleware.media_cache import NoStoreForMedia
from maskdet_app.server.middleware.rate_limits import Limits, RateLimits
from maskdet_app.server.middleware.upload_guard import UploadGuard
from maskdet_app.server.page_head import link_preview
from maskdet_app.server.page_head.link_preview import LinkPreview
from tests.app.server.asgi_client import request, respond_with


@pytest.fixture(autouse=True)
def _base_path() -> Iterator[None]:
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", "/mask/")
    yield
    config.set_option("server.baseUrlPath", before)


@pytest.mark.parametrize(
    ("path", "app_path"),
    [
        ("/mask/_stcore/metrics", "/_stcore/metrics"),
        ("/mask", "/"),
        ("/mask/", "/"),
        ("/masks/a", "/masks/a"),
        ("/_stcore/metrics", "/_stcore/metrics"),
    ],
)
def test_base_path_is_removed(path: str, app_path: str) -> None:
    assert base_path.app_path({"path": path}) == app_path


def test_root_path_of_a_mounted_app_is_removed() -> None:
    assert base_path.app_path({"path": "/a/mask/b", "root_path": "/a"}) == "/b"


@pytest.mark.parametrize("path", ["/mask/_stcore/metrics", "/mask/_stcore/agent/x"])
def test_internal_endpoints_are_hidden(path: str) -> None:
    assert request(RateLimits(respond_with()), path).status == 404


def test_visits_and_uploads_are_limited() -> None:
    app = RateLimits(respond_with(), Limits(uploads=(1, 0.01), visits=(1, 0.01)))
    visits = [request(app, "/mask/_stcore/stream", scope_type="websocket") for _ in range(2)]
    assert [visit.first_type for visit in visits] == ["websocket.accept", "websocket.close"]
    path = "/mask/_stcore/upload_file/session/file"
    assert [request(app, path, method="PUT").status for _ in range(2)] == [200, 429]


def test_health_check_fails_while_draining(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "is_draining", lambda: True)
    assert request(RateLimits(respond_with()), "/mask/_stcore/health").status == 503


def test_uploads_have_a_quota() -> None:
    app = UploadGuard(respond_with(status=204), UploadQuota(UploadLimits(1, 1, 1)))
    response = request(
        app,
        "/mask/_stcore/upload_file/session/file",
        method="PUT",
        headers={"content-length": "2"},
        body=[b"12"],
    )
    assert response.status == 413


def test_pictures_are_not_stored_by_browsers() -> None:
    response = request(NoStoreForMedia(respond_with()), "/mask/media/a.jpg")
    assert response.headers["cache-control"] == "no-store"


def test_link_preview_is_below_the_base_path() -> None:
    page = respond_with(b"<title>Streamlit</title>", "text/html")
    text = request(LinkPreview(page), "/mask/photo").body.decode()
    assert 'property="og:image" content="https://maskdet.example/mask/preview.png"' in text
    assert {route.path for route in link_preview.routes()} == {
        "/mask/preview.png",
        "/mask/icon.png",
    }
