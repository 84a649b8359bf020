"""Make sure that every page runs under the entry script, ``streamlit_app.py``."""

import runpy
from typing import Final

import streamlit as st

from maskdet_app.ops.paths import site_folder

_ENTERED: Final = "entry_script_ran"


def mark() -> None:
    """Record that the entry script ran; called by it."""
    st.session_state[_ENTERED] = True


def require() -> None:
    """Run the entry script instead if it was bypassed; the first call of every page.

    Before the first call of `st.navigation` in a server process, Streamlit runs the files in
    `pages/` directly, without title, theme and navigation. A visitor who opens a link right after
    the start would see a bare page.
    """
    if _ENTERED not in st.session_state:
        runpy.run_path(str(site_folder() / "streamlit_app.py"), run_name="__main__")
        st.stop()
