import pytest
from starlette.types import Receive, Scope, Send

from maskdet_app.server.middleware import client_address
from maskdet_app.server.middleware.client_address import ClientAddress
from maskdet_app.server.middleware.rate_limits import Limits, RateLimits
from tests.app.server.asgi_client import request, respond_with

PROXY = "10.0.0.2"


def seen_address(n_proxies: int, forwarded_for: str | None) -> str:
    """The client's address that the app sees behind a proxy."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(client_address.client_address(scope))
        await respond_with()(scope, receive, send)

    headers = {} if forwarded_for is None else {"x-forwarded-for": forwarded_for}
    request(ClientAddress(app, n_proxies), client=PROXY, headers=headers)
    return seen[0]


@pytest.mark.parametrize(
    ("n_proxies", "forwarded_for", "address"),
    [
        (0, "198.51.100.7", PROXY),
        (1, None, PROXY),
        (1, "", PROXY),
        (1, "198.51.100.7", "198.51.100.7"),
        # forged by the visitor, then what the proxy appended
        (1, "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        (2, "127.0.0.1, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        (2, "198.51.100.7", "198.51.100.7"),
        (1, "198.51.100.7:4711", "198.51.100.7"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_address_is_the_entry_of_the_outermost_trusted_proxy(
    n_proxies: int, forwarded_for: str | None, address: str
) -> None:
    assert seen_address(n_proxies, forwarded_for) == address


def test_forged_header_gives_no_new_limits_and_no_internal_endpoint() -> None:
    app = ClientAddress(RateLimits(respond_with(), Limits(uploads=(2, 0.01))), 1)
    path = "/_stcore/upload_file/session/file"
    statuses = [
        request(
            app, path, method="PUT", headers={"x-forwarded-for": f"192.0.2.{n}, 198.51.100.7"}
        ).status
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]
    forged = {"x-forwarded-for": "127.0.0.1, 198.51.100.7"}
    assert request(app, "/_stcore/metrics", headers=forged).status == 404


@pytest.mark.parametrize(
    ("proxies", "allowed", "number"),
    [("", "", 0), ("", "127.0.0.1", 0), ("", "*", 1), ("2", "*", 2), ("0", "*", 0)],
)
def test_number_of_proxies(
    proxies: str, allowed: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKDET_TRUSTED_PROXIES", proxies)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", allowed)
    assert client_address.n_trusted_proxies() == number


@pytest.mark.parametrize("value", ["-1", "one", "1.5", "99", "²"])
def test_invalid_number_of_proxies(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_TRUSTED_PROXIES", value)
    with pytest.raises(ValueError, match="MASKDET_TRUSTED_PROXIES"):
        client_address.n_trusted_proxies()
