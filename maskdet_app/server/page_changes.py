"""A fix of Streamlit: what a page says while its visitor leaves must not bring it back.

A press on a link asks the server for a run of another page. Until that run has begun, the front end
names the old page in all that it sends, such as the first word of the video component or a slider
that has just been moved. The server took the last request for the one that counts, ended the run of
the new page and drew the old one again: the press was lost. The browser's address, which comes
with each request, changes only with the new page, and so tells what the visitor still sees.
`tests/app/server/test_page_changes.py` fails once Streamlit's front end has it fixed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import streamlit as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime import websocket_session_manager
from streamlit.runtime.app_session import AppSession

from maskdet_app.live.library_fixes.library_version import is_made_for

FIXED_VERSION: Final = "1.67"
"""The version whose sessions are extended here; others are left as they are."""


@dataclass(slots=True)
class PageChange:
    """The last change of page that a visitor asked for. Pages are named by Streamlit's hashes."""

    _left: str = ""
    _entered: str = ""
    _kept: frozenset[str] = frozenset()

    def page_to_run(
        self, named: str, shown: str, widgets: Collection[str], *, is_back_or_forward: bool
    ) -> str:
        """The page that a request for a run is for.

        Args:
            named: the page that it names; empty for the first one of a visit.
            shown: the page of the browser's address; empty where it is not known.
            widgets: ids of the widgets whose values come with it. A change of page brings only
                those that stay on all pages.
            is_back_or_forward: it comes from the browser's buttons, which change the address at
                once.
        """
        if is_back_or_forward or not named or not shown:
            self._left = ""
        elif named != shown:
            self._left, self._entered, self._kept = shown, named, frozenset(widgets)
        elif named == self._left and not self._kept.issuperset(widgets):
            return self._entered
        else:
            # what was entered is on the screen, or the visitor has thought better of it
            self._left = ""
        return named

    def page_to_repeat(self, last: str) -> str:
        """The page to run where the server itself repeats the last run."""
        return self._entered if last == self._left and last else last


class SessionOfOnePage(AppSession):
    """A session that runs the page which its visitor has gone to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without a page."""
        super().__init__(*args, **kwargs)
        self._page_change = PageChange()

    def request_rerun(self, client_state: ClientState | None) -> None:
        """Ask for a run of the page that the request is for."""
        if client_state is not None:
            page = self._page_to_run(client_state)
            if page != client_state.page_script_hash:
                client_state = _of_page(client_state, page)
        super().request_rerun(client_state)

    def _page_to_run(self, client_state: ClientState) -> str:
        named = client_state.page_script_hash
        if client_state is self._client_state:
            return self._page_change.page_to_repeat(named)
        return self._page_change.page_to_run(
            named,
            page_at(client_state.context_info.url, self.get_pages()),
            [widget.id for widget in client_state.widget_states.widgets],
            is_back_or_forward=client_state.is_history_navigation,
        )


def apply() -> None:
    """Use the extended session for all further visitors, if this is the version that needs it."""
    change = "the fix of links that are pressed in vain"
    if is_made_for("streamlit", st.__version__, FIXED_VERSION, change):
        vars(websocket_session_manager)["AppSession"] = SessionOfOnePage


def page_at(url: str, pages: Mapping[str, Mapping[str, Any]]) -> str:
    """The page that a browser shows at an address; empty if none.

    Args:
        url: the address; empty if the browser has not told it.
        pages: by hash, with the last part of each one's path; empty for the first page.
    """
    if not url:
        return ""
    by_path = {page.get("url_pathname"): found for found, page in pages.items()}
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    # as the front end does, which takes what it does not know for the first page
    return by_path.get(last) or by_path.get("", "")


def _of_page(client_state: ClientState, page: str) -> ClientState:
    changed = ClientState()
    changed.CopyFrom(client_state)
    changed.page_script_hash = page
    return changed
