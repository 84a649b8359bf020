"""About: how it works, what it cannot do, and what happens to pictures."""

import streamlit as st

from maskdet_app.about import view
from maskdet_app.ui.elements import legend
from maskdet_app.ui.layout import entry, theme
from maskdet_app.ui.texts.i18n import t, t_list

entry.require()
st.title(t("about.title"))
st.markdown(t("about.intro"))
st.header(t("about.how"), anchor=False)
st.html(theme.steps_html((step["head"], step["body"]) for step in t_list("about.steps")))
st.header(t("legend.title"), anchor=False)
verdicts = view.verdicts()
legend.show(verdicts)
limits, privacy = st.columns(2, gap="large")
with limits:
    st.header(t("about.limits"), anchor=False)
    st.markdown(view.limits(verdicts))
with privacy:
    st.header(t("about.privacy"), anchor=False)
    st.markdown(view.privacy())
view.show_model()
view.show_api()
view.show_build()
