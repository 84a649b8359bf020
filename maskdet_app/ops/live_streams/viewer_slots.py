"""The slots of live viewers, for visitors and network cameras, by the operator's setting."""

from typing import Final

import streamlit as st

from maskdet_app.ops.live_streams.inference_worker import worker
from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.observability.prometheus import watch
from maskdet_app.ops.settings.lookup import setting
from maskdet_core.live import AdmissionControl

MAX_VIEWERS: Final = "MASKDET_MAX_VIEWERS"
"""Environment variable or Streamlit secret: most live viewers at once; without it the server
measures."""


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


def usable_admission() -> AdmissionControl:
    """As `admission`; an invalid setting is logged, and the server measures."""
    try:
        return admission()
    except ValueError as error:
        operator_log.log_once(f"{MAX_VIEWERS}: {error}")
        return _admission(None)


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
