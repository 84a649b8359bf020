"""Photo check: upload photos, see a verdict for each face, download the results."""

import streamlit as st

from maskdet_app.photo import options, upload, view
from maskdet_app.ui import containers, entry
from maskdet_app.ui.detector import load_detector
from maskdet_app.ui.i18n import t

entry.require()
heading, loading, choices, photos = containers.reserve(4)
with heading:
    st.title(t("photo.title"))
    st.markdown(t("photo.intro"))
with loading:
    detector = load_detector("photo")
if detector is not None:
    batch = view.photo_batch()
    left, right = choices.columns([1.8, 1], gap="medium")
    with left:
        upload.show(batch)
    with right:
        chosen = options.show(detector)
    with photos:
        view.show(batch, detector, chosen)
