"""About: how it works, what it cannot do, what happens to pictures."""

import streamlit as st

from maskdet_app import about_view, texts, theme

st.title(texts.ABOUT_TITLE)
st.markdown(texts.ABOUT_INTRO)
st.subheader(texts.ABOUT_HOW, anchor=False)
st.html(theme.flow_html(texts.ABOUT_STEPS))
st.subheader(texts.ABOUT_READING, anchor=False)
st.html(theme.tiles_html((v, texts.VERDICT_WORDS[v], how) for v, how in texts.ABOUT_FRAMES))
limits, privacy = st.columns(2, gap="large")
with limits:
    st.subheader(texts.ABOUT_LIMITS, anchor=False)
    st.markdown(texts.ABOUT_LIMITS_TEXT)
with privacy:
    st.subheader(texts.ABOUT_PRIVACY, anchor=False)
    st.markdown(texts.ABOUT_PRIVACY_TEXT)
about_view.show_model()
