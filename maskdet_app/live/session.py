"""What a session of the live page keeps: its processor, and the alerts that it raises."""

from typing import Final

import streamlit as st

from maskdet_app.ops.live_streams import alert_channels
from maskdet_app.ops.live_streams.alert_channels import LiveChannels, SessionOutlet
from maskdet_app.ops.live_streams.inference_worker import worker
from maskdet_app.ops.observability.prometheus import LiveMetrics
from maskdet_core import LiveProcessor, MaskDetector
from maskdet_core.alerts.session import SessionAlerts
from maskdet_core.live import AdmissionControl

_METER: Final = LiveMetrics()
_PROCESSOR: Final = "live_processor"
_ALERTS: Final = "live_alerts"


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


def raise_alerts(processor: LiveProcessor, *, tells: bool) -> bool:
    """Let this session raise alerts that leave the page, where the operator allows it.

    Args:
        processor: the session's.
        tells: whether the page says so. One that says nothing sends nothing.

    Returns:
        Whether it does.
    """
    channels = alert_channels.live() if tells else None
    if channels is None:
        processor.set_observer(None)
        return False
    kept: tuple[LiveChannels, SessionAlerts] | None = st.session_state.get(_ALERTS)
    if kept is None or kept[0] is not channels:
        kept = (channels, SessionAlerts(channels.next_name, SessionOutlet(channels)))
        st.session_state[_ALERTS] = kept
    processor.set_observer(kept[1])
    return True
