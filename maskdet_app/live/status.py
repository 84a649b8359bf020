"""What stands beside the live picture, kept fresh without touching the stream."""

import time
from typing import Any, Final

import streamlit as st
from streamlit_webrtc.config import Translations

from maskdet_app.live import charts as live_charts
from maskdet_app.live import ice
from maskdet_app.live import options as live_options
from maskdet_app.live.options import Alert
from maskdet_app.live.turn import TurnError
from maskdet_app.ops import shutdown as farewell
from maskdet_app.ui import theme
from maskdet_app.ui.i18n import t
from maskdet_core import LiveProcessor, LiveStats
from maskdet_core.live import AdmissionControl

REFRESH_S: Final = 0.5
TIMELINE_S: Final = 2.0
"""Charts cost the server more than numbers."""
WAIT_S: Final = 2.0
"""How often somebody who waits for a place is looked after."""
STALE_S: Final = 3.0
"""Counts older than this are no longer shown as the present."""
CONNECT_S: Final = 12.0
"""A way that has not been found by then is hardly ever found later."""
_BEGAN: Final = "live_began"
VIDEO_ATTRIBUTES: Final[dict[str, Any]] = {
    "autoPlay": True,
    "controls": False,
    "muted": True,
    # Without it phones from Apple open the video full screen.
    "playsInline": True,
    "style": {"width": "100%", "borderRadius": "10px", "background": "#0F171E"},
}


def webrtc_words() -> Translations:
    """What streamlit-webrtc writes on its buttons and into its messages."""
    return {
        "start": t("live.start"),
        "stop": t("live.stop"),
        "select_device": t("webrtc.select_device"),
        "select_camera": t("webrtc.select_camera"),
        "turn_camera_on": t("webrtc.turn_camera_on"),
        "turn_camera_off": t("webrtc.turn_camera_off"),
        "media_api_not_available": t("webrtc.media_api_not_available"),
        "device_ask_permission": t("webrtc.device_ask_permission"),
        "device_not_available": t("webrtc.device_not_available"),
        "device_access_denied": t("webrtc.device_access_denied"),
    }


def clear_the_frame() -> None:
    """Leave nothing on the page but the picture, for a frame on somebody's page or a kiosk."""
    # as wide as a picture of 4 to 3 can be without being higher than the frame
    st.html(
        "<style>.block-container { padding: 0; margin: auto; max-width: calc(100vh * 4 / 3); }"
        "[data-testid=stHeader] { display: none; }</style>"
    )


def ask_for_servers(url: str | None) -> dict[str, Any]:
    """The configuration of this visit's video link; says where it is not as it was set."""
    try:
        return ice.rtc_configuration(url, in_use=_BEGAN in st.session_state)
    except ValueError as error:
        st.warning(
            t("live.bad_ice", reason=theme.plain(str(error), 200)), icon=":material/settings:"
        )
    except TurnError:
        st.info(t("live.no_relay"), icon=":material/hub:")
    return ice.without_relay(url)


def show_status(live: LiveProcessor, room: AdmissionControl, state: Any, alert: Alert) -> None:
    """Draw the status panel; while the camera runs it redraws itself, and only itself.

    Args:
        live: whose statistics are shown.
        room: how many others there are.
        state: streamlit-webrtc's ``playing`` and ``signalling``.
        alert: how to say that somebody wears no mask.
    """
    if state.playing or state.signalling:
        st.session_state.setdefault(_BEGAN, time.monotonic())
    else:
        st.session_state.pop(_BEGAN, None)
    if state.playing:
        st.fragment(_running, run_every=REFRESH_S)(live, room, alert)
        live_options.snapshot_button(live)
        st.caption(t("live.timeline"))
        st.fragment(_timeline, run_every=TIMELINE_S)(live)
    elif state.signalling:
        st.fragment(_connecting, run_every=REFRESH_S)()
    else:
        _counts(t("live.idle_title"), t("live.idle"), LiveStats())


def show_full(room: AdmissionControl) -> None:
    """Say kindly that all places are taken, what to do meanwhile, and let in when one is free."""
    with st.container(border=True):
        st.header(t("live.full_title"), anchor=False)
        st.markdown(t("live.full"))
        st.page_link("pages/photo.py", label=t("live.way_out"), icon=":material/photo_camera:")
        st.fragment(_wait, run_every=WAIT_S)(room)


def _wait(room: AdmissionControl) -> None:
    if room.has_capacity:
        st.rerun(scope="app")
    st.caption(t("live.full_waiting"))


def _connecting() -> None:
    if _took_too_long():
        _show_no_way()
    else:
        _counts(t("live.connecting_title"), t("live.connecting"), LiveStats())


def _took_too_long() -> bool:
    began = st.session_state.get(_BEGAN)
    return began is not None and time.monotonic() - began > CONNECT_S


def _show_no_way() -> None:
    st.header(t("live.no_way_title"), anchor=False)
    st.warning(t("live.no_way"), icon=":material/wifi_off:")
    st.page_link("pages/photo.py", label=t("live.way_out"), icon=":material/photo_camera:")


def _running(live: LiveProcessor, room: AdmissionControl, alert: Alert) -> None:
    stats = live.snapshot()
    if stats.rejected:
        st.rerun(scope="app")
    if farewell.is_draining():
        st.warning(t("live.leaving"), icon=":material/power_settings_new:")
    if stats.verdict_age_s is None and _took_too_long():
        _show_no_way()
        return
    if stats.verdict_age_s is None or stats.verdict_age_s > STALE_S:
        _counts(t("live.waiting_title"), t("live.waiting"), LiveStats(errors=stats.errors))
        return
    n_faces = stats.n_with + stats.n_without + stats.n_not_sure
    _counts(t("live.on_title"), "" if n_faces else t("live.no_face"), stats)
    live_options.show_alert(alert, stats.n_without)
    _readouts(stats, room)


def _timeline(live: LiveProcessor) -> None:
    st.altair_chart(live_charts.timeline(live.snapshot().timeline), key="live_timeline")


def _counts(title: str, note: str, stats: LiveStats) -> None:
    st.header(title, anchor=False)
    st.html(theme.count_tiles_html(stats.n_with, stats.n_without, stats.n_not_sure))
    # Always drawn, so that nothing below it jumps when the note comes and goes.
    st.caption(note or "\u00a0")
    if stats.errors:
        st.caption(t("live.errors", n=stats.errors))


def _readouts(stats: LiveStats, room: AdmissionControl) -> None:
    age_s = stats.verdict_age_s or 0.0
    st.html(
        theme.readouts_html(
            (
                (t("live.fps"), f"{stats.fps_in:.0f} → {stats.fps:.0f}", t("live.fps_help")),
                (t("live.latency"), f"{stats.latency_ms:.0f} ms", t("live.latency_help")),
                (t("live.age"), f"{age_s:.1f} s", t("live.age_help")),
                (
                    t("live.viewers"),
                    t("live.viewers_of", n=room.n_active, most=room.capacity),
                    t("live.viewers_help"),
                ),
            )
        )
    )
    st.progress(room.load, text=t("live.load", percent=round(100 * room.load)))
