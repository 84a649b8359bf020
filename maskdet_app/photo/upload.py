"""Photos in: file upload, camera snapshot, samples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ops import malloc, upload_memory
from maskdet_app.ops.upload_quota import QUOTA
from maskdet_app.photo.batch import MAX_PHOTOS, MAX_TOTAL_BYTES, PhotoBatch
from maskdet_app.ui import containers
from maskdet_app.ui.i18n import t
from maskdet_core.pictures.decode import MAX_BYTES
from maskdet_core.pictures.picture_format import PICTURE_SUFFIXES

# Also where the app runs without server.py.
upload_memory.keep_uploads_in_memory()

FILE_TYPES: Final = tuple(suffix.removeprefix(".") for suffix in PICTURE_SUFFIXES)
SAMPLES_FOLDER: Final = Path(__file__).parent / "samples"
SAMPLE_NAMES: Final = ("bare", "masked", "hand")
_ADDED_IDS: Final = "upload_added_ids"
_GENERATION: Final = "upload_generation"
_N_REJECTED: Final = "upload_n_rejected"


class UploadedPhoto(Protocol):
    """The used part of Streamlit's UploadedFile."""

    name: str
    file_id: str

    def getvalue(self) -> bytes:
        """Content of the file."""
        ...


def show(batch: PhotoBatch) -> None:
    """Draw the widgets and add what they hold to the batch."""
    uploader, buttons, camera, quota_note, full_note, note = containers.reserve(6)
    context = get_script_run_ctx()
    if context is not None:
        QUOTA.hold_in(context.session_id, batch)
    generation = st.session_state.setdefault(_GENERATION, 0)
    key = f"photos-{generation}"
    uploads = uploader.file_uploader(
        t("photo.upload", mb=MAX_BYTES // 1_000_000),
        type=FILE_TYPES,
        accept_multiple_files=True,
        max_upload_size=MAX_BYTES // 1_000_000,
        key=key,
        on_change=_remove_deselected,
        args=(batch, key),
    )
    _add_uploads(batch, uploads)
    with buttons.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("photo.samples"), icon=":material/auto_awesome:", key="samples"):
            _add_samples(batch)
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
    note.caption(t("photo.note"))


def remove_all(batch: PhotoBatch) -> None:
    """Clear the batch, which can be undone, and the widgets; free what Streamlit holds of them.

    For the callback of a button: a widget's key must not change while the page is being drawn.
    """
    batch.remove_all()
    st.session_state[_ADDED_IDS] = set()
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


def _add(batch: PhotoBatch, key: str, name: str, data: bytes) -> None:
    if not batch.add(key, name, data):
        st.session_state[_N_REJECTED] = st.session_state.get(_N_REJECTED, 0) + 1


def _remove_deselected(batch: PhotoBatch, key: str) -> None:
    """Remove the photos that the visitor removed from the uploader.

    Only in the widget's own callback: the uploader is empty too when the visitor returns from
    another page, and then the photos must stay.
    """
    selected = {upload.file_id for upload in st.session_state[key]}
    added: set[str] = st.session_state.setdefault(_ADDED_IDS, set())
    deselected = added - selected
    batch.remove(*deselected)
    added -= deselected
    context = get_script_run_ctx()
    if deselected and context is not None:
        QUOTA.clear_refusal(context.session_id)


def _add_samples(batch: PhotoBatch) -> None:
    for name in SAMPLE_NAMES:
        data = (SAMPLES_FOLDER / f"{name}.jpg").read_bytes()
        _add(batch, f"sample-{name}", t(f"photo.sample_{name}"), data)
