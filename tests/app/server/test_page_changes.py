"""A page that a visitor leaves does not come back by what it still says."""

import re
from pathlib import Path
from typing import Any

import pytest
import streamlit
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime import websocket_session_manager
from streamlit.runtime.app_session import AppSession

from maskdet_app.ops.observability import operator_log
from maskdet_app.server import page_changes
from maskdet_app.server.page_changes import PageChange, SessionOfOnePage, page_at

PAGES = {
    "LIVE": {"url_pathname": ""},
    "PHOTO": {"url_pathname": "photo"},
    "METRICS": {"url_pathname": "metrics"},
}
COMMON = ("tab",)
VIDEO = (*COMMON, "video")


class Browser:
    """What a front end asks for, as Streamlit's does."""

    def __init__(self) -> None:
        self.change = PageChange()
        self.shown = "LIVE"

    def go(self, page: str) -> str:
        """A link is pressed: the page's own widgets are left out, the address stays as it is."""
        return self.change.page_to_run(page, self.shown, COMMON, is_back_or_forward=False)

    def say(self, *widgets: str, known: str = "") -> str:
        """A widget has a new value: the page is named that the front end knows of."""
        named = known or self.shown
        return self.change.page_to_run(named, self.shown, widgets, is_back_or_forward=False)

    def go_back(self, page: str) -> str:
        self.shown = page
        return self.change.page_to_run(page, page, COMMON, is_back_or_forward=True)


def test_what_a_page_says_after_the_press_is_for_the_page_that_was_pressed() -> None:
    browser = Browser()
    assert browser.say(*VIDEO) == "LIVE"
    assert browser.go("PHOTO") == "PHOTO"
    assert browser.say(*VIDEO) == "PHOTO"
    assert browser.say(*VIDEO) == "PHOTO"
    assert browser.change.page_to_repeat("LIVE") == "PHOTO"
    # the last press counts
    assert browser.go("METRICS") == "METRICS"
    assert browser.say(*VIDEO) == "METRICS"


def test_visitor_can_come_back() -> None:
    browser = Browser()
    browser.go("PHOTO")
    # the front end knows the new page a little before the address names it
    assert browser.say(*COMMON, "blur", known="PHOTO") == "PHOTO"
    browser.shown = "PHOTO"
    assert browser.say(*COMMON, "blur") == "PHOTO"
    assert browser.go("LIVE") == "LIVE"
    browser.shown = "LIVE"
    assert browser.say(*VIDEO) == "LIVE"
    assert browser.change.page_to_repeat("LIVE") == "LIVE"


def test_visitor_can_come_back_from_a_page_that_said_nothing() -> None:
    browser = Browser()
    browser.go("PHOTO")
    browser.shown = "PHOTO"
    assert browser.go("LIVE") == "LIVE"
    browser.shown = "LIVE"
    assert browser.say(*VIDEO) == "LIVE"


def test_visitor_can_think_better_of_it_before_the_page_appears() -> None:
    browser = Browser()
    browser.go("PHOTO")
    assert browser.go("LIVE") == "LIVE"
    assert browser.say(*VIDEO) == "LIVE"


def test_visitor_can_come_back_by_the_browsers_button() -> None:
    browser = Browser()
    browser.go("PHOTO")
    browser.shown = "PHOTO"
    assert browser.go_back("LIVE") == "LIVE"
    assert browser.say(*VIDEO) == "LIVE"


def test_first_run_of_a_visit_is_no_change() -> None:
    change = PageChange()
    assert change.page_to_run("", "LIVE", (), is_back_or_forward=False) == ""
    assert change.page_to_run("LIVE", "LIVE", VIDEO, is_back_or_forward=False) == "LIVE"
    assert change.page_to_repeat("") == ""


def test_without_an_address_nothing_is_changed() -> None:
    change = PageChange()
    for page, widgets in (("LIVE", VIDEO), ("PHOTO", COMMON), ("LIVE", VIDEO)):
        assert change.page_to_run(page, "", widgets, is_back_or_forward=False) == page


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://example.org/", "LIVE"),
        ("https://example.org/?run=on#top", "LIVE"),
        ("https://example.org/photo?sure=70", "PHOTO"),
        ("https://example.org/mask/metrics", "METRICS"),
        ("https://example.org/mask", "LIVE"),
        ("", ""),
    ],
)
def test_page_at_an_address(url: str, page: str) -> None:
    assert page_at(url, PAGES) == page


def test_before_the_first_run_there_is_no_page() -> None:
    assert page_at("https://example.org/", {"MAIN": {"page_name": ""}}) == ""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ClientState]:
    """What Streamlit's own session is asked for."""
    found: list[ClientState] = []
    monkeypatch.setattr(AppSession, "request_rerun", lambda _, state: found.append(state))
    return found


@pytest.fixture
def session(asked: list[ClientState], monkeypatch: pytest.MonkeyPatch) -> Any:
    made: Any = SessionOfOnePage.__new__(SessionOfOnePage)
    made._page_change, made._client_state = PageChange(), ClientState()
    # asked for when it is let go
    made.shutdown = lambda: None
    monkeypatch.setattr(SessionOfOnePage, "get_pages", lambda _: PAGES)
    return made


def request(page: str, *widgets: str, url: str = "https://example.org/") -> ClientState:
    state = ClientState(page_script_hash=page, query_string="sure=70")
    state.context_info.url = url
    for widget in widgets:
        state.widget_states.widgets.add(id=widget, bool_value=True)
    return state


def test_session_runs_the_page_that_was_pressed_with_all_values(
    session: Any, asked: list[ClientState]
) -> None:
    session.request_rerun(request("PHOTO", *COMMON))
    late = request("LIVE", *VIDEO)
    session.request_rerun(late)
    assert [one.page_script_hash for one in asked] == ["PHOTO", "PHOTO"]
    assert [widget.id for widget in asked[1].widget_states.widgets] == [*VIDEO]
    assert asked[1].query_string == "sure=70"
    assert late.page_script_hash == "LIVE"


def test_a_run_that_the_server_repeats_is_of_the_page_that_was_pressed(
    session: Any, asked: list[ClientState]
) -> None:
    # the run of the new page has not begun
    session._client_state.CopyFrom(request("LIVE"))
    session.request_rerun(request("PHOTO"))
    session.request_rerun(session._client_state)
    session.request_rerun(None)
    assert [one and one.page_script_hash for one in asked] == ["PHOTO", "PHOTO", None]


def test_new_sessions_are_extended_in_the_version_that_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket_session_manager, "AppSession", AppSession)
    said: list[str] = []
    monkeypatch.setattr(operator_log, "log_once", said.append)
    monkeypatch.setattr(streamlit, "__version__", "1.99.0")
    page_changes.apply()
    assert vars(websocket_session_manager)["AppSession"] is AppSession
    assert "1.99.0" in said[0]
    monkeypatch.undo()
    monkeypatch.setattr(websocket_session_manager, "AppSession", AppSession)
    page_changes.apply()
    assert vars(websocket_session_manager)["AppSession"] is SessionOfOnePage


def test_streamlits_front_end_still_names_the_old_page() -> None:
    # then page_changes.py can go; else see what the front end does now
    scripts = Path(streamlit.__file__).parent / "static/static/js"
    (source,) = (
        text
        for path in scripts.glob("index.*.js")
        if "this.onPageChange=" in (text := path.read_text(encoding="utf-8"))
    )
    change = re.search(r"this\.onPageChange=\(.*?\)=>\{(.*?)\},this\.\w+=", source)
    request = re.search(r"this\.sendRerunBackMsg=\(.*?\)=>\{(.*?)\},this\.\w+=", source)
    assert change and request
    assert "sendRerunBackMsg" in change[1] and "currentPageScriptHash" not in change[1]
    assert re.search(r"\{currentPageScriptHash:\w+\}=this\.state", request[1])
    assert "currentPageScriptHash:" not in re.sub(r"\{[^{}]*\}=this\.state", "", request[1])
