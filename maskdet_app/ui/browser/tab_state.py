"""The state of the visitor's tab: as `st.session_state`, but it outlives a reload of the page."""

from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ops.limits.upload_quota import QUOTA
from maskdet_app.ui.browser.tabs import TABS, TabState, secrets_in

_STATE: Final = "tab_state"
_HEADER: Final = "Sec-WebSocket-Protocol"


def tab_state() -> TabState:
    """This tab's state.

    It lives as long as the session. Where the page was loaded again, what the session before it
    kept is here. Without ``server.py``, whose page tells which tab it is, it begins empty.
    """
    state: TabState | None = st.session_state.get(_STATE)
    if state is None:
        state = st.session_state[_STATE] = _entered()
    return state


def _entered() -> TabState:
    context = get_script_run_ctx()
    session_id = "" if context is None else context.session_id
    state, before = TABS.enter(session_id, secrets_in(st.context.headers.get(_HEADER) or ""))
    if context is not None and before is not None:
        QUOTA.hand_over(before, session_id)
        # else they would stay until that session ends, also when the visitor removes them
        context.uploaded_file_mgr.remove_session_files(before)
    return state
