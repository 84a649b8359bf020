"""ASGI middleware before Streamlit: headers for browsers, limits for visitors."""

import math
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maskdet_app.ops import metrics as monitoring
from maskdet_app.ops import shutdown as farewell
from maskdet_app.ops.rate_limit import RateLimiter

HEALTH: Final = "/_stcore/health"
_UPLOAD: Final = "/_stcore/upload_file/"
_STREAM: Final = "/_stcore/stream"
_INTERNAL: Final = ("/_stcore/metrics", "/_stcore/agent")
"""Of Streamlit's own, for whoever runs the server, not for visitors."""

POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        # Vega compiles a chart's expressions, Streamlit's page has scripts of its own in it
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
"""Content-Security-Policy: nothing is fetched from anywhere else."""


class SecurityHeaders:
    """Tells browsers what pages of this server may do."""

    def __init__(self, app: ASGIApp, frame_ancestors: str) -> None:
        """Wrap an app.

        Args:
            app: what answers.
            frame_ancestors: who may show the pages in a frame, as the policy has it.
        """
        self._app = app
        self._headers = {
            "Content-Security-Policy": f"{POLICY}; frame-ancestors {frame_ancestors}",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": (
                "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"
            ),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one address may do: a burst at once, and a rate a second after that."""

    uploads: tuple[int, float] = (600, 2.0)
    """A pile of photos has up to 500."""
    visits: tuple[int, float] = (40, 0.5)
    """Many people can share an address; a visit costs the server a session."""


class RateLimits:
    """Refuses what comes too often from one address, and strangers what is not for them."""

    def __init__(self, app: ASGIApp, limits: Limits | None = None) -> None:
        """Wrap an app."""
        limits = limits or Limits()
        self._app = app
        self._uploads = RateLimiter(*limits.uploads)
        self._visits = RateLimiter(*limits.visits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse with 429, 404 or, once leaving, 503."""
        kind, path = scope["type"], scope.get("path", "")
        if kind not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refusal(kind, path, scope)
        if refused is None:
            await self._app(scope, receive, send)
        elif kind == "websocket":
            # closed before it was accepted: the browser sees a refused connection and tries later
            await receive()
            await send({"type": "websocket.close", "code": 1013})
        else:
            await refused(scope, receive, send)

    def _refusal(self, kind: str, path: str, scope: Scope) -> PlainTextResponse | None:
        client = client_address(scope)
        if path == HEALTH and farewell.is_draining():
            return PlainTextResponse("leaving", 503)
        if path.startswith(_INTERNAL) and not _is_loopback(client):
            return PlainTextResponse("not found", 404)
        limiter = None
        if kind == "websocket" and path == _STREAM:
            limiter = self._visits
        elif scope.get("method") == "PUT" and path.startswith(_UPLOAD):
            limiter = self._uploads
        wait_s = limiter.wait_s(client) if limiter is not None else 0.0
        if not wait_s:
            return None
        monitoring.REFUSED.labels("visit" if limiter is self._visits else "upload").inc()
        return PlainTextResponse(
            "too many requests", 429, {"Retry-After": str(max(1, math.ceil(wait_s)))}
        )


def client_address(scope: Scope) -> str:
    """The visitor's address; behind a proxy on this machine, as the proxy gives it.

    Uvicorn puts the proxy's word in place where it trusts the proxy (FORWARDED_ALLOW_IPS).
    """
    client = scope.get("client")
    # a socket for both families writes IPv4 addresses as IPv6
    return str(client[0]).removeprefix("::ffff:") if client else ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
