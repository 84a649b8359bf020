"""A fix of streamlit-webrtc: streams of visitors who vanish while they connect must end.

The library's observer waits in a thread for the end of a session and holds the session while it
waits. Streamlit ends a forgotten session when nothing refers to it any more, so neither ended: a
visitor who left before the video was connected cost a thread, a peer connection and a session for
good. `tests/app/live/library_fixes/test_webrtc_fixes.py` fails once the library has it fixed.
"""

import logging
import weakref
from typing import Any, Final

import streamlit_webrtc
from streamlit_webrtc import factory, webrtc
from streamlit_webrtc import shutdown as library
from streamlit_webrtc._compat import AppSessionState

from maskdet_app.live.library_fixes.library_version import is_made_for

_LOG: Final = logging.getLogger(__name__)
FIXED_VERSION: Final = "0.79"
"""The version whose methods are replaced here; others are left as they are."""
_POLL_S: Final = 1.0


class ReleasingObserver(library.SessionShutdownObserver):
    """An observer that holds no reference to the session between two looks at it.

    To stop it does not wait for its thread: the library stops observers in the event loop's thread,
    while the observer's own thread may wait for that loop, and all visitors would wait with them.
    """

    def stop(self, timeout: float = 1.0) -> None:
        """Let the thread end at once, or after the callback that it runs."""
        self._polling_thread_stop_event.set()

    def _polling_thread_impl(
        self, app_session_ref: "weakref.ReferenceType[Any]", initial_page_script_hash: str
    ) -> None:
        while not _is_over(app_session_ref, initial_page_script_hash):
            if self._polling_thread_stop_event.wait(_POLL_S):
                return
        self._polling_thread_stop_event.set()
        try:
            self._callback()
        except Exception as error:
            _LOG.error("a stream could not be ended: %s", type(error).__name__)


def apply() -> None:
    """Use the fixed observer for all further streams, if this is the version that needs it."""
    change = "the fix of streams that never end"
    if not is_made_for("streamlit-webrtc", streamlit_webrtc.__version__, FIXED_VERSION, change):
        return
    for module in (factory, webrtc):
        module.SessionShutdownObserver = ReleasingObserver  # type: ignore[attr-defined]


def _is_over(app_session_ref: "weakref.ReferenceType[Any]", initial_page_script_hash: str) -> bool:
    # The local reference ends with this function, before the thread waits.
    session = app_session_ref()
    if session is None or session._state == AppSessionState.SHUTDOWN_REQUESTED:
        return True
    page = library._get_current_page_script_hash(session)
    return bool(initial_page_script_hash and page and page != initial_page_script_hash)
