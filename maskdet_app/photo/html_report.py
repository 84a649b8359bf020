"""The HTML report of the photo page, in the visitor's language."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from maskdet_app.photo import decoding, downloads
from maskdet_app.photo.batch import FACE_SHARES, Photo
from maskdet_app.photo.options import PhotoOptions
from maskdet_app.ui.texts.i18n import report_language, t
from maskdet_core import MaskDetector
from maskdet_core.batch.photos.document import Pictures, html_text, report_picture
from maskdet_core.detector import MIN_FACE_PX
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import Texts
from maskdet_core.pictures.decode import decode_image


def show(
    photos: list[Photo], detector: MaskDetector, options: PhotoOptions, *, still_checking: bool
) -> None:
    """Draw a popover with the choice of pictures and the download."""
    with st.popover(
        t("photo.report"), icon=":material/description:", disabled=still_checking, key="report"
    ):
        st.markdown(t("photo.report_note"))
        with_pictures = st.toggle(t("photo.report_pictures"), value=True, key="report_pictures")
        # always one line: an element that comes and goes moves those below it
        st.caption(_about_pictures(with_pictures=with_pictures, blurred=options.blur_faces))
        st.download_button(
            t("photo.report_download"),
            partial(
                html_file,
                photos,
                check_facts(detector, options),
                # the file is made outside of this run, where the visitor's language is not known
                report_language(),
                with_pictures=with_pictures,
                blurred=options.blur_faces,
                while_waiting=decoding.stop_after_visit(),
            ),
            file_name="maskdet.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
            disabled=still_checking,
            key="download_report",
        )


def _about_pictures(*, with_pictures: bool, blurred: bool) -> str:
    if not with_pictures:
        return t("photo.report_bare")
    if blurred:
        return t("photo.report_blurred")
    return t("photo.report_shown", blur=t("photo.blur"))


def check_facts(detector: MaskDetector, options: PhotoOptions) -> CheckFacts:
    """How the photos are checked by a visitor's options."""
    return replace(
        CheckFacts.of(detector),
        min_confidence=options.min_confidence,
        two_classes=options.two_classes,
        min_face_px=MIN_FACE_PX,
        min_face_share=FACE_SHARES[options.face_size],
    )


def html_file(
    photos: Sequence[Photo],
    facts: CheckFacts,
    language: str,
    *,
    with_pictures: bool,
    blurred: bool,
    while_waiting: Callable[[], None] = lambda: None,
) -> bytes:
    """All photos as one HTML file.

    Args:
        photos: checked ones, with their verdicts by these facts.
        facts: how they were checked.
        language: one of `maskdet_core.html_report.texts.languages`.
        with_pictures: whether to show the photos, as small as in the gallery.
        blurred: whether to blur all detected faces.
        while_waiting: called before each picture; what it raises ends the work.
    """
    texts = Texts(language)

    def pictures(indices: Sequence[int]) -> Iterator[bytes | None]:
        for index in indices:
            while_waiting()
            photo = photos[index]
            if photo.detections is None:
                raise ValueError(f"expected a photo that could be read, got {photo.key!r}")
            image = decode_image(photo.preview)
            yield report_picture(image, photo.detections, texts.labels(), blurred=blurred)

    made: Pictures | None = pictures if with_pictures else None
    reports = downloads.reports(photos)
    pieces = html_text(reports, facts, texts, datetime.now(UTC), made, blurred=blurred)
    return "".join(pieces).encode("utf-8")
