"""A minimal ASGI app and client for tests of middleware."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


def respond_with(
    body: bytes = b"ok", content_type: str = "text/plain", status: int = 200, **headers: str
) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        raw = {
            "content-type": content_type,
            "content-length": str(len(body)),
            "etag": "x",
        } | headers
        pairs = [(name.encode(), value.encode()) for name, value in raw.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": body[5:]})

    return app


class Response:
    def __init__(self, messages: list[Any]) -> None:
        self.messages = messages
        self.first_type = messages[0]["type"]
        if self.first_type == "http.response.start":
            self.status = messages[0]["status"]
            self.headers = {k.decode().lower(): v.decode() for k, v in messages[0]["headers"]}
            self.body = b"".join(m.get("body", b"") for m in messages[1:])


def request(
    app: ASGIApp,
    path: str = "/",
    *,
    method: str = "GET",
    client: str | None = "203.0.113.5",
    scope_type: str = "http",
    headers: Mapping[str, str] | None = None,
    body: Sequence[bytes] = (),
    host: str = "maskdet.example",
    query: str = "lang=es",
) -> Response:
    messages: list[Any] = []
    received: list[None] = []
    chunks = list(body)

    async def receive() -> Any:
        if chunks:
            chunk = chunks.pop(0)
            received.append(None)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}
        if received:
            await asyncio.Event().wait()
        received.append(None)
        return {"type": "websocket.connect" if scope_type == "websocket" else "http.request"}

    async def send(message: Any) -> None:
        messages.append(message)

    scope: dict[str, Any] = {
        "type": scope_type,
        "path": path,
        "query_string": query.encode(),
        "scheme": "https",
        "server": ("maskdet.example", 443),
        "headers": [(b"host", host.encode()), (b"accept-encoding", b"gzip")]
        + [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    if scope_type == "http":
        scope["method"] = method
    if client is not None:
        scope["client"] = (client, 1234)
    call: Callable[..., Awaitable[None]] = app
    asyncio.run(_await(call(scope, receive, send)))
    return Response(messages)


async def _await(call: Awaitable[None]) -> None:
    await call
