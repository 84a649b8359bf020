"""The photo page below its options: progress, overview, gallery or one photo, downloads."""

from functools import partial
from typing import Final

import streamlit as st

from maskdet_app.ops.observability.prometheus import PhotoMetrics
from maskdet_app.photo import detail, downloads, gallery, html_report, overview, upload
from maskdet_app.photo.batch import Photo, PhotoBatch
from maskdet_app.photo.downloads import ZipBuilder
from maskdet_app.photo.options import PhotoOptions
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.browser.tab_state import tab_state
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import drawn_labels, t
from maskdet_core import MaskDetector

WORK_SLICE_S: Final = 1.0
"""Work between two runs of the page: long beside a run, short beside a click."""
_BATCH: Final = "photo_batch"
ZIP_IN_PROGRESS: Final = "photo_zip"
_TITLE_PX: Final = 210
"""Width of the progress, which stands in the place of the title."""
_REPORTS: Final = {
    "csv": (downloads.csv_report, "text/csv", ":material/table:"),
    "json": (downloads.json_report, "application/json", ":material/data_object:"),
}
"""Function, media type and icon by format."""


def photo_batch() -> PhotoBatch:
    """This visitor's batch, which lives as long as the session, and is there after a reload."""
    batch: PhotoBatch = tab_state().setdefault(_BATCH, PhotoBatch(PhotoMetrics()))
    return batch


def show(batch: PhotoBatch, detector: MaskDetector, options: PhotoOptions) -> None:
    """Draw the batch; while photos wait, check some of them and run the page again.

    All parts have their places from the first moment on: nothing moves when results come.
    """
    head, zip_progress, shown = containers.reserve(3)
    waiting = batch.waiting(options.face_size)
    checked = [
        photo.with_min_confidence(options.min_confidence, two_classes=options.two_classes)
        for photo in batch
        if photo.face_size == options.face_size
    ]
    with head.container(horizontal=True, vertical_alignment="center", key="results-head"):
        title = st.container(width=_TITLE_PX if waiting else "content", key="results-title")
        buttons = st.container(width="content")
    with buttons:
        _show_downloads(batch, detector, checked, options, still_checking=bool(waiting))
    with shown:
        _show_photos(batch, detector, checked, waiting, options)
    if waiting:
        with title:
            _check_some(batch, detector, options)
    if len(batch) > 1:
        title.header(t("photo.total"), anchor=False)
    with zip_progress:
        _zip_some()


def _show_photos(
    batch: PhotoBatch,
    detector: MaskDetector,
    photos: list[Photo],
    waiting: list[Photo],
    options: PhotoOptions,
) -> None:
    one_photo, total, filters, grid, navigation, opened_photo = containers.reserve(6)
    if len(batch) == 1:
        with one_photo:
            overview.show_faces(photos, options.verdicts)
            for photo in photos:
                st.markdown(f"**{theme.escape_markdown(photo.name)}**")
                detail.show(batch, detector, photo, options)
        return
    with total.container(key="results-total"):
        overview.show(photos, options.verdicts)
    with filters:
        listed = gallery.show_filter(photos, options.verdicts)
    opened = next(
        (p for p in photos if p.key == st.query_params.get(query_params.OPEN_PHOTO)), None
    )
    if opened is None:
        with grid:
            gallery.show(batch, listed, waiting, _open_photo)
        return
    with navigation:
        detail.show_navigation(opened, listed, _open_photo)
    with opened_photo:
        detail.show(batch, detector, opened, options)


def _open_photo(key: str | None) -> None:
    query_params.write(query_params.OPEN_PHOTO, [] if key is None else [key])


def _show_downloads(
    batch: PhotoBatch,
    detector: MaskDetector,
    photos: list[Photo],
    options: PhotoOptions,
    *,
    still_checking: bool,
) -> None:
    with st.container(horizontal=True):
        if len(batch) > 1:
            _show_zip_button(photos, options.blur_faces, still_checking=still_checking)
        html_report.show(photos, detector, options, still_checking=still_checking)
        for kind, label, help_text in (
            ("csv", t("photo.csv"), t("photo.csv_help")),
            ("json", t("photo.json"), t("photo.json_help")),
        ):
            report, mime, icon = _REPORTS[kind]
            st.download_button(
                label,
                partial(report, photos),
                file_name=f"maskdet.{kind}",
                mime=mime,
                icon=icon,
                help=help_text,
                on_click="ignore",
                disabled=still_checking,
                key=f"download_{kind}",
            )
        st.button(
            t("photo.forget"),
            icon=":material/delete:",
            help=t("photo.forget_help"),
            on_click=_remove_all,
            args=(batch,),
            key="forget",
        )


def _remove_all(batch: PhotoBatch) -> None:
    upload.remove_all(batch)
    st.session_state.pop(ZIP_IN_PROGRESS, None)
    _open_photo(None)


def _show_zip_button(photos: list[Photo], blur_faces: bool, *, still_checking: bool) -> None:
    wanted = ([(photo.key, photo.detections) for photo in photos], drawn_labels(), blur_faces)
    in_progress: tuple[object, ZipBuilder] | None = st.session_state.get(ZIP_IN_PROGRESS)
    if in_progress is not None and in_progress[0] != wanted:
        # The shown photos or options have changed.
        del st.session_state[ZIP_IN_PROGRESS]
        in_progress = None
    if in_progress is not None and in_progress[1].content is not None:
        st.download_button(
            t("photo.zip_ready"),
            in_progress[1].content,
            file_name="maskdet.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            type="primary",
            key="download_zip",
        )
        return
    st.button(
        t("photo.zip"),
        icon=":material/folder_zip:",
        help=t("photo.zip_help"),
        on_click=_start_zip,
        args=(wanted, photos, blur_faces),
        disabled=still_checking or in_progress is not None,
        key="pack",
    )


def _start_zip(wanted: object, photos: list[Photo], blur_faces: bool) -> None:
    builder = ZipBuilder(photos, drawn_labels(), blurred=blur_faces)
    st.session_state[ZIP_IN_PROGRESS] = (wanted, builder)


def _check_some(batch: PhotoBatch, detector: MaskDetector, options: PhotoOptions) -> None:
    bar = st.progress(0.0)

    def show_progress(photo: Photo, n_checked: int) -> None:
        name = theme.escape_markdown(photo.name, max_chars=30)
        text = t("photo.progress", n=n_checked + 1, total=len(batch), name=name)
        bar.progress(n_checked / len(batch), text)

    batch.check_waiting(detector, options.face_size, WORK_SLICE_S, show_progress)
    st.rerun()


def _zip_some() -> None:
    in_progress: tuple[object, ZipBuilder] | None = st.session_state.get(ZIP_IN_PROGRESS)
    if in_progress is None or in_progress[1].content is not None:
        return
    builder = in_progress[1]
    text = t("photo.packing", n=builder.n_done, total=builder.n_photos)
    st.progress(builder.n_done / builder.n_photos, text)
    builder.add_photos(WORK_SLICE_S)
    st.rerun()
