"""Make sure that a page is reached by way of the entry script."""

import runpy
from typing import Final

import streamlit as st

from maskdet_app.ops.paths import site_folder

_CAME_IN: Final = "came_in"


def mark() -> None:
    """Note that the entry script ran; called by it."""
    st.session_state[_CAME_IN] = True


def require() -> None:
    """Go by way of the entry script if it was passed by; the first line of every page.

    Until `st.navigation` is called for the first time in a server's life, Streamlit runs the files
    in `pages/` directly, without the entry's title, theme and navigation: whoever opens a link
    right after a start would see a bare page.
    """
    if _CAME_IN not in st.session_state:
        runpy.run_path(str(site_folder() / "streamlit_app.py"), run_name="__main__")
        st.stop()
