"""Training metrics: how often the network is right, and how it was trained."""

import streamlit as st

from maskdet_app.metrics import view
from maskdet_app.ui.layout import containers, entry
from maskdet_app.ui.texts.i18n import t

entry.require()
heading, body = containers.reserve(2)
with heading:
    st.title(t("metrics.title"))
    st.markdown(t("metrics.intro"))
with body:
    view.show_page()
