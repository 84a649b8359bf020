"""One photo closely: the picture, a card a face with what spoke for its verdict, the download."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import streamlit as st

from maskdet_app.photo import downloads as take_home
from maskdet_app.photo.batch import Photo, PhotoBatch, with_frames
from maskdet_app.photo.gallery import summary
from maskdet_app.photo.options import PhotoOptions
from maskdet_app.ui import theme
from maskdet_app.ui.i18n import drawn_labels, t, verdict_word
from maskdet_core import Face, MaskDetector, RgbImage, draw_activation_map, encode_jpeg

CROP_PX: Final = 176
_HEAT_PX: Final = 2 * CROP_PX
"""Drawn at twice the size for screens with fine pixels."""


def probability_text(p_with_mask: float) -> str:
    """A mask probability for reading, rounded to whole percent but never up to 100 or to 0."""
    if not math.isfinite(p_with_mask):
        return t("photo.p_none")
    percent = p_with_mask * 100
    if percent < 1:
        return t("photo.p_below")
    if percent > 99:
        return t("photo.p_above")
    return t("photo.p_mask", value=f"{percent:.0f}")


def show_photo(
    desk: PhotoBatch, detector: MaskDetector, photo: Photo, options: PhotoOptions
) -> None:
    """One checked photo with everything that is known of it.

    Args:
        desk: where it lies.
        detector: shows again what the classifier saw.
        photo: decided at the visitor's threshold.
        options: the visitor's.
    """
    if photo.found is None:
        reason = theme.plain(photo.error or "", max_chars=200)
        st.error(t("photo.error", reason=reason), icon=":material/broken_image:")
        return
    close_up = desk.close_up(detector, photo)
    labels = drawn_labels()
    picture, faces = st.columns([1.25, 1], gap="medium")
    with picture:
        st.image(
            encode_jpeg(with_frames(close_up.picture, photo.found, labels)),
            width="stretch",
            alt=t("photo.alt", name=photo.name[:60], summary=summary(photo)),
        )
        st.download_button(
            t("photo.download"),
            lambda: take_home.picture(photo, labels, blurred=options.blurred),
            file_name="maskdet.jpg",
            mime="image/jpeg",
            icon=":material/download:",
            help=t("photo.download_help"),
            on_click="ignore",
            key="download_one",
        )
    with faces:
        if not photo.found.faces:
            st.info(t("photo.no_face"), icon=":material/search_off:")
            return
        if photo.found.unjudged:
            n_over = len(photo.found.unjudged)
            st.warning(
                t("photo.over_cap", shown=len(photo.found), n=n_over), icon=":material/groups:"
            )
        heat = _heat(detector, close_up.crops) if options.why else None
        if heat is not None:
            st.caption(t("photo.why_note"))
        with st.container(horizontal=True, gap="small"):
            for number, face in enumerate(photo.found):
                crop = close_up.crops[number]
                _show_face(number, face, crop, None if heat is None else heat[number], options)


def _heat(detector: MaskDetector, crops: tuple[RgbImage, ...]) -> list[RgbImage] | None:
    by_place = detector.classifier.activation_map(np.stack(crops))
    if by_place is None:
        return None
    return [draw_activation_map(*pair, _HEAT_PX) for pair in zip(crops, by_place, strict=True)]


def _show_face(
    number: int, face: Face, crop: RgbImage, heat: RgbImage | None, options: PhotoOptions
) -> None:
    word = verdict_word(face.verdict)
    said = probability_text(face.p_with_mask)
    with st.container(border=True, width=CROP_PX + 36, gap="xsmall", key=f"face-{number}"):
        if heat is None:
            st.image(crop, width=CROP_PX, alt=t("photo.alt_face", verdict=word))
        else:
            st.image(heat, width=CROP_PX, alt=t("photo.alt_heat", verdict=word))
        st.markdown(theme.badge(face.verdict, f"**{word}**"))
        st.html(theme.meter_html(face.p_with_mask, options.min_confidence, said))


def show_way_back(photo: Photo, order: list[Photo], on_open: Callable[[str | None], None]) -> None:
    """Buttons to the photos before and after, and back to all of them.

    Args:
        photo: the open one.
        order: the photos as the gallery shows them; the open one may not be among them.
        on_open: called with another photo's key, or None for all.
    """
    keys = [one.key for one in order]
    at = keys.index(photo.key) if photo.key in keys else None
    before = keys[at - 1] if at else None
    after = keys[at + 1] if at is not None and at + 1 < len(keys) else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(t("photo.back"), icon=":material/grid_view:", on_click=on_open, args=(None,))
        st.button(
            t("photo.before"),
            icon=":material/chevron_left:",
            on_click=on_open,
            args=(before,),
            disabled=before is None,
        )
        st.button(
            t("photo.after"),
            icon=":material/chevron_right:",
            on_click=on_open,
            args=(after,),
            disabled=after is None,
        )
        st.markdown(f"**{theme.plain(photo.name)}**")
