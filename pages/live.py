"""Live camera: the picture with frames, and what it amounts to beside it."""

import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from maskdet_app import entry, ice, live_options, live_room, live_view, model
from maskdet_app.language import drawn_labels, say

entry.require()
st.title(say("live.title"))
st.markdown(say("live.intro"))
url = st.context.url
if ice.is_insecure(url):
    st.warning(say("live.plain_http"), icon=":material/lock_open:")
rtc_configuration = live_view.ask_for_servers(url)
try:
    room = live_room.places()
except ValueError as error:
    st.warning(say("live.bad_limit", reason=error), icon=":material/settings:")
    room = live_room.places_as_measured()

detector = model.load_detector("live")
if detector is not None:
    processor = live_room.processor(detector, room)
    processor.set_labels(drawn_labels())
    if not room.holds(processor) and not room.has_room:
        live_view.show_full(room)
    else:
        picture, beside = st.columns([1.8, 1], gap="medium")
        with picture:
            stream = st.container()
            with st.expander(say("live.options"), icon=":material/tune:"):
                options = live_options.ask(processor)
                processor.set_min_confidence(model.threshold_slider(detector))
        with stream:
            context = webrtc_streamer(
                key="live",
                mode=WebRtcMode.SENDRECV,
                # Set even when empty: otherwise the library asks servers of its own choice.
                rtc_configuration=rtc_configuration,
                media_stream_constraints=live_options.constraints(options.facing),
                video_frame_callback=processor.recv,
                on_video_ended=processor.stop,
                # The callback only follows and draws, a few ms; a thread of its own for it would
                # hand back each picture one or two pictures later.
                async_processing=False,
                media_toggle_controls=False,
                translations=live_view.webrtc_words(),
                video_html_attrs=live_view.VIDEO_ATTRIBUTES,
            )
        with beside:
            live_view.show_status(processor, room, context.state, options.alert)
        st.page_link("pages/photo.py", label=say("live.way_out"), icon=":material/photo_camera:")
with st.expander(say("live.help_title"), icon=":material/help:"):
    st.markdown(say("live.help"))
