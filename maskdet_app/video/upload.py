"""Videos in: one at a time, by file upload."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ops.limits import upload_memory
from maskdet_app.ops.limits.upload_quota import QUOTA
from maskdet_app.ops.process import malloc
from maskdet_app.ui.browser.tab_state import tab_state
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.video.job import MAX_BYTES, MAX_LENGTH_S, VideoJob, patient
from maskdet_core.video.formats import VIDEO_SUFFIXES

# Also where the app runs without server.py.
upload_memory.keep_uploads_in_memory()

FILE_TYPES: Final = tuple(sorted(suffix.removeprefix(".") for suffix in VIDEO_SUFFIXES))
_VISIT: Final = "video_visit"
_GENERATION: Final = "video_generation"
_MB: Final = 1_000_000


@dataclass(slots=True, weakref_slot=True)
class VideoVisit:
    """A visitor's video, its check, and the film made of it.

    Attributes:
        file_id: of the upload; empty before the first.
        name: file name on the visitor's device; untrusted.
        data: content of the file.
        check: finds people; None before it begins.
        film: makes the annotated video; None until one is asked for.
        start_s: where the player begins.
    """

    file_id: str = ""
    name: str = ""
    data: bytes = b""
    check: VideoJob | None = None
    film: VideoJob | None = None
    start_s: float = 0.0

    def __contains__(self, file_id: str, /) -> bool:
        """Whether it holds this file: the video, or the film made of it."""
        if file_id == self.film_id:
            return self.film_bytes is not None
        return bool(self.data) and file_id == self.file_id

    @property
    def film_bytes(self) -> bytes | None:
        """The annotated video as MP4; None where none is there."""
        outcome = None if self.film is None else self.film.outcome
        return None if outcome is None else outcome.film

    @property
    def film_id(self) -> str:
        """Name of the film in the quota: uploads have none like it."""
        return f"film of {self.file_id}"

    def clear(self) -> None:
        """End what runs, and forget the video."""
        for job in (self.check, self.film):
            if job is not None:
                job.cancel()
        self.file_id = self.name = ""
        self.data, self.start_s = b"", 0.0
        self.check = self.film = None


def visit() -> VideoVisit:
    """This visitor's, which lives as long as the session, and is there after a reload."""
    made: VideoVisit = tab_state().setdefault(_VISIT, VideoVisit())
    return made


def show(current: VideoVisit) -> DeltaGenerator:
    """Draw the uploader, and take a new video from it.

    Returns:
        The place for the options, beside it.
    """
    bar, refusal = containers.reserve(2)
    # the keys are those of the photos: the style sheet makes both low once there are results
    with bar.container(key="photo-bar"):
        drop_area, options = containers.reserve(2)
    with drop_area.container(key="drop-area"):
        uploader, drop_words = containers.reserve(2)
    context = get_script_run_ctx()
    if context is not None:
        QUOTA.hold_in(context.session_id, current)
    key = f"video-{st.session_state.setdefault(_GENERATION, 0)}"
    most_mb, most_minutes = MAX_BYTES // _MB, round(MAX_LENGTH_S / 60)
    uploaded = uploader.file_uploader(
        t("video.upload", mb=most_mb, minutes=most_minutes),
        type=FILE_TYPES,
        max_upload_size=most_mb,
        label_visibility="collapsed",
        key=key,
        on_change=_remove_deselected,
        args=(current, key),
    )
    details = t("video.formats", mb=most_mb, minutes=most_minutes)
    drop, choose = t("video.drop"), t("video.choose")
    drop_words.html(theme.drop_words_html("movie", drop, choose, details))
    if uploaded is not None and uploaded.file_id != current.file_id:
        current.clear()
        if uploaded.size > MAX_BYTES:
            refusal.error(
                t("video.too_large", mb=most_mb, minutes=most_minutes),
                icon=":material/inventory_2:",
            )
        else:
            current.file_id, current.name = uploaded.file_id, uploaded.name
            current.data = uploaded.getvalue()
    refused = QUOTA.refusal(context.session_id) if context is not None else None
    if refused is not None:
        mb = QUOTA.limits.of(refused.bound) // _MB
        refusal.warning(t(f"photo.quota_{refused.bound}", mb=mb), icon=":material/inventory_2:")
    return options


def remove(current: VideoVisit) -> None:
    """Forget the video, and free what Streamlit holds of it; for the callback of a button."""
    context = get_script_run_ctx()
    if context is not None:
        # Streamlit would keep the file of the previous widget until the session ends
        context.uploaded_file_mgr.remove_session_files(context.session_id)
        QUOTA.clear_refusal(context.session_id)
    current.clear()
    # a widget with another key is a new, empty one
    st.session_state[_GENERATION] = st.session_state.get(_GENERATION, 0) + 1
    malloc.trim_soon()


def while_visited() -> Callable[[], bool]:
    """A function that tells in any thread whether this visitor is still there, or back soon."""
    context, tab = get_script_run_ctx(), tab_state()

    def is_connected() -> bool:
        return (
            context is None
            or not runtime.exists()
            # after a reload, another one
            or runtime.get_instance().is_active_session(tab.session_id)
        )

    return patient(is_connected)


def count_film(current: VideoVisit) -> None:
    """Count the annotated video of a visit, if there is one, beside its uploads."""
    context, film = get_script_run_ctx(), current.film_bytes
    if context is not None and film is not None:
        QUOTA.count_made(context.session_id, current.file_id, current.film_id, len(film))


def _remove_deselected(current: VideoVisit, key: str) -> None:
    """Forget the video when the visitor removes it, not when they return from another page."""
    if st.session_state[key] is None:
        current.clear()
