"""Photos in: file upload, camera snapshot, samples."""

import base64
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, Protocol

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ops.limits import upload_memory
from maskdet_app.ops.limits.upload_quota import QUOTA
from maskdet_app.ops.process import malloc
from maskdet_app.photo.batch import MAX_PHOTOS, MAX_TOTAL_BYTES, PhotoBatch
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import t
from maskdet_core.pictures.decode import MAX_BYTES
from maskdet_core.pictures.picture_format import PICTURE_SUFFIXES

# Also where the app runs without server.py.
upload_memory.keep_uploads_in_memory()

FILE_TYPES: Final = tuple(suffix.removeprefix(".") for suffix in PICTURE_SUFFIXES)
SAMPLES_FOLDER: Final = Path(__file__).parent / "samples"
SAMPLE_NAMES: Final = ("bare", "masked", "hand")
_THUMBNAIL_PX: Final = (240, 300)
"""At most, width and height: twice what the style sheet shows, for dense screens."""
_MAX_MB: Final = MAX_BYTES // 1_000_000
_ADDED_IDS: Final = "upload_added_ids"
_SHOWN_IDS: Final = "upload_shown_ids"
_GENERATION: Final = "upload_generation"
_N_REJECTED: Final = "upload_n_rejected"


class UploadedPhoto(Protocol):
    """The used part of Streamlit's UploadedFile."""

    name: str
    file_id: str

    def getvalue(self) -> bytes:
        """Content of the file."""
        ...


def show(batch: PhotoBatch) -> DeltaGenerator:
    """Draw the widgets and add what they hold to the batch.

    Returns:
        The place for the options, beside the other widgets.
    """
    bar, camera, quota_note, full_note = containers.reserve(4)
    with bar.container(key="photo-bar"):
        drop_area, sources, options = containers.reserve(3)
    with drop_area.container(key="drop-area"):
        uploader, drop_words = containers.reserve(2)
    context = get_script_run_ctx()
    if context is not None:
        QUOTA.hold_in(context.session_id, batch)
    generation = st.session_state.setdefault(_GENERATION, 0)
    key = f"photos-{generation}"
    uploads = uploader.file_uploader(
        t("photo.upload", mb=_MAX_MB),
        type=FILE_TYPES,
        accept_multiple_files=True,
        max_upload_size=_MAX_MB,
        label_visibility="collapsed",
        key=key,
        on_change=_remove_deselected,
        args=(batch, key),
    )
    _add_uploads(batch, uploads)
    _show_drop_words(drop_words)
    with sources.container(horizontal=True, vertical_alignment="center", key="sources"):
        samples = st.container(width="content")
        if not len(batch):
            with samples:
                _show_samples(batch)
        use_camera = st.toggle(t("photo.camera"), key="camera", bind="query-params")
    if use_camera:
        snapshot = camera.camera_input(t("photo.camera_label"), key=f"shot-{generation}")
        if snapshot is not None:
            name = t("photo.camera_name", n=len(batch) + 1)
            _add(batch, snapshot.file_id, name, snapshot.getvalue())
    _show_refusal(quota_note)
    n_rejected = st.session_state.get(_N_REJECTED, 0)
    if n_rejected:
        full_note.warning(
            t("photo.full", n=n_rejected, most=MAX_PHOTOS, mb=MAX_TOTAL_BYTES // 1_000_000),
            icon=":material/inventory_2:",
        )
    return options


def _show_drop_words(place: DeltaGenerator) -> None:
    drop, choose = t("photo.drop"), t("photo.choose")
    details = t("photo.formats", mb=_MAX_MB)
    place.html(theme.drop_words_html("add_photo_alternate", drop, choose, details))


def _show_samples(batch: PhotoBatch) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(horizontal=True, width="content"):
            for name in SAMPLE_NAMES:
                _show_sample(batch, name)
        st.button(
            t("photo.samples"),
            icon=":material/auto_awesome:",
            on_click=_add_samples,
            args=(batch, *SAMPLE_NAMES),
            key="samples",
        )


def _show_sample(batch: PhotoBatch, name: str) -> None:
    # The style sheet spreads the button over the picture.
    with st.container(width="content", gap=None, key=f"sample-{name}"):
        st.html(f'<img alt="" src="data:image/jpeg;base64,{_thumbnail(name)}">')
        st.button(
            t(f"photo.sample_{name}"),
            type="tertiary",
            on_click=_add_samples,
            args=(batch, name),
            key=f"try-{name}",
        )


@cache
def _thumbnail(name: str) -> str:
    """A sample, small, as JPEG in base64."""
    with Image.open(SAMPLES_FOLDER / f"{name}.jpg") as picture:
        picture.thumbnail(_THUMBNAIL_PX)
        small = io.BytesIO()
        picture.save(small, "JPEG", quality=80)
    return base64.b64encode(small.getvalue()).decode()


def remove_all(batch: PhotoBatch) -> None:
    """Clear the batch, which can be undone, and the widgets; free what Streamlit holds of them.

    For the callback of a button: a widget's key must not change while the page is being drawn.
    """
    batch.remove_all()
    st.session_state[_ADDED_IDS] = set()
    st.session_state[_SHOWN_IDS] = set()
    st.session_state[_N_REJECTED] = 0
    # A widget with another key is a new, empty one.
    st.session_state[_GENERATION] = st.session_state.get(_GENERATION, 0) + 1
    # Streamlit would keep the files of the previous widget until the session ends.
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
        QUOTA.clear_refusal(context.session_id)
    malloc.trim_soon()


def _show_refusal(note: DeltaGenerator) -> None:
    context = get_script_run_ctx()
    refusal = QUOTA.refusal(context.session_id) if context is not None else None
    if refusal is not None:
        mb = QUOTA.limits.of(refusal.bound) // 1_000_000
        note.warning(
            t("photo.quota", n=refusal.n) + " " + t(f"photo.quota_{refusal.bound}", mb=mb),
            icon=":material/inventory_2:",
        )


def _add_uploads(batch: PhotoBatch, uploads: Sequence[UploadedPhoto]) -> None:
    # Each upload is added once only, or a removed photo would come back with the next run.
    added: set[str] = st.session_state.setdefault(_ADDED_IDS, set())
    for upload in uploads:
        if upload.file_id not in added:
            added.add(upload.file_id)
            _add(batch, upload.file_id, upload.name, upload.getvalue())
    st.session_state[_SHOWN_IDS] = {upload.file_id for upload in uploads}


def _add(batch: PhotoBatch, key: str, name: str, data: bytes) -> None:
    if not batch.add(key, name, data):
        st.session_state[_N_REJECTED] = st.session_state.get(_N_REJECTED, 0) + 1


def _remove_deselected(batch: PhotoBatch, key: str) -> None:
    """Remove the photos that the visitor removed from the uploader.

    Only in the widget's own callback, and only those that it showed: the uploader is empty too when
    the visitor returns from another page, and then the photos must stay.
    """
    selected = {upload.file_id for upload in st.session_state[key]}
    deselected: set[str] = st.session_state.get(_SHOWN_IDS, set()) - selected
    batch.remove(*deselected)
    context = get_script_run_ctx()
    if deselected and context is not None:
        QUOTA.clear_refusal(context.session_id)


def _add_samples(batch: PhotoBatch, *names: str) -> None:
    for name in names:
        data = (SAMPLES_FOLDER / f"{name}.jpg").read_bytes()
        _add(batch, f"sample-{name}", t(f"photo.sample_{name}"), data)
