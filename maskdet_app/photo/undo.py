"""The offer to undo "Remove all", for as long as it can be undone."""

from html import escape
from typing import Final

import streamlit as st

from maskdet_app.photo.batch import PhotoBatch
from maskdet_app.photo.removed import UNDO_S
from maskdet_app.ui.texts.i18n import t

_GRACE_S: Final = 0.3
"""After the photos' end the page looks again: not before it, since clocks and timers differ."""


def show(batch: PhotoBatch) -> None:
    """Draw note and button while photos can be brought back; they vanish by themselves."""
    seconds_left = batch.removed.seconds_left
    if seconds_left:
        st.fragment(_offer, run_every=seconds_left + _GRACE_S)(batch)


def _offer(batch: PhotoBatch) -> None:
    n_photos = len(batch.removed)
    if not n_photos:
        # a run of the whole page, which also ends the fragment
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="undo-removal"):
        said = t("photo.removed", n=n_photos, seconds=round(UNDO_S))
        st.html(f'<div role="status">{escape(said)}</div>', width="content")
        st.button(
            t("photo.undo"),
            icon=":material/undo:",
            on_click=_undo,
            args=(batch,),
            key="undo",
        )


def _undo(batch: PhotoBatch) -> None:
    batch.undo_remove_all()
