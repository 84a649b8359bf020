import pytest

from maskdet_app.server.middleware.media_cache import NoStoreForMedia
from tests.app.server.asgi_client import request, respond_with


@pytest.mark.parametrize(
    ("path", "cached"), [("/media/a.jpg", "no-store"), ("/static/a.js", "public")]
)
def test_only_pictures_of_a_visit_are_not_stored(path: str, cached: str) -> None:
    app = NoStoreForMedia(respond_with(**{"cache-control": "public"}))
    assert request(app, path).headers["cache-control"] == cached
