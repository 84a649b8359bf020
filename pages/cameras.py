"""Cameras: the network cameras that the operator lists, with faces marked and counted."""

import streamlit as st

from maskdet_app.cameras import view
from maskdet_app.ops.settings import camera_settings
from maskdet_app.ui.detection import two_classes
from maskdet_app.ui.detection.detector import load_detector
from maskdet_app.ui.elements import legend
from maskdet_app.ui.layout import containers, entry
from maskdet_app.ui.texts.i18n import t

entry.require()
heading, alerts, choice, loading, shown, meanings = containers.reserve(6)
with heading:
    st.title(t("cameras.title"))
    st.markdown(t("cameras.intro"))
cameras = camera_settings.cameras()
with loading:
    detector = load_detector("live")
if cameras and detector is not None:
    with alerts:
        view.show_alert_notice()
    with choice:
        camera = view.choose(cameras)
    with shown:
        view.show(camera, detector)
    verdicts = two_classes.verdicts(detector.classifier.manifest, two_classes=detector.two_classes)
    with meanings, st.expander(t("legend.title"), icon=":material/select:"):
        legend.show(verdicts, looking=True)
