"""Decode visitors' photos in the server's decoder process, and work on a few of them at once.

The work ends with the visit: at once while a photo is decoded or waits for its turn.
"""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ops.process import malloc
from maskdet_core.cpu import N_THREADS, n_cores
from maskdet_core.errors import TransientImageError
from maskdet_core.pictures.decode import DecodedPhoto
from maskdet_core.pictures.decoder_process import DecoderProcess
from maskdet_core.pictures.picture_process import POLL_S
from maskdet_core.reasons import Problem

DECODER: Final = DecoderProcess()
"""The server's only one. Starts with the first photo, ends when idle and with the server."""
_PLACES: Final = threading.BoundedSemaphore(max(1, n_cores() // N_THREADS))
"""Photos that are decoded, checked or drawn at once, over all visitors: each takes up to 300 MB,
and keeps `N_THREADS` cores busy."""
_T = TypeVar("_T")


def stop_unwanted_run() -> None:
    """End this run of the page if its visitor has left, pressed Stop, or wants another run.

    Outside a run of the page nothing happens.
    """
    if get_script_run_ctx(suppress_warning=True) is not None:
        # Streamlit looks for such requests, and raises for them, whenever the state is read
        _ = "any" in st.session_state


def stop_after_visit() -> Callable[[], None]:
    """For downloads, which are made in threads of their own.

    Returns:
        A function that raises TransientImageError once the visitor has left for whom the page is
        being drawn now.
    """
    context = get_script_run_ctx()

    def stop() -> None:
        if (
            context is not None
            and runtime.exists()
            and not runtime.get_instance().is_active_session(context.session_id)
        ):
            raise TransientImageError("the visitor has left", Problem.INTERRUPTED)

    return stop


def with_decoded(
    data: bytes,
    work: Callable[[DecodedPhoto], _T],
    while_waiting: Callable[[], None] = stop_unwanted_run,
) -> _T:
    """Decode a photo and work on it, in one of few places; give the memory back afterwards.

    Args:
        data: content of the file.
        work: gets the decoded photo.
        while_waiting: called several times a second until the photo is decoded. What it raises
            ends the decoding at once.

    Returns:
        What ``work`` returns.

    Raises:
        ImageError: see `DecoderProcess.decode_photo`.
    """
    while not _PLACES.acquire(timeout=POLL_S):
        while_waiting()
    try:
        return work(DECODER.decode_photo(data, while_waiting))
    finally:
        malloc.trim_now()
        _PLACES.release()
