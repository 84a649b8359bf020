"""ASGI middleware that adds security headers to every response."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        # Vega compiles the expressions of a chart, and Streamlit's page has inline scripts.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        # 'self' covers the websocket of the page's own host (Content Security Policy Level 3).
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
"""Content-Security-Policy: browsers fetch nothing from other hosts and connect to none."""


class SecurityHeaders:
    """Adds security headers to every response."""

    def __init__(self, app: ASGIApp, frame_ancestors: str) -> None:
        """Wrap an app.

        Args:
            app: an ASGI app.
            frame_ancestors: sites that may embed the pages, in the syntax of
                Content-Security-Policy.
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
        """Add the headers, except those that the app sets itself."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
