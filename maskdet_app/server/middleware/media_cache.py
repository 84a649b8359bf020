"""Browsers and proxies keep no copies of visitors' pictures."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maskdet_app.server.middleware.base_path import app_path

MEDIA_PREFIX: Final = "/media/"


class NoStoreForMedia:
    """Adds ``Cache-Control: no-store`` to the pictures and downloads of a visit."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an ASGI app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and set the header of the response."""
        if scope["type"] != "http" or not app_path(scope).startswith(MEDIA_PREFIX):
            await self._app(scope, receive, send)
            return

        async def send_no_store(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_no_store)
