"""Where alerts may go: encrypted anywhere, unencrypted to private hosts only."""

import socket
from typing import Any

import pytest

from maskdet_core.alerts.addresses import require_private, shown_address, validate_webhook_url
from maskdet_core.errors import AlertError

ADDRESSES = {
    "loopback.test": ["127.0.0.1", "::1"],
    "home.test": ["192.168.1.5"],
    "mapped.test": ["::ffff:8.8.8.8"],
    "public.test": ["8.8.8.8"],
    "both.test": ["10.0.0.1", "8.8.8.8"],
}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
        if host not in ADDRESSES:
            raise socket.gaierror(-2, "Name or service not known")
        return [(0, 0, 0, "", (address, 0)) for address in ADDRESSES[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize(
    "url",
    [
        "https://public.test/hook?token=1",
        "https://unknown.test/hook",
        "http://loopback.test:8080/hook",
        "http://home.test/hook",
    ],
)
def test_these_are_sent_to(url: str) -> None:
    assert validate_webhook_url(url) == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://public.test/s3cret", "public address"),
        ("http://both.test/s3cret", "public address"),
        ("http://mapped.test/s3cret", "public address"),
        ("http://unknown.test/s3cret", "cannot be resolved"),
        ("ftp://home.test/s3cret", "expected https"),
        ("file:///etc/s3cret", "expected https"),
        ("https:///s3cret", "expected https"),
        ("home.test/s3cret", "expected https"),
        ("https://home.test:x/s3cret", "expected https"),
        ("https://user:s3cret@home.test/", "user and password"),
        ("https://home.test/s3 cret\r\nX: 1", "ASCII"),
        ("https://hooks..home.test/s3cret", "empty part"),
        (f"http://{'a' * 64}.test/s3cret", "empty part"),
    ],
)
def test_these_are_refused_without_repeating_their_secrets(url: str, why: str) -> None:
    with pytest.raises(AlertError, match=why) as refused:
        validate_webhook_url(url)
    assert "s3cret" not in str(refused.value)


def test_the_operator_may_insist() -> None:
    url = "http://public.test/hook"
    assert validate_webhook_url(url, allow_plain=True) == url
    with pytest.raises(AlertError, match="TLS"):
        require_private("public.test", "TLS")


def test_what_is_no_name_is_not_private(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
        raise UnicodeError("label empty or too long")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(AlertError, match="cannot be resolved"):
        require_private("home..test", "TLS")


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown_address("https://user:s3cret@host:8/s3cret?s3cret") == "https://host:8"
    assert shown_address("https://[::1]/s3cret") == "https://[::1]"
    assert "s3cret" not in shown_address("https://host:s3cret/")
