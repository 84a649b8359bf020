"""The ways in: photos from the visitor's device, a snapshot, the samples."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ops import malloc_trim as memory
from maskdet_app.photo.batch import MAX_PHOTOS, MAX_TOTAL_BYTES, PhotoBatch
from maskdet_app.ui.i18n import t
from maskdet_core.decode import MAX_BYTES

TYPES: Final = ("jpg", "jpeg", "png", "webp", "heic", "heif")
SAMPLES: Final = Path(__file__).parent / "samples"
SAMPLE_NAMES: Final = ("bare", "masked", "hand")
_TAKEN: Final = "intake_taken"
_ROUND: Final = "intake_round"
_REFUSED: Final = "intake_refused"


class UploadedPhoto(Protocol):
    """What is used of Streamlit's UploadedFile."""

    name: str
    file_id: str

    def getvalue(self) -> bytes:
        """The file's content."""
        ...


def show(desk: PhotoBatch) -> None:
    """Draw the ways in, and put on the desk what came by them."""
    number = st.session_state.setdefault(_ROUND, 0)
    key = f"photos-{number}"
    uploads = st.file_uploader(
        t("photo.upload", mb=MAX_BYTES // 1_000_000),
        type=TYPES,
        accept_multiple_files=True,
        key=key,
        on_change=_let_go,
        args=(desk, key),
    )
    _take(desk, uploads)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("photo.samples"), icon=":material/auto_awesome:", key="samples"):
            _add_samples(desk)
        by_camera = st.toggle(t("photo.camera"), key="camera", bind="query-params")
    if by_camera:
        shot = st.camera_input(t("photo.camera_label"), key=f"shot-{number}")
        if shot is not None:
            data = shot.getvalue()
            name = t("photo.camera_name", n=len(desk) + 1)
            _add(desk, f"shot-{hashlib.sha256(data).hexdigest()[:16]}", name, data)
    n_refused = st.session_state.get(_REFUSED, 0)
    if n_refused:
        st.warning(
            t("photo.full", n=n_refused, most=MAX_PHOTOS, mb=MAX_TOTAL_BYTES // 1_000_000),
            icon=":material/inventory_2:",
        )
    st.caption(t("photo.note"))


def forget_all(desk: PhotoBatch) -> None:
    """Clear the desk, the uploader, and what Streamlit holds of both; for a button's callback."""
    desk.clear()
    st.session_state[_TAKEN] = set()
    st.session_state[_REFUSED] = 0
    # A widget of another key is a new, empty one.
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    # Streamlit would keep the files of the old one until the session ends.
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
    memory.give_back_soon()


def _take(desk: PhotoBatch, uploads: Sequence[UploadedPhoto]) -> None:
    # What was taken once is not taken again, or a photo that was removed would come back.
    taken: set[str] = st.session_state.setdefault(_TAKEN, set())
    for upload in uploads:
        if upload.file_id not in taken:
            taken.add(upload.file_id)
            _add(desk, upload.file_id, upload.name, upload.getvalue())


def _add(desk: PhotoBatch, key: str, name: str, data: bytes) -> None:
    if not desk.add(key, name, data):
        st.session_state[_REFUSED] = st.session_state.get(_REFUSED, 0) + 1


def _let_go(desk: PhotoBatch, key: str) -> None:
    """Forget what the visitor took out of the uploader.

    Only in the widget's own callback: the uploader is empty as well when somebody comes back from
    another page, and their photos are to be there still.
    """
    listed = {upload.file_id for upload in st.session_state[key]}
    taken: set[str] = st.session_state.setdefault(_TAKEN, set())
    gone = taken - listed
    desk.remove(*gone)
    taken -= gone


def _add_samples(desk: PhotoBatch) -> None:
    for name in SAMPLE_NAMES:
        data = (SAMPLES / f"{name}.jpg").read_bytes()
        _add(desk, f"sample-{name}", t(f"photo.sample_{name}"), data)
