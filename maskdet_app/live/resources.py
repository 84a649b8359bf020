"""What all live viewers of this server share: one worker, and the places before it."""

import gc
from typing import Final

import streamlit as st

from maskdet_app.ops import metrics as monitoring
from maskdet_app.ops.settings import setting
from maskdet_core import LiveProcessor, MaskDetector
from maskdet_core.live import AdmissionControl, InferenceWorker

MAX_VIEWERS: Final = "MASKDET_MAX_VIEWERS"
"""Environment variable or Streamlit secret: most live viewers at once; without it the server goes
by what it measures."""
_METER: Final = monitoring.LiveMetrics()
_SLOT: Final = "live_processor"


@st.cache_resource(show_spinner=False)
def worker() -> InferenceWorker:
    """The server's one worker for live verdicts.

    Streamlit has the garbage collector go through everything after each run of a page, and a live
    page runs twice a second for each viewer: with all modules and networks among it this took half
    of a core for three viewers, with every thread waiting. What is there by now stays for good, so
    it is set aside.
    """
    gc.collect()
    gc.freeze()
    return InferenceWorker()


@st.cache_resource(show_spinner=False)
def _admission(limit: int | None) -> AdmissionControl:
    found = AdmissionControl(limit, is_overloaded=lambda: worker().is_overloaded)
    monitoring.watch(found)
    return found


def admission() -> AdmissionControl:
    """The server's places for live viewers.

    Raises:
        ValueError: `MAX_VIEWERS` is no whole number of 1 or more.
    """
    value = setting(MAX_VIEWERS)
    if value is None:
        return measured_admission()
    try:
        limit = int(value)
    except (TypeError, ValueError):
        limit = 0
    if limit < 1:
        raise ValueError(f"expected a whole number of 1 or more, got {value!r}")
    return _admission(limit)


def measured_admission() -> AdmissionControl:
    """As many places as the processor time of the viewers says."""
    return _admission(None)


def processor(detector: MaskDetector, room: AdmissionControl) -> LiveProcessor:
    """This visitor's processor, made anew only when detector or places are others."""
    kept = st.session_state.get(_SLOT)
    if kept is None or kept[0] is not detector or kept[1] is not room:
        if kept is not None:
            kept[2].stop()
        kept = (detector, room, LiveProcessor(detector, worker(), room, meter=_METER))
        st.session_state[_SLOT] = kept
    found: LiveProcessor = kept[2]
    return found
