"""One photo in detail: the picture, a card for each face, the download."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from maskdet_app.photo import decoding, downloads, face_links
from maskdet_app.photo.batch import Photo, PhotoBatch, annotate_resized
from maskdet_app.photo.gallery import summary
from maskdet_app.photo.options import PhotoOptions
from maskdet_app.ui.detection import two_classes
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import drawn_labels, t, verdict_label
from maskdet_app.ui.texts.reasons import reason_text
from maskdet_core import Face, ImageError, MaskDetector, RgbImage, draw_activation_map, encode_jpeg
from maskdet_core.draw.annotate import shown_percent, whole_percent
from maskdet_core.reasons import Reason

NAVIGATION_KEY: Final = "close-navigation"
"""Key of the container above an opened photo, for `maskdet_app/server/page_head/close_view.js`."""
_ACTIVATION_MAP_PX: Final = 352
"""Twice the width of a card's picture on most screens, for high-density ones."""


def probability_text(probability: float) -> str:
    """A probability in whole percent, rounded down as on the pictures, and never 0 or 100."""
    if not math.isfinite(probability):
        return t("photo.p_none")
    if probability < 0.01:
        return t("photo.p_below")
    return t("photo.p_value", value=whole_percent(probability))


def show(batch: PhotoBatch, detector: MaskDetector, photo: Photo, options: PhotoOptions) -> None:
    """Draw one checked photo and its faces.

    Runs the network only for the class activation maps, and the finder never.

    Args:
        batch: gives the pictures.
        detector: cuts the crops and computes the class activation maps.
        photo: with its verdicts at the visitor's threshold.
        options: the visitor's.
    """
    unread, drawn = containers.reserve(2)
    if photo.detections is None:
        _show_error(unread, photo.reason)
        return
    try:
        detail_view = batch.detail_view(detector, photo)
    except ImageError as error:
        # it was decoded before, but memory is short by now
        _show_error(unread, error.reason)
        return
    labels, stop_after_visit = drawn_labels(), decoding.stop_after_visit()
    names = _face_names(photo)
    view = drawn.container(key=face_links.VIEW_KEY)
    left, right = view.columns([1.25, 1], gap="medium")
    with left:
        with st.container(key=face_links.PICTURE_KEY, gap=None):
            annotated = annotate_resized(
                detail_view.image_rgb, photo.detections, labels, numbered=True
            )
            st.image(
                encode_jpeg(annotated),
                width="stretch",
                alt=t("photo.alt", name=photo.name[:60], summary=summary(photo)),
            )
            st.html(face_links.spots_html(photo.detections, names))
        st.download_button(
            t("photo.download"),
            lambda: downloads.annotated_photo(
                photo, labels, blurred=options.blur_faces, while_waiting=stop_after_visit
            ),
            file_name="maskdet.jpg",
            mime="image/jpeg",
            icon=":material/download:",
            help=t("photo.download_help"),
            on_click="ignore",
            key="download_one",
        )
    with right:
        no_face, over_cap, bars_note, map_note, faces = containers.reserve(5)
        if not photo.detections.faces:
            no_face.info(t("photo.no_face"), icon=":material/search_off:")
            return
        if photo.detections.unjudged:
            n_over = len(photo.detections.unjudged)
            over_cap.warning(
                t("photo.over_cap", shown=len(photo.detections), n=n_over),
                icon=":material/groups:",
            )
        bars_note.caption(t("photo.bars_note"))
        crops, maps = detail_view.crops, None
        if options.show_activation_map:
            maps = detector.classifier.activation_map(np.stack(crops))
        if maps is not None:
            rows, columns = maps.shape[1:]
            places = t("photo.why_places", rows=rows, columns=columns)
            map_note.caption(f"{t('photo.why_note')} {places}")
        with faces.container(key=face_links.CARDS_KEY, gap="small"):
            for index, (face, crop, name) in enumerate(
                zip(photo.detections, crops, names, strict=True)
            ):
                activation_map = (
                    None
                    if maps is None
                    else draw_activation_map(crop, maps[index], _ACTIVATION_MAP_PX)
                )
                _show_face(index + 1, name, face, crop, activation_map, options)


def _show_error(place: DeltaGenerator, reason: Reason | None) -> None:
    text = t("photo.error", reason="" if reason is None else reason_text(reason))
    place.error(text, icon=":material/broken_image:")


def _face_names(photo: Photo) -> list[str]:
    """Number and verdict of each face, for screen readers."""
    return [
        t("photo.face", n=number, verdict=verdict_label(face.verdict))
        for number, face in enumerate(photo.detections or (), 1)
    ]


def _show_face(
    number: int,
    name: str,
    face: Face,
    crop: RgbImage,
    activation_map: RgbImage | None,
    options: PhotoOptions,
) -> None:
    with st.container(border=True, gap="xsmall", key=face_links.card_key(number)):
        st.html(face_links.number_html(number, name))
        if activation_map is None:
            st.image(crop, width="stretch", alt=name)
        else:
            st.image(activation_map, width="stretch", alt=t("photo.alt_heat", name=name))
        percent = shown_percent(face, two_classes=options.two_classes)
        figure = "" if percent is None else " " + t("photo.p_value", value=percent)
        label = verdict_label(face.verdict)
        st.markdown(theme.badge(face.verdict, f"**{label}**{figure}"))
        if not face.probabilities.are_valid:
            st.caption(probability_text(math.nan))
            return
        probabilities = two_classes.probabilities(face, options.verdicts)
        st.html(
            theme.probabilities_html(
                ((one, p, probability_text(p)) for one, p in probabilities.items()),
                options.min_confidence,
                name=name,
                threshold=t("photo.bars_mark", value=round(100 * options.min_confidence)),
            )
        )


def show_navigation(
    photo: Photo, photos: list[Photo], on_open: Callable[[str | None], None]
) -> None:
    """Draw the buttons to the previous and the next photo and back to the gallery.

    Args:
        photo: the open one.
        photos: as the gallery shows them; the open one may not be among them.
        on_open: called with the key of another photo, or None for the gallery.
    """
    keys = [one.key for one in photos]
    index = keys.index(photo.key) if photo.key in keys else None
    previous_key = keys[index - 1] if index else None
    next_key = keys[index + 1] if index is not None and index + 1 < len(keys) else None
    with st.container(horizontal=True, vertical_alignment="center", key=NAVIGATION_KEY):
        st.button(t("photo.back"), icon=":material/grid_view:", on_click=on_open, args=(None,))
        for step, icon, key in (
            ("before", ":material/chevron_left:", previous_key),
            ("after", ":material/chevron_right:", next_key),
        ):
            st.button(
                t(f"photo.{step}"),
                icon=icon,
                on_click=on_open,
                args=(key,),
                disabled=key is None,
                key=f"close-step-{step}",
            )
        st.markdown(f"**{theme.escape_markdown(photo.name)}**")
