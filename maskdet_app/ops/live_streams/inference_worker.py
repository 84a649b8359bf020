"""The inference worker that all live streams of this server share."""

import gc

import streamlit as st

from maskdet_core.live import InferenceWorker


@st.cache_resource(show_spinner=False)
def worker() -> InferenceWorker:
    """The server's inference worker.

    While the garbage collector runs, every thread waits. What is loaded by now, modules and
    networks, stays for good: frozen, it is scanned no more.
    """
    gc.collect()
    gc.freeze()
    return InferenceWorker()
