"""Ends the sessions of visitors who have left, with their photos and pictures.

Streamlit keeps a session for its visitor's return, and forgets it only when another visitor comes:
on a quiet server the pictures of a closed tab would stay. Here a session ends a few seconds after
its tab was closed, a little later if the connection was lost without a word, so that a visitor
who loads the page again, or whose network failed, finds everything again.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import Runtime
from streamlit.runtime.session_manager import SessionInfo, SessionStorage

from maskdet_app.ops.process import malloc
from maskdet_app.server.middleware.upload_guard import request_rerun
from maskdet_app.ui.browser.tabs import TABS

_LOG: Final = logging.getLogger(__name__)
MAX_SESSIONS: Final = 128
"""Disconnected sessions beyond this end at once, the oldest first: Streamlit's own limit."""
_RERUN_DELAY_S: Final = 0.5
_CLOSED_BY_BROWSER: Final = (1000, 1001)
"""Close codes of a websocket whose tab was closed or left: normal, going away."""
_close_code: ContextVar[int | None] = ContextVar("close_code", default=None)


@dataclass(frozen=True, slots=True)
class Delays:
    """How long sessions stay after their visitor has left.

    Attributes:
        closed_s: after the tab was closed. Also how long pictures stay in any case.
        lost_s: after the connection was lost.
        sweep_s: time between two looks at them.
    """

    closed_s: float = 20.0
    lost_s: float = 45.0
    sweep_s: float = 2.0


class CloseCodes:
    """ASGI middleware that notes with which code a visitor's websocket was closed."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an ASGI app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return

        async def noted_receive() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                # Streamlit saves the session in this same task.
                _close_code.set(message.get("code"))
            return message

        await self._app(scope, noted_receive, send)


@dataclass(slots=True)
class _Left:
    info: SessionInfo
    at_s: float
    is_closed: bool
    has_media: bool = True


class DisconnectedSessions(SessionStorage):
    """Sessions without a connection. For the event loop's thread, as Streamlit's own storage."""

    def __init__(
        self, delays: Delays | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start empty.

        Args:
            delays: how long sessions stay.
            clock: monotonic time in seconds.
        """
        self.delays = delays or Delays()
        self._clock = clock
        self._left: dict[str, _Left] = {}

    def get(self, session_id: str) -> SessionInfo | None:
        """A session; None if it has ended."""
        left = self._left.get(session_id)
        return None if left is None else left.info

    def save(self, session_info: SessionInfo) -> None:
        """Keep a session whose visitor has left."""
        is_closed = _close_code.get() in _CLOSED_BY_BROWSER
        session = session_info.session
        self._left[session.id] = _Left(session_info, self._clock(), is_closed)
        while len(self._left) > MAX_SESSIONS:
            oldest = next(iter(self._left))
            self._left.pop(oldest).info.session.shutdown()

    def delete(self, session_id: str) -> None:
        """Remove a session whose visitor has returned, or which ends.

        Raises:
            KeyError: there is no such session.
        """
        left = self._left.pop(session_id)
        if not left.has_media:
            # Its page names pictures that are gone. An ended session is not found then.
            asyncio.get_running_loop().call_later(_RERUN_DELAY_S, request_rerun, session_id)

    def list(self) -> list[SessionInfo]:
        """All kept sessions, the oldest first."""
        return [left.info for left in self._left.values()]

    def sweep(self, runtime: Runtime) -> int:
        """End the sessions whose time is over, and drop the pictures of others.

        Returns:
            Number of sessions that ended or lost their pictures.
        """
        now_s = self._clock()
        n_freed = 0
        for session_id, left in list(self._left.items()):
            age_s = now_s - left.at_s
            stays_s = self.delays.closed_s if left.is_closed else self.delays.lost_s
            # what a later session has taken over may be removed there, and must not stay here
            if age_s >= stays_s or TABS.is_succeeded(session_id):
                runtime.close_session(session_id)
                n_freed += 1
            elif age_s >= self.delays.closed_s and left.has_media:
                left.has_media = False
                runtime.media_file_mgr.clear_session_refs(session_id)
                n_freed += 1
        return n_freed


def install(runtime: Runtime, storage: DisconnectedSessions) -> None:
    """Make Streamlit keep disconnected sessions in this storage, before the first visitor.

    Raises:
        RuntimeError: this Streamlit keeps them elsewhere.
    """
    manager = runtime._session_mgr
    if not hasattr(manager, "_session_storage"):
        raise RuntimeError("this Streamlit version keeps disconnected sessions elsewhere")
    manager._session_storage = storage


async def run(runtime: Runtime, storage: DisconnectedSessions) -> None:
    """Sweep until cancelled."""
    had_freed = False
    while True:
        await asyncio.sleep(storage.delays.sweep_s)
        try:
            n_freed = storage.sweep(runtime)
            # Streamlit marks downloads the first time and deletes them the second time.
            if n_freed or had_freed:
                runtime.media_file_mgr.remove_orphaned_files()
        except Exception as error:
            _LOG.error("sessions could not be swept: %s", type(error).__name__)
            continue
        had_freed = bool(n_freed)
        if n_freed:
            _LOG.info("memory of %d sessions is freed", n_freed)
            malloc.trim_soon()
