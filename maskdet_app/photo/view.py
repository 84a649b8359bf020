"""The photo page below its settings: progress, overview, gallery or one photo, downloads."""

from typing import Final

import streamlit as st

from maskdet_app.photo import detail as cards
from maskdet_app.photo import downloads as take_home
from maskdet_app.photo import gallery, overview
from maskdet_app.photo import upload as intake
from maskdet_app.photo.batch import Photo, PhotoBatch
from maskdet_app.photo.downloads import Packer
from maskdet_app.photo.options import PhotoOptions
from maskdet_app.ui import theme
from maskdet_app.ui.i18n import drawn_labels, t
from maskdet_core import MaskDetector

SLICE_S: Final = 1.0
"""Work between two drawings of the page: long beside a drawing, short beside a click."""
_DESK: Final = "desk"
_OPEN: Final = "desk_open"
PACKING: Final = "desk_packing"


def desk() -> PhotoBatch:
    """This visitor's desk, which lasts as long as their session."""
    found: PhotoBatch = st.session_state.setdefault(_DESK, PhotoBatch())
    return found


def show(desk: PhotoBatch, detector: MaskDetector, options: PhotoOptions) -> None:
    """Draw what is on the desk; while there is work left, do some of it and draw anew."""
    progress = st.container()
    waiting = desk.waiting(options.smallest)
    photos = [p.at(options.min_confidence) for p in desk if p.smallest == options.smallest]
    if not len(desk):
        st.info(t("photo.empty"), icon=":material/add_photo_alternate:")
        return
    if photos:
        _show_photos(desk, detector, photos, options, still_checking=bool(waiting))
    with progress:
        if waiting:
            _check_some(desk, detector, options)
        _pack_some()


def _show_photos(
    desk: PhotoBatch,
    detector: MaskDetector,
    photos: list[Photo],
    options: PhotoOptions,
    *,
    still_checking: bool,
) -> None:
    if len(desk) == 1:
        overview.show_faces(photos)
        st.markdown(f"**{theme.plain(photos[0].name)}**")
        cards.show_photo(desk, detector, photos[0], options)
        _downloads(desk, photos, options.blurred, still_checking=still_checking)
        return
    st.header(t("photo.total"), anchor=False)
    overview.show(photos)
    _downloads(desk, photos, options.blurred, still_checking=still_checking)
    shown = gallery.choose(photos)
    opened = next((p for p in photos if p.key == st.session_state.get(_OPEN)), None)
    if opened is None:
        gallery.show(desk, shown, _open)
    else:
        cards.show_way_back(opened, shown, _open)
        cards.show_photo(desk, detector, opened, options)


def _open(key: str | None) -> None:
    st.session_state[_OPEN] = key


def _downloads(
    desk: PhotoBatch, photos: list[Photo], blurred: bool, *, still_checking: bool
) -> None:
    with st.container(horizontal=True):
        if len(photos) > 1:
            _zip_button(photos, blurred, still_checking=still_checking)
        st.download_button(
            t("photo.csv"),
            lambda: take_home.table(photos),
            file_name="maskdet.csv",
            mime="text/csv",
            icon=":material/table:",
            help=t("photo.csv_help"),
            on_click="ignore",
            disabled=still_checking,
            key="download_csv",
        )
        st.download_button(
            t("photo.json"),
            lambda: take_home.data(photos),
            file_name="maskdet.json",
            mime="application/json",
            icon=":material/data_object:",
            help=t("photo.json_help"),
            on_click="ignore",
            disabled=still_checking,
            key="download_json",
        )
        st.button(
            t("photo.forget"),
            icon=":material/delete:",
            help=t("photo.forget_help"),
            on_click=_forget,
            args=(desk,),
            key="forget",
        )


def _forget(desk: PhotoBatch) -> None:
    intake.forget_all(desk)
    st.session_state.pop(PACKING, None)
    st.session_state.pop(_OPEN, None)


def _zip_button(photos: list[Photo], blurred: bool, *, still_checking: bool) -> None:
    asked = ([(photo.key, photo.found) for photo in photos], drawn_labels(), blurred)
    kept: tuple[object, Packer] | None = st.session_state.get(PACKING)
    if kept is not None and kept[0] != asked:
        # of other photos or settings than those that are shown
        del st.session_state[PACKING]
        kept = None
    if kept is not None and kept[1].content is not None:
        st.download_button(
            t("photo.zip_ready"),
            kept[1].content,
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
        on_click=_begin_packing,
        args=(asked, photos, blurred),
        disabled=still_checking or kept is not None,
        key="pack",
    )


def _begin_packing(asked: object, photos: list[Photo], blurred: bool) -> None:
    st.session_state[PACKING] = (asked, Packer(photos, drawn_labels(), blurred=blurred))


def _check_some(desk: PhotoBatch, detector: MaskDetector, options: PhotoOptions) -> None:
    bar = st.progress(0.0)

    def tell(photo: Photo, n_before: int) -> None:
        name = theme.plain(photo.name, max_chars=30)
        words = t("photo.progress", n=n_before + 1, total=len(desk), name=name)
        bar.progress(n_before / len(desk), words)

    desk.work(detector, options.smallest, SLICE_S, tell)
    st.rerun()


def _pack_some() -> None:
    kept: tuple[object, Packer] | None = st.session_state.get(PACKING)
    if kept is None or kept[1].content is not None:
        return
    packer = kept[1]
    words = t("photo.packing", n=packer.n_done, total=packer.n_photos)
    st.progress(packer.n_done / packer.n_photos, words)
    packer.work(SLICE_S)
    st.rerun()
