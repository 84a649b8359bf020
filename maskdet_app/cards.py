"""Show one checked photo: the picture, a card a face, messages, the download."""

import math
from typing import Final

import streamlit as st

from maskdet_app import texts, theme
from maskdet_app.photos import CheckedPhoto
from maskdet_core import Detections, Face, RgbImage, Verdict

CROP_PX: Final = 132
_BADGES: Final = {
    Verdict.WITH_MASK: ("blue", ":material/masks:"),
    Verdict.WITHOUT_MASK: ("orange", ":material/face:"),
    Verdict.NOT_SURE: ("gray", ":material/question_mark:"),
}


def probability_text(p_with_mask: float) -> str:
    """A mask probability for reading, rounded to whole percent but never up to 100 or to 0."""
    if not math.isfinite(p_with_mask):
        return texts.P_NONE
    percent = p_with_mask * 100
    if 0 < percent < 1:
        return texts.P_MASK.format(value="below 1")
    if 99 < percent < 100:
        return texts.P_MASK.format(value="above 99")
    return texts.P_MASK.format(value=f"{percent:.0f}")


def show_counts(detections: list[Detections]) -> None:
    """Tiles with the number of faces a verdict over all photos."""
    numbers = [sum(d.count(verdict) for d in detections) for verdict in Verdict]
    st.html(theme.count_tiles_html(*numbers))


def show_photo(photo: CheckedPhoto, number: int) -> None:
    """One photo with everything that is known of it.

    Args:
        photo: the result to show.
        number: 1 for the first; names the download, since the file's own name is not trusted.
    """
    with st.container(border=True):
        st.markdown(f"**{theme.plain(photo.name)}**")
        if photo.error is not None or photo.detections is None:
            reason = theme.plain(photo.error or "", max_chars=200)
            st.error(texts.PHOTO_ERROR.format(reason=reason), icon=":material/broken_image:")
            return
        picture, faces = st.columns([1.25, 1], gap="medium")
        with picture:
            st.image(photo.annotated, width="stretch")
            st.download_button(
                texts.PHOTO_DOWNLOAD,
                photo.annotated,
                file_name=f"maskdet-{number}.jpg",
                mime="image/jpeg",
                icon=":material/download:",
                help=texts.PHOTO_DOWNLOAD_HELP,
                on_click="ignore",
                key=f"download-{number}",
            )
        with faces:
            _show_faces(photo.detections, photo.crops)


def _show_faces(detections: Detections, crops: tuple[RgbImage, ...]) -> None:
    if not detections.faces:
        st.info(texts.PHOTO_NO_FACE, icon=":material/search_off:")
        return
    if detections.unjudged:
        st.warning(
            texts.PHOTO_OVER_CAP.format(shown=len(detections), n=len(detections.unjudged)),
            icon=":material/groups:",
        )
    with st.container(horizontal=True, gap="small"):
        for face, crop in zip(detections, crops, strict=True):
            _show_face(face, crop)


def _show_face(face: Face, crop: RgbImage) -> None:
    colour, icon = _BADGES[face.verdict]
    with st.container(border=True, width=CROP_PX + 36, gap="xsmall"):
        st.image(crop, width=CROP_PX)
        st.markdown(f":{colour}-badge[{icon} **{texts.VERDICT_WORDS[face.verdict]}**]")
        st.caption(probability_text(face.p_with_mask))
