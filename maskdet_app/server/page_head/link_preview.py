"""Streamlit's HTML page with the app's scripts and style, and a preview for who shows a link."""

from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path
from typing import Final

from starlette.datastructures import URL, Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maskdet_app.server.middleware.base_path import app_path, base_path
from maskdet_app.server.page_head import first_load, scripts, streamlit_texts
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t

_PREVIEW_FILE: Final = Path(__file__).with_name("preview.png")
_ICON_FILE: Final = Path(theme.ICON)
PREVIEW_PATH: Final = "/preview.png"
ICON_PATH: Final = "/icon.png"
_STREAMLIT_TITLE: Final = b"<title>Streamlit</title>"
_STREAMLIT_FAVICON: Final = b'href="./favicon.png"'


def routes() -> list[Route]:
    """Routes of the preview picture and the icon, which need no session."""
    return [
        Route(base_path() + path, _file_endpoint(file), methods=["GET", "HEAD"])
        for path, file in ((PREVIEW_PATH, _PREVIEW_FILE), (ICON_PATH, _ICON_FILE))
    ]


class LinkPreview:
    """ASGI middleware that writes title, icon, preview, scripts and style into Streamlit's page.

    Programs that show a link read the first three without running the page's JavaScript.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an ASGI app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite HTML pages and pass everything else through."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _may_be_page(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def rewrite(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                content_type = Headers(raw=message["headers"]).get("content-type", "")
                if not content_type.startswith("text/html"):
                    await send(message)
                    return
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                # other pages of the app, such as the API's description, go without script
                if _STREAMLIT_TITLE in body:
                    body = _rewritten(body, scope)
                    headers = MutableHeaders(scope=start)
                    headers["content-length"] = str(len(body))
                    # They describe the original file.
                    for name in ("etag", "last-modified"):
                        if name in headers:
                            del headers[name]
                await send(start)
                await send({"type": "http.response.body", "body": body})

        await self._app(_without_encoding(scope), receive, rewrite)


def _rewritten(page: bytes, scope: Scope) -> bytes:
    page = page.replace(_STREAMLIT_TITLE, _head(URL(scope=scope)))
    page = page.replace(_STREAMLIT_FAVICON, b'href="./icon.png"')
    page = streamlit_texts.write_into(page)
    for script in (scripts.TAB_SECRET, scripts.CLOSE_VIEW):
        page = scripts.write_into(page, script)
    return first_load.write_into(page)


def _may_be_page(scope: Scope) -> bool:
    path = app_path(scope)
    last_segment = path.rsplit("/", 1)[-1]
    return "." not in last_segment and not path.startswith("/_stcore")


def _without_encoding(scope: Scope) -> Scope:
    """The same request, asking for a complete and uncompressed response."""
    dropped = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in dropped]}


def _head(url: URL) -> bytes:
    title, description = escape(t("app.name")), escape(t("app.description"))
    image_url = escape(str(url.replace(path=base_path() + PREVIEW_PATH, query="")))
    page_url = escape(str(url.replace(query="")))
    return (
        f"<title>{title}</title>"
        f'<meta name="description" content="{description}">'
        f'<meta property="og:title" content="{title}">'
        f'<meta property="og:description" content="{description}">'
        f'<meta property="og:type" content="website">'
        f'<meta property="og:url" content="{page_url}">'
        f'<meta property="og:image" content="{image_url}">'
        f'<meta name="twitter:card" content="summary_large_image">'
    ).encode()


def _file_endpoint(file: Path) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        return FileResponse(file, headers={"Cache-Control": "public, max-age=86400"})

    return endpoint
