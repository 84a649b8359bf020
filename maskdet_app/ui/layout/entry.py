"""Make sure that every page runs under the entry script, ``streamlit_app.py``."""

import runpy
from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ops.installation.paths import site_folder

_ENTERED: Final = "entry_script_ran"
_PAGE: Final = "entry_page"
_N_PAGE_CHANGES: Final = "entry_page_changes"


def mark() -> None:
    """Record that the entry script ran; called by it."""
    st.session_state[_ENTERED] = True


def n_page_changes() -> int:
    """How often this visitor went to another page; while they stay, the number stays."""
    n: int = st.session_state.get(_N_PAGE_CHANGES, 0)
    return n


def require() -> None:
    """Run the entry script instead if it was bypassed, and note the page; every page's first call.

    Before the first call of `st.navigation` in a server process, Streamlit runs the files in
    `pages/` directly, without title, theme and navigation. A visitor who opens a link right after
    the start would see a bare page.
    """
    if _ENTERED not in st.session_state:
        runpy.run_path(str(site_folder() / "streamlit_app.py"), run_name="__main__")
        st.stop()
    context = get_script_run_ctx()
    page = None if context is None else context.page_script_hash
    if st.session_state.setdefault(_PAGE, page) != page:
        st.session_state[_PAGE] = page
        st.session_state[_N_PAGE_CHANGES] = n_page_changes() + 1
