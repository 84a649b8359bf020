"""What stands at the end of every page."""

import streamlit as st

from maskdet_app import language
from maskdet_app.language import say


def show() -> None:
    """Draw the promise about pictures, and the choice of language."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(width="stretch"):
            st.caption(say("app.promise"))
        language.picker()
