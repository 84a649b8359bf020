"""Photo check: hand in photos, see a verdict for each face, take it all home."""

import streamlit as st

from maskdet_app import desk_options, desk_room, entry, intake, model
from maskdet_app.language import say

entry.require()
st.title(say("photo.title"))
st.markdown(say("photo.intro"))
detector = model.load_detector("photo")
if detector is not None:
    desk = desk_room.desk()
    hand_in, adjust = st.columns([1.8, 1], gap="medium")
    with hand_in:
        intake.show(desk)
    with adjust:
        options = desk_options.ask(detector)
    desk_room.show(desk, detector, options)
