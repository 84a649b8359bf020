"""Live camera: the picture with frames, and what it amounts to beside it."""

import streamlit as st

from maskdet_app.live import options as live_options
from maskdet_app.live import resources as live_room
from maskdet_app.live import status as live_view
from maskdet_app.live import stream as live_stream
from maskdet_app.ui import entry, threshold
from maskdet_app.ui.detector import load_detector
from maskdet_app.ui.i18n import drawn_labels, t
from maskdet_app.ui.page_url import is_insecure

entry.require()
alone = bool(st.context.is_embedded)
if alone:
    live_view.clear_the_frame()
else:
    st.title(t("live.title"))
    st.markdown(t("live.intro"))
url = st.context.url
if is_insecure(url):
    st.warning(t("live.plain_http"), icon=":material/lock_open:")
rtc_configuration = live_view.ask_for_servers(url)
try:
    room = live_room.admission()
except ValueError as error:
    st.warning(t("live.bad_limit", reason=error), icon=":material/settings:")
    room = live_room.measured_admission()

detector = load_detector("live")
if detector is not None and not live_stream.is_held():
    processor = live_room.processor(detector, room)
    processor.set_labels(drawn_labels())
    if not room.holds(processor) and not room.has_capacity:
        live_view.show_full(room)
    elif alone:
        processor.set_min_confidence(threshold.min_confidence_from_url(detector))
        live_stream.show(processor, rtc_configuration, live_options.asked_facing(), alone=True)
    else:
        picture, beside = st.columns([1.8, 1], gap="medium")
        with picture:
            stream = st.container()
            with st.expander(t("live.options"), icon=":material/tune:"):
                options = live_options.ask(processor)
                processor.set_min_confidence(threshold.min_confidence_slider(detector))
        with stream:
            state = live_stream.show(processor, rtc_configuration, options.facing)
        with beside:
            live_view.show_status(processor, room, state, options.alert)
        st.page_link("pages/photo.py", label=t("live.way_out"), icon=":material/photo_camera:")
if not alone:
    with st.expander(t("live.help_title"), icon=":material/help:"):
        st.markdown(t("live.help"))
