"""Where a visitor is, by the URL of the page."""

import pytest

from maskdet_app.ui.browser.page_url import is_insecure, is_local


@pytest.mark.parametrize(
    ("url", "local"),
    [
        (None, True),
        ("", True),
        ("http://localhost:8501/photo", True),
        ("http://app.localhost/", True),
        ("http://127.0.0.1:8501/", True),
        ("http://[::1]:8501/", True),
        ("http://192.168.1.20:8501/", False),
        ("https://maskdet.example/live", False),
    ],
)
def test_local_urls(url: str | None, local: bool) -> None:
    assert is_local(url) is local


@pytest.mark.parametrize(
    ("url", "insecure"),
    [
        (None, False),
        ("http://localhost:8501/", False),
        ("https://maskdet.example/live", False),
        ("http://192.168.1.20:8501/", True),
    ],
)
def test_urls_for_which_browsers_refuse_the_camera(url: str | None, insecure: bool) -> None:
    assert is_insecure(url) is insecure
