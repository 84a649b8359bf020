"""Entry of the app: page settings and navigation, nothing else."""

import streamlit as st

from maskdet_app import texts, theme

st.set_page_config(page_title=texts.APP_NAME, page_icon=":material/masks:", layout="wide")
theme.apply()
# Streamlit finds pages by itself only as long as nothing calls st.navigation: name them all.
st.navigation(
    [
        st.Page(
            "pages/live.py",
            title=texts.LIVE_TITLE,
            icon=":material/videocam:",
            url_path="live",
            default=True,
        ),
        st.Page(
            "pages/photo.py",
            title=texts.PHOTO_TITLE,
            icon=":material/photo_camera:",
            url_path="photo",
        ),
        st.Page(
            "pages/metrics.py",
            title=texts.METRICS_TITLE,
            icon=":material/monitoring:",
            url_path="metrics",
        ),
        st.Page(
            "pages/about.py", title=texts.ABOUT_TITLE, icon=":material/info:", url_path="about"
        ),
    ],
    position="top",
).run()
