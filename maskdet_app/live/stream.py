"""The stream's component, and how it comes back by itself when its server is gone.

A visit lives in one server's memory. When that server dies, the browser comes to another one with
the same address, which says that the video ran, and a component that believes that it still does:
it is stopped and started anew. Stopped first in any case: told to run while the page is still being
drawn, the component begins several connections at once, of which none comes about.
"""

import logging
import time
from typing import Any, Final, Literal

import streamlit as st
import streamlit_webrtc

from maskdet_app.live import options as live_options
from maskdet_app.live import status as live_view
from maskdet_app.ops import metrics as monitoring
from maskdet_app.ops.rate_limit import RateLimiter
from maskdet_app.ui import query_params
from maskdet_app.ui.i18n import t
from maskdet_core import LiveProcessor

_LOG: Final = logging.getLogger(__name__)
STARTS: Final = (12, 1 / 15)
"""Starts of one address at once, and a second after that: each costs the server a connection."""
STOP_S: Final = 0.8
"""The browser needs a moment to close what it had."""
GIVE_UP_S: Final = 20.0
_MET: Final = "stream_met"
_STEP: Final = "stream_step"
_ACTIVE: Final = "stream_active"
_HELD_UNTIL: Final = "stream_held_until"

Step = Literal["stop", "start"]


@st.cache_resource(show_spinner=False)
def _starts() -> RateLimiter:
    return RateLimiter(*STARTS)


def show(
    processor: LiveProcessor, rtc_configuration: dict[str, Any], facing: str, *, alone: bool = False
) -> Any:
    """Draw the component and bring its state on.

    Args:
        processor: gets the frames.
        rtc_configuration: as browsers take it.
        facing: which camera, as browsers call it.
        alone: without buttons: it starts by itself, whenever it does not run.

    Returns:
        streamlit-webrtc's ``playing`` and ``signalling``.
    """
    if _MET not in st.session_state:
        st.session_state[_MET] = True
        if alone or query_params.read_all(query_params.RUN, [query_params.RUNNING]):
            _set_step("stop")
    step = _step()
    context = streamlit_webrtc.webrtc_streamer(
        key="live",
        mode=streamlit_webrtc.WebRtcMode.SENDRECV,
        # Set even when empty: otherwise the library asks servers of its own choice.
        rtc_configuration=rtc_configuration,
        media_stream_constraints=live_options.constraints(facing),
        video_frame_callback=processor.recv,
        on_video_ended=processor.stop,
        # The callback only follows and draws, a few ms; a thread of its own for it would hand
        # back each picture one or two pictures later.
        async_processing=False,
        media_toggle_controls=False,
        desired_playing_state=_wanted(step, alone=alone),
        translations=live_view.webrtc_words(),
        video_html_attrs=live_view.VIDEO_ATTRIBUTES,
    )
    state = context.state
    active = bool(state.playing or state.signalling)
    if step == "stop":
        st.fragment(_then_start, run_every=STOP_S)()
    elif step is None or state.playing:
        query_params.write(query_params.RUN, [query_params.RUNNING] if state.playing else [])
        if step is not None:
            # the buttons come back
            _set_step(None)
            st.rerun()
        if alone and not active:
            _set_step("stop")
            st.rerun()
    _count_start(active)
    return state


def is_held() -> bool:
    """Say so where this address has started too often, and look again in a while."""
    if _held_s() <= 0:
        return False
    st.fragment(_wait, run_every=1.0)()
    return True


def _held_s() -> float:
    until: float = st.session_state.get(_HELD_UNTIL, 0.0)
    return until - time.monotonic()


def _wait() -> None:
    left_s = _held_s()
    if left_s <= 0:
        st.rerun(scope="app")
    st.info(t("live.held", seconds=f"{left_s:.0f}"), icon=":material/hourglass_top:")


def _wanted(step: Step | None, *, alone: bool) -> bool | None:
    if step is not None:
        return step == "start"
    return True if alone else None


def _step() -> Step | None:
    step, at = st.session_state.get(_STEP, (None, 0.0))
    # a camera that is refused now is not asked for again and again
    return None if time.monotonic() - at > GIVE_UP_S else step


def _set_step(step: Step | None) -> None:
    st.session_state[_STEP] = (step, time.monotonic())


def _then_start() -> None:
    step, at = st.session_state[_STEP]
    if step == "stop" and time.monotonic() - at >= STOP_S:
        _set_step("start")
        st.rerun(scope="app")


def _visitor() -> str:
    # Streamlit gives no address for visitors from the server's own machine
    return st.context.ip_address or ""


def _count_start(active: bool) -> None:
    if active == st.session_state.get(_ACTIVE, False):
        return
    _LOG.info("a stream %s", "starts" if active else "has ended")
    st.session_state[_ACTIVE] = active
    if not active:
        return
    wait_s = _starts().wait_s(_visitor())
    if wait_s:
        monitoring.REFUSED.labels("start").inc()
        _LOG.info("a start is refused for %.0f s", wait_s)
        st.session_state[_HELD_UNTIL] = time.monotonic() + wait_s
        st.session_state[_ACTIVE] = False
        st.rerun()
