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
from maskdet_app.ui.i18n import say
from maskdet_core import LiveProcessor, LiveStats, Places

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
        "start": say("live.start"),
        "stop": say("live.stop"),
        "select_device": say("webrtc.select_device"),
        "select_camera": say("webrtc.select_camera"),
        "turn_camera_on": say("webrtc.turn_camera_on"),
        "turn_camera_off": say("webrtc.turn_camera_off"),
        "media_api_not_available": say("webrtc.media_api_not_available"),
        "device_ask_permission": say("webrtc.device_ask_permission"),
        "device_not_available": say("webrtc.device_not_available"),
        "device_access_denied": say("webrtc.device_access_denied"),
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
            say("live.bad_ice", reason=theme.plain(str(error), 200)), icon=":material/settings:"
        )
    except TurnError:
        st.info(say("live.no_relay"), icon=":material/hub:")
    return ice.without_relay(url)


def show_status(live: LiveProcessor, room: Places, state: Any, alert: Alert) -> None:
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
        st.caption(say("live.timeline"))
        st.fragment(_timeline, run_every=TIMELINE_S)(live)
    elif state.signalling:
        st.fragment(_connecting, run_every=REFRESH_S)()
    else:
        _counts(say("live.idle_title"), say("live.idle"), LiveStats())


def show_full(room: Places) -> None:
    """Say kindly that all places are taken, what to do meanwhile, and let in when one is free."""
    with st.container(border=True):
        st.header(say("live.full_title"), anchor=False)
        st.markdown(say("live.full"))
        st.page_link("pages/photo.py", label=say("live.way_out"), icon=":material/photo_camera:")
        st.fragment(_wait, run_every=WAIT_S)(room)


def _wait(room: Places) -> None:
    if room.has_room:
        st.rerun(scope="app")
    st.caption(say("live.full_waiting"))


def _connecting() -> None:
    if _took_too_long():
        _show_no_way()
    else:
        _counts(say("live.connecting_title"), say("live.connecting"), LiveStats())


def _took_too_long() -> bool:
    began = st.session_state.get(_BEGAN)
    return began is not None and time.monotonic() - began > CONNECT_S


def _show_no_way() -> None:
    st.header(say("live.no_way_title"), anchor=False)
    st.warning(say("live.no_way"), icon=":material/wifi_off:")
    st.page_link("pages/photo.py", label=say("live.way_out"), icon=":material/photo_camera:")


def _running(live: LiveProcessor, room: Places, alert: Alert) -> None:
    stats = live.snapshot()
    if stats.refused:
        st.rerun(scope="app")
    if farewell.is_leaving():
        st.warning(say("live.leaving"), icon=":material/power_settings_new:")
    if stats.verdict_age_s is None and _took_too_long():
        _show_no_way()
        return
    if stats.verdict_age_s is None or stats.verdict_age_s > STALE_S:
        _counts(say("live.waiting_title"), say("live.waiting"), LiveStats(errors=stats.errors))
        return
    n_faces = stats.n_with + stats.n_without + stats.n_not_sure
    _counts(say("live.on_title"), "" if n_faces else say("live.no_face"), stats)
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
        st.caption(say("live.errors", n=stats.errors))


def _readouts(stats: LiveStats, room: Places) -> None:
    age_s = stats.verdict_age_s or 0.0
    st.html(
        theme.readouts_html(
            (
                (say("live.fps"), f"{stats.fps_in:.0f} → {stats.fps:.0f}", say("live.fps_help")),
                (say("live.latency"), f"{stats.latency_ms:.0f} ms", say("live.latency_help")),
                (say("live.age"), f"{age_s:.1f} s", say("live.age_help")),
                (
                    say("live.viewers"),
                    say("live.viewers_of", n=room.n_taken, most=room.n_places),
                    say("live.viewers_help"),
                ),
            )
        )
    )
    st.progress(room.load, text=say("live.load", percent=round(100 * room.load)))
