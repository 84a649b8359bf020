"""Live camera: the video with faces marked, counts and readouts beside it, settings below."""

import streamlit as st

from maskdet_app.live import session
from maskdet_app.live.component import front_end
from maskdet_app.live.demo import films, stage
from maskdet_app.live.panel import options, status
from maskdet_app.live.webrtc import stream
from maskdet_app.ops.live_streams import viewer_slots
from maskdet_app.ui.browser.page_url import is_insecure
from maskdet_app.ui.detection import threshold, two_classes
from maskdet_app.ui.detection.detector import load_detector
from maskdet_app.ui.elements import legend
from maskdet_app.ui.layout import containers, entry
from maskdet_app.ui.texts.i18n import drawn_labels, drawn_looking, t

entry.require()
heading, http_note, ice_note, limit_note, sent_note, loading = containers.reserve(6)
held, full, live, meanings, instructions = containers.reserve(5)
embedded = bool(st.context.is_embedded)
with heading:
    if embedded:
        stream.hide_all_but_video()
    else:
        st.title(t("live.headline"))
        st.markdown(t("live.intro"))
url = st.context.url
if is_insecure(url):
    http_note.warning(t("live.plain_http"), icon=":material/lock_open:")
with ice_note:
    rtc_configuration = stream.rtc_configuration(url)
admission = viewer_slots.usable_admission()
if viewer_slots.is_invalid():
    limit_note.warning(t("live.bad_limit"), icon=":material/settings:")

with loading:
    detector = load_detector("live")
with held:
    is_held = detector is not None and stream.show_if_held()
if detector is not None and not is_held:
    processor = session.processor(detector, admission)
    labels, looking = drawn_labels(), drawn_looking()
    processor.set_labels(labels, looking)
    is_sent = session.raise_alerts(processor, tells=not embedded)
    if is_sent:
        # small, so that Stop is in view at 1280×720
        sent_note.caption(f":material/campaign: {status.alert_notice()}")
    if not admission.holds(processor) and not admission.has_capacity:
        stream.restart_when_shown()
        with full:
            status.show_full(admission)
    elif embedded:
        processor.set_min_confidence(threshold.min_confidence_from_url(detector))
        processor.set_two_classes(two_classes.from_url(detector))
        with live, stream.stage_place():
            stream.show(processor, rtc_configuration, options.facing_from_url(), embedded=True)
    else:
        # as on a phone; on a wide window the style sheet puts the settings below the stage
        left, right, below = live.container(key="live-row").columns([1.8, 1, 1.8], gap="medium")
        with left:
            video = stream.stage_place()
        with below, st.expander(t("live.options"), icon=":material/tune:"):
            chosen = options.ask(processor, detector, is_sent=is_sent)
            processor.set_min_confidence(threshold.min_confidence_slider(detector))
            processor.set_two_classes(chosen.two_classes)
        film = None
        if front_end.apply():
            film = films.current(detector, labels, looking, two_classes=chosen.two_classes)
        with video:
            shown = stage.arguments(film)
            state = stream.show(processor, rtc_configuration, chosen.facing, stage=shown)
        with right:
            restarting = stream.is_restarting()
            status.show(processor, admission, state, chosen, restarting=restarting, film=film)
        with meanings, st.expander(t("legend.title"), icon=":material/select:"):
            legend.show(chosen.verdicts, looking=True)
        with instructions, st.expander(t("live.help_title"), icon=":material/help:"):
            st.markdown(t("live.help"))
