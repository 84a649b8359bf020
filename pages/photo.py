"""Photos and videos: upload them, see a verdict for each face or person, take the results home."""

import streamlit as st

from maskdet_app.photo import options, upload, view
from maskdet_app.ui import containers, entry, query_params
from maskdet_app.ui.detector import load_detector
from maskdet_app.ui.i18n import t
from maskdet_app.video import upload as video_upload
from maskdet_app.video import view as video_view

entry.require()
heading, kinds, loading, choices, checked = containers.reserve(5)
with heading:
    st.title(t("photo.title"))
    st.markdown(t("photo.intro"))
with kinds:
    kind = query_params.segmented_control(
        "kind",
        t("photo.kind"),
        ("photos", "video"),
        "photos",
        format_func=lambda one: t(f"photo.kind_{one}"),
        label_visibility="collapsed",
    )
with loading:
    detector = load_detector("photo")
if detector is not None:
    left, right = choices.columns([1.8, 1], gap="medium")
    if kind == "photos":
        batch = view.photo_batch()
        with left:
            upload.show(batch)
        with right:
            chosen = options.show(detector)
        with checked:
            view.show(batch, detector, chosen)
    else:
        video = video_upload.visit()
        with left:
            video_upload.show(video)
        with right:
            of_video = options.show_for_video(detector)
        with checked:
            video_view.show(
                video,
                of_video.verdicts,
                min_confidence=of_video.min_confidence,
                two_classes=of_video.two_classes,
                blur=of_video.blur_faces,
            )
