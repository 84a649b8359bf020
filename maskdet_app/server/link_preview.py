"""The first page that a link gets: title, icon and preview picture for whoever shows the link."""

from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path
from typing import Final

from starlette.datastructures import URL, Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maskdet_app.ui import theme
from maskdet_app.ui.i18n import t

_PREVIEW: Final = Path(__file__).with_name("preview.png")
_ICON: Final = Path(theme.ICON)
PREVIEW_PATH: Final = "/preview.png"
ICON_PATH: Final = "/icon.png"
_TITLE: Final = b"<title>Streamlit</title>"
_FAVICON: Final = b'href="./favicon.png"'


def routes() -> list[Route]:
    """The two pictures, which need no session."""
    return [
        Route(path, _answer(file), methods=["GET", "HEAD"])
        for path, file in ((PREVIEW_PATH, _PREVIEW), (ICON_PATH, _ICON))
    ]


class LinkPreview:
    """Puts title, icon and preview into Streamlit's page, for programs that do not run it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite the page, and nothing else."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _may_be_page(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def rewrite(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if not kind.startswith("text/html"):
                    await send(message)
                    return
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                body = body.replace(_TITLE, _head(URL(scope=scope))).replace(
                    _FAVICON, b'href="./icon.png"'
                )
                headers = MutableHeaders(scope=start)
                headers["content-length"] = str(len(body))
                # they describe the file as it was
                for name in ("etag", "last-modified"):
                    if name in headers:
                        del headers[name]
                await send(start)
                await send({"type": "http.response.body", "body": body})

        await self._app(_plain(scope), receive, rewrite)


def _may_be_page(scope: Scope) -> bool:
    last = scope["path"].rsplit("/", 1)[-1]
    return "." not in last and not scope["path"].startswith("/_stcore")


def _plain(scope: Scope) -> Scope:
    """The same request for a whole answer that is not compressed."""
    unwanted = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in unwanted]}


def _head(url: URL) -> bytes:
    title, text = escape(t("app.name")), escape(t("app.description"))
    picture = escape(str(url.replace(path=PREVIEW_PATH, query="")))
    address = escape(str(url.replace(query="")))
    return (
        f"<title>{title}</title>"
        f'<meta name="description" content="{text}">'
        f'<meta property="og:title" content="{title}">'
        f'<meta property="og:description" content="{text}">'
        f'<meta property="og:type" content="website">'
        f'<meta property="og:url" content="{address}">'
        f'<meta property="og:image" content="{picture}">'
        f'<meta name="twitter:card" content="summary_large_image">'
    ).encode()


def _answer(file: Path) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return FileResponse(file, headers={"Cache-Control": "public, max-age=86400"})

    return answer
