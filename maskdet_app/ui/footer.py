"""What stands at the end of every page that is not shown alone in a frame."""

import streamlit as st

from maskdet_app.ui import i18n as language
from maskdet_app.ui import share
from maskdet_app.ui.i18n import t


def show() -> None:
    """Draw the promise about pictures, the share panel and the choice of language."""
    if st.context.is_embedded:
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(width="stretch"):
            st.caption(t("app.promise"))
        share.button()
        language.picker()
