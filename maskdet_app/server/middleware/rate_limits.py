"""ASGI middleware that refuses requests: too many of one address, or not for visitors."""

import math
from dataclasses import dataclass
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from maskdet_app.ops.limits.address_group import address_group
from maskdet_app.ops.limits.rate_limit import RateLimiter
from maskdet_app.ops.observability import prometheus
from maskdet_app.ops.process import shutdown
from maskdet_app.server.middleware.base_path import app_path
from maskdet_app.server.middleware.client_address import client_address, is_loopback

HEALTH: Final = "/_stcore/health"
_UPLOAD_PREFIX: Final = "/_stcore/upload_file/"
_WEBSOCKET: Final = "/_stcore/stream"
_INTERNAL_PREFIXES: Final = ("/_stcore/metrics", "/_stcore/agent")
"""Streamlit's own endpoints for the operator: refused unless they come from this machine."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Rate limits of one client address: a burst, and a rate per second after that."""

    uploads: tuple[int, float] = (600, 2.0)
    """A batch of photos has up to 500."""
    visits: tuple[int, float] = (40, 0.5)
    """Websocket connections. Each costs a session, but many people can share an address."""


class RateLimits:
    """Limits uploads and visits by client address, and hides internal endpoints from visitors."""

    def __init__(self, app: ASGIApp, limits: Limits | None = None) -> None:
        """Wrap an ASGI app."""
        limits = limits or Limits()
        self._app = app
        self._uploads = RateLimiter(*limits.uploads)
        self._visits = RateLimiter(*limits.visits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 429, 404 or, while draining, 503."""
        scope_type = scope["type"]
        if scope_type not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope_type, app_path(scope), scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope_type == "websocket":
            # Closed before it is accepted: the browser sees a refused connection and retries later.
            await receive()
            await send({"type": "websocket.close", "code": 1013})
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope_type: str, path: str, scope: Scope) -> PlainTextResponse | None:
        client = client_address(scope)
        if path == HEALTH and shutdown.is_draining():
            return PlainTextResponse("leaving", 503)
        if path.startswith(_INTERNAL_PREFIXES) and not is_loopback(client):
            return PlainTextResponse("not found", 404)
        limiter = None
        if scope_type == "websocket" and path == _WEBSOCKET:
            limiter = self._visits
        elif scope.get("method") == "PUT" and path.startswith(_UPLOAD_PREFIX):
            limiter = self._uploads
        wait_s = limiter.wait_s(address_group(client)) if limiter is not None else 0.0
        if not wait_s:
            return None
        prometheus.REFUSED.labels("visit" if limiter is self._visits else "upload").inc()
        return PlainTextResponse(
            "too many requests", 429, {"Retry-After": str(max(1, math.ceil(wait_s)))}
        )
