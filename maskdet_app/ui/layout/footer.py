"""The footer of every page, left out where a page is embedded in a frame."""

import streamlit as st

from maskdet_app.ui.layout import share
from maskdet_app.ui.texts import i18n
from maskdet_app.ui.texts.i18n import t


def show() -> None:
    """Draw the privacy note, the share panel and the language picker."""
    if st.context.is_embedded:
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(width="stretch"):
            st.caption(t("app.promise"))
        share.button()
        i18n.language_picker()
