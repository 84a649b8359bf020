"""The entry script: page settings, navigation and footer, and the memory of the run."""

import streamlit as st

from maskdet_app.ops.process import garbage_collection
from maskdet_app.ops.settings import camera_settings
from maskdet_app.ui.browser import tab_state
from maskdet_app.ui.layout import containers, entry, footer, theme
from maskdet_app.ui.texts.i18n import t

st.set_page_config(page_title=t("app.name"), page_icon=theme.ICON, layout="wide")
entry.mark()
# On every page: a visitor may load another one again, and return to their photos later.
tab_state.tab_state()
theme.apply()
cameras = st.Page(
    "pages/cameras.py",
    title=t("cameras.title"),
    icon=":material/nest_cam_outdoor:",
    url_path="cameras",
)
# Streamlit discovers pages/ itself only until st.navigation is called: name all pages here.
navigation = st.navigation(
    [
        st.Page(
            "pages/live.py",
            title=t("live.title"),
            icon=":material/videocam:",
            url_path="live",
            default=True,
        ),
        *([cameras] if camera_settings.cameras() else []),
        st.Page(
            "pages/photo.py",
            title=t("photo.title"),
            icon=":material/photo_camera:",
            url_path="photo",
        ),
        st.Page(
            "pages/metrics.py",
            title=t("metrics.title"),
            icon=":material/monitoring:",
            url_path="metrics",
        ),
        st.Page("pages/about.py", title=t("about.title"), icon=":material/info:", url_path="about"),
    ],
    position="hidden" if st.context.is_embedded else "top",
)
page, below = containers.reserve(2)
with page:
    navigation.run()
with below:
    footer.show()
garbage_collection.COLLECTOR.collect_soon()
