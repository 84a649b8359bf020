"""Which ICE servers a session gets, by settings and providers."""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import streamlit as st

from maskdet_app.live.webrtc import ice, turn

SETTINGS = (
    "MASKDET_TURN",
    "MASKDET_ICE_SERVERS",
    "MASKDET_ICE_POLICY",
    "MASKDET_TURN_URLS",
    "MASKDET_TURN_SECRET",
)
REMOTE = "https://maskdet.example/live"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(st, "session_state", {})


class FakeService:
    """A provider on the loopback: sends ``status`` and ``response``, records the requests."""

    def __init__(self) -> None:
        self.status, self.response = 200, b"{}"
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.requests.append((self.path, dict(self.headers), body))
                self.send_response(service.status)
                self.end_headers()
                self.wfile.write(service.response)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[FakeService]:
    service = FakeService()
    thread = threading.Thread(target=service.server.serve_forever, daemon=True)
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()


def test_without_settings_a_public_stun_server_is_used_away_from_localhost_only() -> None:
    assert ice.ice_servers("http://localhost:8501/").servers == ()
    assert ice.ice_servers(REMOTE) == ice.PUBLIC_STUN


def test_none_gives_no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_TURN", "none")
    assert ice.ice_servers(REMOTE).servers == ()


def test_fixed_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = [{"urls": "turn:a.example", "username": "u", "credential": "c"}]
    monkeypatch.setenv("MASKDET_ICE_SERVERS", json.dumps(servers))
    assert ice.ice_servers(REMOTE).servers == tuple(servers)


@pytest.mark.parametrize("value", ["{", "3", '"turn:a"', '[{"url": "turn:a"}]', "[3]"])
def test_invalid_fixed_servers(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_ICE_SERVERS", value)
    with pytest.raises(ValueError, match="MASKDET_ICE_SERVERS"):
        ice.ice_servers(REMOTE)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MASKDET_TURN", "bird", "expected one of static, coturn"),
        ("MASKDET_TURN", "coturn", "MASKDET_TURN_URLS is not set"),
        ("MASKDET_TURN", "cloudflare", "MASKDET_CLOUDFLARE_KEY_ID is not set"),
        ("MASKDET_TURN", "twilio", "MASKDET_TWILIO_ACCOUNT is not set"),
        ("MASKDET_ICE_POLICY", "some", "expected one of all, relay"),
    ],
)
def test_invalid_settings(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message):
        ice.rtc_configuration(REMOTE, in_use=False)


def test_shared_secret_gives_a_password_that_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = turn.SharedSecret(["turn:t.example"], "s3cret", lifetime_s=60, clock=lambda: 1000.4)
    given = provider.servers()
    (server,) = given.servers
    assert given.expires_at == 1060
    assert re.fullmatch(r"1060:[0-9a-f]{16}", server["username"])
    digest = hmac.new(b"s3cret", server["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(server["credential"]) == digest
    assert "s3cret" not in f"{provider!r}{given!r}"


def test_shared_secret_gives_each_visit_a_user_name_of_its_own() -> None:
    # coturn's quota for a user counts by what follows the time stamp
    provider = turn.SharedSecret(["turn:t.example"], "s3cret", clock=lambda: 1000.0)
    names = {provider.servers().servers[0]["username"].split(":")[1] for _ in range(50)}
    assert len(names) == 50


def test_cloudflare(service: FakeService) -> None:
    servers = [{"urls": ["stun:x"]}, {"urls": ["turn:x"], "username": "u", "credential": "c"}]
    service.response = json.dumps({"iceServers": servers}).encode()
    url = service.url + "/v1/turn/keys/{account}/credentials"
    given = turn.Cloudflare("key", "token", lifetime_s=99, url=url).servers()
    assert given.servers == tuple(servers)
    ((path, headers, body),) = service.requests
    assert path == "/v1/turn/keys/key/credentials"
    assert headers["Authorization"] == "Bearer token"
    assert json.loads(body) == {"ttl": 99}


def test_twilio(service: FakeService) -> None:
    servers = [{"url": "turn:x", "urls": "turn:x", "username": "u", "credential": "c"}]
    service.response = json.dumps({"ice_servers": servers, "ttl": "99"}).encode()
    given = turn.Twilio(
        "AC1", "token", lifetime_s=99, url=service.url + "/{account}.json"
    ).servers()
    # only the keys that browsers take
    assert given.servers == ({"urls": "turn:x", "username": "u", "credential": "c"},)
    ((path, headers, body),) = service.requests
    assert path == "/AC1.json"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"AC1:token"
    assert body == b"Ttl=99"


@pytest.mark.parametrize(
    ("status", "response", "reason"),
    [
        (401, b"{}", "HTTP 401"),
        (500, b"", "HTTP 500"),
        (200, b"<html>", "could not be asked"),
        (200, b"[]", "expected an object"),
        (200, b"{}", "expected a list"),
        (200, b'{"iceServers": [{}]}', "each have urls"),
    ],
)
def test_a_provider_without_a_usable_response(
    status: int, response: bytes, reason: str, service: FakeService
) -> None:
    service.status, service.response = status, response
    with pytest.raises(turn.TurnError, match=reason) as caught:
        turn.Cloudflare("key", "a secret", url=service.url).servers()
    assert "a secret" not in str(caught.value)


def test_an_unreachable_provider() -> None:
    with pytest.raises(turn.TurnError, match="could not be asked"):
        turn.Cloudflare("key", "token", url="http://127.0.0.1:1/").servers()


def test_credentials_are_kept_for_a_session_and_renewed_before_they_expire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lifetimes = iter([10_000.0, 500.0, 10_000.0])
    monkeypatch.setattr(
        ice,
        "ice_servers",
        lambda url: turn.IceServers(({"urls": "turn:x", "n": (n := next(lifetimes))},), 1e9 + n),
    )
    monkeypatch.setattr(time, "time", lambda: 1e9)

    def n_configured(*, in_use: bool = False) -> float:
        servers = ice.rtc_configuration(REMOTE, in_use=in_use)["iceServers"]
        return float(servers[0]["n"])

    assert n_configured() == n_configured() == 10_000
    # another session gets others
    st.session_state.clear()
    assert n_configured() == 500
    assert n_configured(in_use=True) == 500, "a running stream keeps its configuration"
    assert n_configured() == 10_000, "a new one gets credentials that last"


def test_a_stream_started_without_the_provider_goes_on_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urls: list[str | None] = []

    def refuse(url: str | None) -> turn.IceServers:
        urls.append(url)
        raise turn.TurnError("no")

    monkeypatch.setattr(ice, "ice_servers", refuse)
    for _ in range(2):
        with pytest.raises(turn.TurnError):
            ice.rtc_configuration(REMOTE, in_use=False)
    assert ice.rtc_configuration(REMOTE, in_use=True) == ice.without_relay(REMOTE)
    assert len(urls) == 2
