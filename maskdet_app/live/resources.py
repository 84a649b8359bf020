"""What the live viewers of this server share: one inference worker and one admission control."""

import gc
from typing import Final

import streamlit as st

from maskdet_app.ops.metrics import LiveMetrics, watch
from maskdet_app.ops.settings import setting
from maskdet_core import LiveProcessor, MaskDetector
from maskdet_core.live import AdmissionControl, InferenceWorker

MAX_VIEWERS: Final = "MASKDET_MAX_VIEWERS"
"""Environment variable or Streamlit secret: most live viewers at once; without it the server
measures."""
_METER: Final = LiveMetrics()
_PROCESSOR: Final = "live_processor"


@st.cache_resource(show_spinner=False)
def worker() -> InferenceWorker:
    """The server's inference worker.

    While the garbage collector runs, every thread waits. What is loaded by now, modules and
    networks, stays for good: frozen, it is scanned no more.
    """
    gc.collect()
    gc.freeze()
    return InferenceWorker()


@st.cache_resource(show_spinner=False)
def _admission(limit: int | None) -> AdmissionControl:
    made = AdmissionControl(
        limit, is_overloaded=lambda: worker().is_overloaded, demand=lambda: worker().demand
    )
    watch(made)
    return made


def admission() -> AdmissionControl:
    """The server's admission control, by its settings.

    Raises:
        ValueError: `MAX_VIEWERS` is not a whole number of 1 or more.
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
    """Admission control by measured processor time."""
    return _admission(None)


def processor(detector: MaskDetector, admission: AdmissionControl) -> LiveProcessor:
    """This session's processor; a new one when detector or admission control have changed."""
    kept = st.session_state.get(_PROCESSOR)
    if kept is None or kept[0] is not detector or kept[1] is not admission:
        if kept is not None:
            kept[2].stop()
        made = LiveProcessor(detector, worker(), admission, meter=_METER)
        kept = (detector, admission, made)
        st.session_state[_PROCESSOR] = kept
    found: LiveProcessor = kept[2]
    return found
