"""Photo check: choose photos, see a verdict for each face."""

import streamlit as st

from maskdet_app import cards, model, photos, texts

st.title(texts.PHOTO_TITLE)
st.markdown(texts.PHOTO_INTRO)
detector = model.load_detector("photo")
if detector is not None:
    choose, adjust = st.columns([1.8, 1], gap="medium")
    with choose:
        uploads = st.file_uploader(
            texts.PHOTO_UPLOAD,
            type=["jpg", "jpeg", "png", "webp"],
            accept_multiple_files=True,
            key="photos",
        )
        st.caption(texts.PHOTO_NOTE)
    with adjust:
        min_confidence = model.threshold_slider(detector, "photo_threshold")
    results = photos.check_all(detector, uploads, min_confidence, texts.PHOTO_PROGRESS)
    if not results:
        st.info(texts.PHOTO_EMPTY, icon=":material/add_photo_alternate:")
    judged = [photo.detections for photo in results if photo.detections is not None]
    if len(judged) > 1:
        st.subheader(texts.PHOTO_TOTAL, anchor=False)
        cards.show_counts(judged)
    for number, photo in enumerate(results, start=1):
        cards.show_photo(photo, number)
