"""Which servers a visit gets for its video link, by settings and providers."""

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

from maskdet_app.live import ice, turn

SETTINGS = (
    "MASKDET_TURN",
    "MASKDET_ICE_SERVERS",
    "MASKDET_ICE_POLICY",
    "MASKDET_TURN_URLS",
    "MASKDET_TURN_SECRET",
)
AWAY = "https://maskdet.example/live"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(st, "session_state", {})


class Service:
    """A provider on the loopback, which answers as it is told and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.answer = 200, b"{}"
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked.append((self.path, dict(self.headers), body))
                self.send_response(service.status)
                self.end_headers()
                self.wfile.write(service.answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.server.serve_forever, daemon=True)
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()
    thread.join()


def test_without_settings_a_public_stun_server_is_asked_away_from_localhost_only() -> None:
    assert ice.ice_servers("http://localhost:8501/").servers == ()
    assert ice.ice_servers(AWAY) == ice.PUBLIC_STUN


def test_none_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_TURN", "none")
    assert ice.ice_servers(AWAY).servers == ()


def test_fixed_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [{"urls": "turn:a.example", "username": "u", "credential": "c"}]
    monkeypatch.setenv("MASKDET_ICE_SERVERS", json.dumps(given))
    assert ice.ice_servers(AWAY).servers == tuple(given)


@pytest.mark.parametrize("said", ["{", "3", '"turn:a"', '[{"url": "turn:a"}]', "[3]"])
def test_fixed_servers_that_are_none(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_ICE_SERVERS", said)
    with pytest.raises(ValueError, match="MASKDET_ICE_SERVERS"):
        ice.ice_servers(AWAY)


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
def test_settings_that_cannot_be_used(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message):
        ice.rtc_configuration(AWAY, in_use=False)


def test_shared_secret_gives_a_password_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = turn.SharedSecret(["turn:t.example"], "s3cret", life_s=60, clock=lambda: 1000.4)
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


def test_cloudflare(service: Service) -> None:
    servers = [{"urls": ["stun:x"]}, {"urls": ["turn:x"], "username": "u", "credential": "c"}]
    service.answer = json.dumps({"iceServers": servers}).encode()
    url = service.url + "/v1/turn/keys/{key_id}/credentials"
    given = turn.Cloudflare("key", "token", life_s=99, url=url).servers()
    assert given.servers == tuple(servers)
    ((path, headers, body),) = service.asked
    assert path == "/v1/turn/keys/key/credentials"
    assert headers["Authorization"] == "Bearer token"
    assert json.loads(body) == {"ttl": 99}


def test_twilio(service: Service) -> None:
    servers = [{"url": "turn:x", "urls": "turn:x", "username": "u", "credential": "c"}]
    service.answer = json.dumps({"ice_servers": servers, "ttl": "99"}).encode()
    given = turn.Twilio("AC1", "token", life_s=99, url=service.url + "/{account}.json").servers()
    # nothing but what browsers take
    assert given.servers == ({"urls": "turn:x", "username": "u", "credential": "c"},)
    ((path, headers, body),) = service.asked
    assert path == "/AC1.json"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"AC1:token"
    assert body == b"Ttl=99"


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (401, b"{}", "HTTP 401"),
        (500, b"", "HTTP 500"),
        (200, b"<html>", "could not be asked"),
        (200, b"[]", "expected an object"),
        (200, b"{}", "expected a list"),
        (200, b'{"iceServers": [{}]}', "each have urls"),
    ],
)
def test_a_provider_that_gives_none(
    status: int, answer: bytes, reason: str, service: Service
) -> None:
    service.status, service.answer = status, answer
    with pytest.raises(turn.TurnError, match=reason) as caught:
        turn.Cloudflare("key", "a secret", url=service.url).servers()
    assert "a secret" not in str(caught.value)


def test_a_provider_that_is_not_there() -> None:
    with pytest.raises(turn.TurnError, match="could not be asked"):
        turn.Cloudflare("key", "token", url="http://127.0.0.1:1/").servers()


def test_credentials_are_kept_for_a_visit_and_renewed_before_they_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lives = iter([10_000.0, 500.0, 10_000.0])
    monkeypatch.setattr(
        ice,
        "ice_servers",
        lambda url: turn.IceServers(({"urls": "turn:x", "n": (n := next(lives))},), 1e9 + n),
    )
    monkeypatch.setattr(time, "time", lambda: 1e9)

    def asked(*, in_use: bool = False) -> float:
        servers = ice.rtc_configuration(AWAY, in_use=in_use)["iceServers"]
        return float(servers[0]["n"])

    assert asked() == asked() == 10_000
    # another visitor gets others
    st.session_state.clear()
    assert asked() == 500
    assert asked(in_use=True) == 500, "a running stream keeps what it was started with"
    assert asked() == 10_000, "a new one gets credentials that last"


def test_a_stream_that_began_without_the_provider_goes_on_without_asking_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str | None] = []

    def refuse(url: str | None) -> turn.IceServers:
        asked.append(url)
        raise turn.TurnError("no")

    monkeypatch.setattr(ice, "ice_servers", refuse)
    for _ in range(2):
        with pytest.raises(turn.TurnError):
            ice.rtc_configuration(AWAY, in_use=False)
    assert ice.rtc_configuration(AWAY, in_use=True) == ice.without_relay(AWAY)
    assert len(asked) == 2
