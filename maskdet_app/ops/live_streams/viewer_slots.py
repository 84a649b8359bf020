"""What live video of this server shares, of visitors and of network cameras: worker and places."""

import gc
from typing import Final

import streamlit as st

from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.observability.prometheus import watch
from maskdet_app.ops.settings.lookup import setting
from maskdet_core.live import AdmissionControl, InferenceWorker

MAX_VIEWERS: Final = "MASKDET_MAX_VIEWERS"
"""Environment variable or Streamlit secret: most live viewers at once; without it the server
measures."""


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
    return _admission(_limit())


def is_invalid() -> bool:
    """Whether the setting is invalid, and ignored by `usable_admission`."""
    try:
        _limit()
    except ValueError:
        return True
    return False


def measured_admission() -> AdmissionControl:
    """Admission control by measured processor time."""
    return _admission(None)


def usable_admission() -> AdmissionControl:
    """As `admission`; an invalid setting is logged and ignored."""
    try:
        return admission()
    except ValueError as error:
        operator_log.log_once(f"{MAX_VIEWERS}: {error}")
        return measured_admission()


def _limit() -> int | None:
    value = setting(MAX_VIEWERS)
    if value is None:
        return None
    try:
        limit = int(value)
    except (TypeError, ValueError):
        limit = 0
    if limit < 1:
        raise ValueError(f"expected a whole number of 1 or more, got {value!r}")
    return limit
