"""Live camera: the picture with frames, and what it amounts to beside it."""

import streamlit as st
from streamlit_webrtc import WebRtcMode, webrtc_streamer

from maskdet_app import ice, live_options, live_room, live_view, model, texts

st.title(texts.LIVE_TITLE)
st.markdown(texts.LIVE_INTRO)
url = st.context.url
if ice.is_insecure(url):
    st.warning(texts.LIVE_PLAIN_HTTP, icon=":material/lock_open:")
try:
    servers = ice.ice_servers(url)
except ValueError as error:
    st.warning(texts.LIVE_BAD_ICE.format(reason=error), icon=":material/settings:")
    servers = []
try:
    room = live_room.places()
except ValueError as error:
    st.warning(texts.LIVE_BAD_LIMIT.format(reason=error), icon=":material/settings:")
    room = live_room.places_as_measured()

detector = model.load_detector("live")
if detector is not None:
    processor = live_room.processor(detector, room)
    if not room.holds(processor) and not room.has_room:
        live_view.show_full(room)
    else:
        picture, beside = st.columns([1.8, 1], gap="medium")
        with picture:
            stream = st.container()
            with st.expander(texts.LIVE_OPTIONS, icon=":material/tune:"):
                options = live_options.ask(processor)
                model.threshold_slider(detector, "live_threshold", processor.set_min_confidence)
        with stream:
            context = webrtc_streamer(
                key="live",
                mode=WebRtcMode.SENDRECV,
                # Set even when empty: otherwise the library asks servers of its own choice.
                rtc_configuration={"iceServers": servers},
                media_stream_constraints=live_options.constraints(options.facing),
                video_frame_callback=processor.recv,
                on_video_ended=processor.stop,
                # The callback only follows and draws, a few ms; a thread of its own for it would
                # hand back each picture one or two pictures later.
                async_processing=False,
                media_toggle_controls=False,
                translations=texts.WEBRTC_WORDS,
                video_html_attrs=live_view.VIDEO_ATTRIBUTES,
            )
        with beside:
            live_view.show_status(processor, room, context.state, options.alert)
        st.page_link("pages/photo.py", label=texts.LIVE_WAY_OUT, icon=":material/photo_camera:")
with st.expander(texts.LIVE_HELP_TITLE, icon=":material/help:"):
    st.markdown(texts.LIVE_HELP)
