import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from maskdet_app.server import session_reaper
from maskdet_app.server.session_reaper import CloseCodes, Delays, DisconnectedSessions
from maskdet_app.ui.browser.tabs import Tabs

DELAYS = Delays(closed_s=20.0, lost_s=45.0)


class Runtime:
    """Stands for Streamlit's runtime."""

    def __init__(self, storage: DisconnectedSessions) -> None:
        self.storage = storage
        self.closed: list[str] = []
        self.without_media: list[str] = []
        self.media_file_mgr = SimpleNamespace(clear_session_refs=self.without_media.append)

    def close_session(self, session_id: str) -> None:
        self.storage.delete(session_id)
        self.closed.append(session_id)


class Server:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.storage = DisconnectedSessions(DELAYS, clock=lambda: self.now_s)
        self.runtime: Any = Runtime(self.storage)
        self.shut_down: list[str] = []

    def leave(self, session_id: str, code: int | None) -> None:
        """A visitor leaves; Streamlit saves the session when the websocket has ended."""

        async def endpoint(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            session = SimpleNamespace(
                id=session_id, shutdown=lambda: self.shut_down.append(session_id)
            )
            self.storage.save(SimpleNamespace(session=session))  # type: ignore[arg-type]

        async def receive() -> Any:
            return {"type": "websocket.disconnect", "code": code}

        app = CloseCodes(endpoint)
        asyncio.run(app({"type": "websocket"}, receive, receive))  # type: ignore[arg-type]

    def sweep(self, at_s: float) -> None:
        async def sweep() -> None:
            self.storage.sweep(self.runtime)

        self.now_s = at_s
        asyncio.run(sweep())


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.mark.parametrize("code", [1000, 1001])
def test_session_of_a_closed_tab_ends_within_30_seconds(server: Server, code: int) -> None:
    server.leave("s", code)
    server.sweep(19.0)
    assert server.runtime.closed == []
    server.sweep(20.0)
    assert server.runtime.closed == ["s"]
    assert Delays().closed_s + 2 * Delays().sweep_s < 30
    assert Delays().lost_s + 2 * Delays().sweep_s < 60


@pytest.mark.parametrize("code", [1005, 1006, None])
def test_lost_connection_keeps_its_session_but_no_pictures(
    server: Server, code: int | None
) -> None:
    server.leave("s", code)
    for at_s in (19.0, 20.0, 30.0):
        server.sweep(at_s)
    assert server.runtime.closed == []
    assert server.runtime.without_media == ["s"]
    server.sweep(45.0)
    assert server.runtime.closed == ["s"]


@pytest.mark.parametrize("code", [1001, 1006])
def test_pictures_without_a_session_are_deleted_with_the_downloads(
    server: Server, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_reaper.malloc, "trim_soon", lambda: None)
    removals: list[float] = []
    server.runtime.media_file_mgr.remove_orphaned_files = lambda: removals.append(server.now_s)
    server.storage.delays = Delays(closed_s=20.0, lost_s=45.0, sweep_s=0.01)
    server.leave("s", code)
    server.now_s = 20.0

    async def run_for_a_moment() -> None:
        sweeps = asyncio.create_task(session_reaper.run(server.runtime, server.storage))
        await asyncio.sleep(0.2)
        sweeps.cancel()

    asyncio.run(run_for_a_moment())
    # Streamlit deletes pictures at the first call and downloads at the second.
    assert removals == [20.0, 20.0]


@pytest.mark.parametrize(("returns_s", "n_reruns"), [(10.0, 0), (30.0, 1)])
def test_page_of_a_returning_visitor_runs_again_if_its_pictures_are_gone(
    server: Server, returns_s: float, n_reruns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reruns: list[str] = []
    monkeypatch.setattr(session_reaper, "request_rerun", reruns.append)
    monkeypatch.setattr(session_reaper, "_RERUN_DELAY_S", 0.0)
    server.leave("s", 1006)
    server.sweep(returns_s)

    async def come_back() -> None:
        assert server.storage.get("s") is not None
        server.storage.delete("s")
        await asyncio.sleep(0.02)

    asyncio.run(come_back())
    assert reruns == ["s"] * n_reruns
    server.sweep(100.0)
    assert server.runtime.closed == []


def test_session_ends_at_once_when_a_later_one_has_what_it_kept(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tabs = Tabs()
    monkeypatch.setattr(session_reaper, "TABS", tabs)
    kept = tabs.enter("s", ("a" * 32,))
    server.leave("s", 1001)
    server.sweep(1.0)
    assert server.runtime.closed == []
    assert tabs.enter("later", ("b" * 32, "a" * 32))[0] is kept[0]
    server.sweep(2.0)
    assert server.runtime.closed == ["s"]


def test_oldest_of_too_many_sessions_are_shut_down(server: Server) -> None:
    for number in range(session_reaper.MAX_SESSIONS + 2):
        server.leave(str(number), 1006)
    assert server.shut_down == ["0", "1"]
    assert len(server.storage.list()) == session_reaper.MAX_SESSIONS


def test_another_streamlit_prevents_the_start() -> None:
    runtime: Any = SimpleNamespace(_session_mgr=object())
    with pytest.raises(RuntimeError, match="keeps disconnected sessions elsewhere"):
        session_reaper.install(runtime, DisconnectedSessions())
