"""Photos and videos: upload them, see a verdict for each face or person, take the results home."""

import streamlit as st

from maskdet_app.photo import options, undo, upload, view
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.detection.detector import load_detector
from maskdet_app.ui.layout import containers, entry
from maskdet_app.ui.texts.i18n import t
from maskdet_app.video import options as video_options
from maskdet_app.video import upload as video_upload
from maskdet_app.video import view as video_view

entry.require()
heading, intro, loading, removed, choices, checked, privacy = containers.reserve(7)
with heading.container(
    horizontal=True,
    horizontal_alignment="distribute",
    vertical_alignment="center",
    key="photo-heading",
):
    st.title(t("photo.title"), width="content")
    kind = query_params.segmented_control(
        "kind",
        t("photo.kind"),
        ("photos", "video"),
        "photos",
        format_func=lambda one: t(f"photo.kind_{one}"),
        label_visibility="collapsed",
        width="content",
    )
with loading:
    detector = load_detector("photo")
if detector is None:
    intro.markdown(t("photo.intro"))
if detector is not None and kind == "photos":
    batch = view.photo_batch()
    if not len(batch):
        # before what stands below it; the style sheet hides it where photos come in this run
        intro.container(key="photo-intro").markdown(t("photo.intro"))
    with choices:
        place_of_options = upload.show(batch)
    with place_of_options:
        chosen = options.show(detector)
    privacy.caption(t("photo.note"))
    if len(batch):
        # Its key makes the uploader low, by the style sheet.
        with checked.container(key="photo-results"):
            view.show(batch, detector, chosen)
    else:
        with removed:
            undo.show(batch)
        checked.caption(t("photo.empty"))
elif detector is not None:
    video = video_upload.visit()
    if not video.data:
        intro.container(key="photo-intro").markdown(t("photo.intro"))
    with choices:
        place_of_options = video_upload.show(video)
    with place_of_options:
        of_video = video_options.show(detector)
    privacy.caption(t("video.note"))
    # Its key makes the uploader low, as that of photos.
    with checked.container(key="photo-results" if video.data else None):
        video_view.show(video, detector, of_video)
