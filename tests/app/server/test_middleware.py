"""What stands before Streamlit: headers, limits, the front page."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from maskdet_app.ops import shutdown as farewell
from maskdet_app.server import link_preview as front
from maskdet_app.server import middleware as guards
from maskdet_app.server.middleware import Limits, RateLimits, SecurityHeaders
from maskdet_app.ui.i18n import t

PAGE = (
    b'<html><head><link rel="shortcut icon" href="./favicon.png" />'
    b"<title>Streamlit</title></head></html>"
)


def answering(
    body: bytes = b"ok", kind: str = "text/plain", status: int = 200, **headers: str
) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        raw = {"content-type": kind, "content-length": str(len(body)), "etag": "x"} | headers
        pairs = [(name.encode(), value.encode()) for name, value in raw.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": body[5:]})

    return app


class Answer:
    def __init__(self, messages: list[Any]) -> None:
        self.messages = messages
        self.kind = messages[0]["type"]
        if self.kind == "http.response.start":
            self.status = messages[0]["status"]
            self.headers = {k.decode().lower(): v.decode() for k, v in messages[0]["headers"]}
            self.body = b"".join(m.get("body", b"") for m in messages[1:])


def ask(
    app: ASGIApp,
    path: str = "/",
    *,
    method: str = "GET",
    client: str | None = "203.0.113.5",
    kind: str = "http",
) -> Answer:
    messages: list[Any] = []

    came: list[None] = []

    async def receive() -> Any:
        if came:
            await asyncio.Event().wait()
        came.append(None)
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Any) -> None:
        messages.append(message)

    scope: dict[str, Any] = {
        "type": kind,
        "path": path,
        "query_string": b"lang=es",
        "scheme": "https",
        "server": ("maskdet.example", 443),
        "headers": [(b"host", b"maskdet.example"), (b"accept-encoding", b"gzip")],
    }
    if kind == "http":
        scope["method"] = method
    if client is not None:
        scope["client"] = (client, 1234)
    call: Callable[..., Awaitable[None]] = app
    asyncio.run(_awaited(call(scope, receive, send)))
    return Answer(messages)


async def _awaited(what: Awaitable[None]) -> None:
    await what


def test_headers() -> None:
    answer = ask(SecurityHeaders(answering(), "'self' https://a.example"))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert policy.endswith("frame-ancestors 'self' https://a.example")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "camera=(self)" in answer.headers["permissions-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"


def test_a_header_of_the_apps_own_stays() -> None:
    app = SecurityHeaders(answering(**{"referrer-policy": "no-referrer"}), "'self'")
    assert ask(app).headers["referrer-policy"] == "no-referrer"


def test_websockets_pass() -> None:
    app = SecurityHeaders(RateLimits(answering()), "'self'")
    assert ask(app, "/_stcore/stream", kind="websocket").kind == "websocket.accept"


def test_uploads_are_limited_by_address() -> None:
    app = RateLimits(answering(), Limits(uploads=(2, 0.01)))
    path = "/_stcore/upload_file/session/file"
    assert [ask(app, path, method="PUT").status for _ in range(3)] == [200, 200, 429]
    refused = ask(app, path, method="PUT")
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    # IPv4 written as IPv6 is the same visitor, another address another one
    assert ask(app, path, method="PUT", client="::ffff:203.0.113.5").status == 429
    assert ask(app, path, method="PUT", client="203.0.113.6").status == 200
    assert ask(app, "/photo").status == 200


def test_visits_are_limited_by_address() -> None:
    app = RateLimits(answering(), Limits(visits=(1, 0.01)))
    kinds = [ask(app, "/_stcore/stream", kind="websocket").kind for _ in range(2)]
    assert kinds == ["websocket.accept", "websocket.close"]


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("203.0.113.5", 404),
        (None, 404),
        ("127.0.0.1", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
    ],
)
def test_streamlits_own_numbers_are_for_this_machine(client: str | None, status: int) -> None:
    assert ask(RateLimits(answering()), "/_stcore/metrics", client=client).status == status


def test_a_server_that_leaves_says_so_to_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    app = RateLimits(answering())
    assert ask(app, guards.HEALTH).status == 200
    monkeypatch.setattr(farewell, "is_draining", lambda: True)
    assert ask(app, guards.HEALTH).status == 503
    assert ask(app, "/").status == 200


def test_the_front_page_has_title_icon_and_preview() -> None:
    answer = ask(front.LinkPreview(answering(PAGE, "text/html; charset=utf-8")), "/photo")
    text = answer.body.decode()
    assert f"<title>{t('app.name')}</title>" in text
    assert 'property="og:image" content="https://maskdet.example/preview.png"' in text
    assert 'property="og:url" content="https://maskdet.example/photo"' in text
    assert 'href="./icon.png"' in text
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("path", "method"), [("/static/a.js", "GET"), ("/", "POST"), ("/_stcore/health", "GET")]
)
def test_nothing_else_is_rewritten(path: str, method: str) -> None:
    answer = ask(front.LinkPreview(answering(PAGE, "text/html")), path, method=method)
    assert answer.body == PAGE
    assert answer.headers["etag"] == "x"


def test_what_is_no_page_passes() -> None:
    answer = ask(front.LinkPreview(answering(b"[1, 2, 3]", "application/json")), "/x")
    assert answer.body == b"[1, 2, 3]"


def test_the_pictures_are_there() -> None:
    for route in front.routes():
        answer = ask(route.handle, route.path)
        assert answer.status == 200
        assert answer.body.startswith(b"\x89PNG")
