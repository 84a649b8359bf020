"""ASGI middleware that counts the bytes of uploads as they arrive and refuses them at a quota."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from maskdet_app.ops.limits.address_group import address_group
from maskdet_app.ops.limits.upload_memory import max_upload_bytes
from maskdet_app.ops.limits.upload_quota import Bound, FileKey, QuotaReachedError, UploadQuota
from maskdet_app.ops.observability import prometheus
from maskdet_app.server.middleware.base_path import app_path
from maskdet_app.server.middleware.client_address import client_address
from maskdet_app.ui.texts.i18n import t

_LOG: Final = logging.getLogger(__name__)
UPLOAD_PREFIX: Final = "/_stcore/upload_file/"
_ACCEPTED: Final = 204
_RETRY_AFTER_S: Final = 60
_RERUN_DELAY_S: Final = 1.0
"""Refusals of one batch within this time lead to one rerun of the page."""


class _Body:
    """Receives a request's body and knows whether its end has come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_complete = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._is_complete = not message.get("more_body", False)
        return message

    async def discard(self, most: int) -> None:
        """Receive the rest without keeping it, up to this number of bytes."""
        while most > 0 and not self._is_complete:
            most -= len((await self()).get("body", b""))


class UploadGuard:
    """Answers 413 when a visit or an address holds too much, and 503 when the server does."""

    def __init__(self, app: ASGIApp, quota: UploadQuota) -> None:
        """Wrap an ASGI app."""
        self._app = app
        self._quota = quota
        self._reruns: dict[str, asyncio.TimerHandle] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; count the body of an upload."""
        path = app_path(scope)
        if (
            scope["type"] != "http"
            or scope["method"] not in ("PUT", "POST")
            or not path.startswith(UPLOAD_PREFIX)
        ):
            await self._app(scope, receive, send)
            return
        session_id, _, file_id = path.removeprefix(UPLOAD_PREFIX).partition("/")
        body = _Body(receive)
        try:
            await self._count(scope, body, send, session_id, file_id)
        except QuotaReachedError as error:
            # outside of the app's frames, so that the part of the file that came is freed
            bound = error.bound
        else:
            return
        self._note(session_id, bound)
        # A browser reads the answer only after it has sent the whole file.
        await body.discard(max_upload_bytes())
        words = t(f"photo.quota_{bound}", mb=self._quota.limits.of(bound) // 1_000_000)
        if bound == "server":
            response = PlainTextResponse(words, 503, {"Retry-After": str(_RETRY_AFTER_S)})
        else:
            response = PlainTextResponse(words, 413)
        await response(scope, receive, send)

    async def _count(
        self, scope: Scope, receive: Receive, send: Send, session_id: str, file_id: str
    ) -> None:
        length = Headers(scope=scope).get("content-length", "")
        expected = int(length) if length.isascii() and length.isdecimal() else 0
        if expected > max_upload_bytes():
            # Streamlit refuses it by the header
            expected = 0
        upload = self._quota.begin(
            session_id, file_id, address_group(client_address(scope)), expected
        )
        status = 0

        async def counted_receive() -> Message:
            message = await receive()
            self._quota.add(upload, len(message.get("body", b"")))
            return message

        async def noted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, counted_receive, noted_send)
        finally:
            self._quota.end(upload, accepted=status == _ACCEPTED)

    def _note(self, session_id: str, bound: Bound) -> None:
        prometheus.REFUSED.labels("upload").inc()
        if not runtime.exists() or not runtime.get_instance().is_active_session(session_id):
            return
        self._quota.note_refusal(session_id, bound)
        if session_id not in self._reruns:
            _LOG.info("uploads are refused by the quota of the %s", bound)
            self._reruns[session_id] = asyncio.get_running_loop().call_later(
                _RERUN_DELAY_S, self._rerun, session_id
            )

    def _rerun(self, session_id: str) -> None:
        """Run the visitor's page again, which then says what was refused."""
        del self._reruns[session_id]
        request_rerun(session_id)


def request_rerun(session_id: str) -> None:
    """Ask Streamlit to run a connected visitor's page again, in the event loop's thread."""
    info = runtime.get_instance()._session_mgr.get_active_session_info(session_id)
    if info is not None:
        info.session.request_rerun(info.session._client_state)


def stored_files() -> Mapping[FileKey, int]:
    """Size of each uploaded file that Streamlit holds, by session and file id."""
    if not runtime.exists():
        return {}
    manager = runtime.get_instance().uploaded_file_mgr
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    with manager._lock:
        return {
            (session_id, file_id): len(record.data)
            for session_id, records in manager.file_storage.items()
            for file_id, record in records.items()
        }
