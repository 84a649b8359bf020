"""Observers of streams end with their session, also if nothing closes it."""

import gc
import threading
import time
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit_webrtc
from streamlit_webrtc import shutdown as library
from streamlit_webrtc import webrtc
from streamlit_webrtc._compat import AppSessionState

from maskdet_app.live.library_fixes import webrtc_fixes
from maskdet_app.live.library_fixes.webrtc_fixes import ReleasingObserver
from maskdet_app.ops.observability import operator_log

WAIT_S = 30.0
"""Far more than anything here takes: a slow machine must not fail."""


class Session:
    """Stands for Streamlit's AppSession."""

    def __init__(self) -> None:
        self.id = "s"
        self._state = AppSessionState.APP_NOT_RUNNING
        self._client_state = SimpleNamespace(page_script_hash="live")


@pytest.fixture(autouse=True)
def _short_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc_fixes, "_POLL_S", 0.02)


def observe(
    kind: type[library.SessionShutdownObserver],
    session: Session,
    callback: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[library.SessionShutdownObserver, threading.Thread]:
    with monkeypatch.context() as patch:
        patch.setattr(library, "get_this_session_info", lambda: SimpleNamespace(session=session))
        observer = kind(callback)
    thread = observer._polling_thread
    assert thread is not None
    return observer, thread


def is_forgotten(session: "weakref.ref[Session]", within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while session() is not None and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.02)
    return session() is None


def test_forgotten_session_ends_its_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    session, ended = Session(), threading.Event()
    _, thread = observe(ReleasingObserver, session, ended.set, monkeypatch)
    reference = weakref.ref(session)
    del session
    assert is_forgotten(reference, WAIT_S)
    assert ended.wait(WAIT_S)
    thread.join(WAIT_S)
    assert not thread.is_alive()


@pytest.mark.parametrize("change", ["shutdown", "page"])
def test_ended_session_or_another_page_ends_the_stream(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, ended = Session(), threading.Event()
    observe(ReleasingObserver, session, ended.set, monkeypatch)
    assert not ended.wait(0.1)
    if change == "shutdown":
        session._state = AppSessionState.SHUTDOWN_REQUESTED
    else:
        session._client_state.page_script_hash = "photo"
    assert ended.wait(WAIT_S)


def test_stopped_observer_ends_without_its_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    session, ended = Session(), threading.Event()
    observer, thread = observe(ReleasingObserver, session, ended.set, monkeypatch)
    observer.stop()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert not ended.is_set()


def test_stop_does_not_wait_for_a_callback_that_needs_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, called, released, returned = Session(), *(threading.Event() for _ in range(3))

    def callback() -> None:
        called.set()
        released.wait(5.0)
        returned.set()

    observer, _ = observe(ReleasingObserver, session, callback, monkeypatch)
    session._state = AppSessionState.SHUTDOWN_REQUESTED
    assert called.wait(WAIT_S)
    observer.stop(timeout=WAIT_S)
    assert not returned.is_set()
    released.set()


def test_library_uses_the_fixed_observer() -> None:
    assert streamlit_webrtc.__version__.startswith(webrtc_fixes.FIXED_VERSION), (
        "another streamlit-webrtc: see whether it still needs webrtc_fixes"
    )
    webrtc_fixes.apply()
    used: Any = webrtc
    assert used.SessionShutdownObserver is ReleasingObserver


def test_other_version_is_left_alone_and_the_operator_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(operator_log, "_logged", set())
    monkeypatch.setattr(webrtc, "SessionShutdownObserver", library.SessionShutdownObserver)
    monkeypatch.setattr(streamlit_webrtc, "__version__", "9.0.0")
    for _ in range(2):
        webrtc_fixes.apply()
    used: Any = webrtc
    assert used.SessionShutdownObserver is library.SessionShutdownObserver
    [told] = caplog.messages
    assert "9.0.0" in told and webrtc_fixes.FIXED_VERSION in told


def test_library_still_needs_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    # When this fails, the library has it fixed: remove webrtc_fixes.
    session = Session()
    observer, _ = observe(library.SessionShutdownObserver, session, lambda: None, monkeypatch)
    reference = weakref.ref(session)
    del session
    time.sleep(0.1)
    try:
        assert not is_forgotten(reference, 0.3)
    finally:
        observer.stop()
