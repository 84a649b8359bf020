"""Photo check: hand in photos, see a verdict for each face, take it all home."""

import streamlit as st

from maskdet_app.photo import options as desk_options
from maskdet_app.photo import upload as intake
from maskdet_app.photo import view as desk_room
from maskdet_app.ui import entry, model
from maskdet_app.ui.i18n import t

entry.require()
st.title(t("photo.title"))
st.markdown(t("photo.intro"))
detector = model.load_detector("photo")
if detector is not None:
    desk = desk_room.desk()
    hand_in, adjust = st.columns([1.8, 1], gap="medium")
    with hand_in:
        intake.show(desk)
    with adjust:
        options = desk_options.ask(detector)
    desk_room.show(desk, detector, options)
