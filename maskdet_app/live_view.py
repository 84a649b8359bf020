"""What stands beside the live picture, kept fresh without touching the stream."""

from typing import Any, Final

import streamlit as st

from maskdet_app import live_charts, live_options, texts, theme
from maskdet_app.live_options import Alert
from maskdet_core import LiveProcessor, LiveStats, Places

REFRESH_S: Final = 0.5
TIMELINE_S: Final = 2.0
"""Charts cost the server more than numbers."""
WAIT_S: Final = 2.0
"""How often somebody who waits for a place is looked after."""
STALE_S: Final = 3.0
"""Counts older than this are no longer shown as the present."""
VIDEO_ATTRIBUTES: Final[dict[str, Any]] = {
    "autoPlay": True,
    "controls": False,
    "muted": True,
    # Without it phones from Apple open the video full screen.
    "playsInline": True,
    "style": {"width": "100%", "borderRadius": "10px", "background": "#0F171E"},
}


def show_status(live: LiveProcessor, room: Places, state: Any, alert: Alert) -> None:
    """Draw the status panel; while the camera runs it redraws itself, and only itself.

    Args:
        live: whose statistics are shown.
        room: how many others there are.
        state: streamlit-webrtc's ``playing`` and ``signalling``.
        alert: how to say that somebody wears no mask.
    """
    if state.playing:
        st.fragment(_running, run_every=REFRESH_S)(live, room, alert)
        live_options.snapshot_button(live)
        st.caption(texts.LIVE_TIMELINE)
        st.fragment(_timeline, run_every=TIMELINE_S)(live)
    elif state.signalling:
        _counts(texts.LIVE_CONNECTING_TITLE, texts.LIVE_CONNECTING, LiveStats())
    else:
        _counts(texts.LIVE_IDLE_TITLE, texts.LIVE_IDLE, LiveStats())


def show_full(room: Places) -> None:
    """Say kindly that all places are taken, what to do meanwhile, and let in when one is free."""
    with st.container(border=True):
        st.subheader(texts.FULL_TITLE, anchor=False)
        st.markdown(texts.FULL)
        st.page_link("pages/photo.py", label=texts.LIVE_WAY_OUT, icon=":material/photo_camera:")
        st.fragment(_wait, run_every=WAIT_S)(room)


def _wait(room: Places) -> None:
    if room.has_room:
        st.rerun(scope="app")
    st.caption(texts.FULL_WAITING)


def _running(live: LiveProcessor, room: Places, alert: Alert) -> None:
    stats = live.snapshot()
    if stats.refused:
        st.rerun(scope="app")
    if stats.verdict_age_s is None or stats.verdict_age_s > STALE_S:
        _counts(texts.LIVE_WAITING_TITLE, texts.LIVE_WAITING, LiveStats(errors=stats.errors))
        return
    n_faces = stats.n_with + stats.n_without + stats.n_not_sure
    _counts(texts.LIVE_ON_TITLE, "" if n_faces else texts.LIVE_NO_FACE, stats)
    live_options.show_alert(alert, stats.n_without)
    _readouts(stats, room)


def _timeline(live: LiveProcessor) -> None:
    st.altair_chart(live_charts.timeline(live.snapshot().timeline), key="live_timeline")


def _counts(title: str, note: str, stats: LiveStats) -> None:
    st.subheader(title, anchor=False)
    st.html(theme.count_tiles_html(stats.n_with, stats.n_without, stats.n_not_sure))
    # Always drawn, so that nothing below it jumps when the note comes and goes.
    st.caption(note or "\u00a0")
    if stats.errors:
        st.caption(texts.LIVE_ERRORS.format(n=stats.errors))


def _readouts(stats: LiveStats, room: Places) -> None:
    age_s = stats.verdict_age_s or 0.0
    st.html(
        theme.readouts_html(
            (
                (texts.LIVE_FPS, f"{stats.fps_in:.0f} → {stats.fps:.0f}", texts.LIVE_FPS_HELP),
                (texts.LIVE_LATENCY, f"{stats.latency_ms:.0f} ms", texts.LIVE_LATENCY_HELP),
                (texts.LIVE_AGE, f"{age_s:.1f} s", texts.LIVE_AGE_HELP),
                (
                    texts.LIVE_VIEWERS,
                    texts.LIVE_VIEWERS_OF.format(n=room.n_taken, most=room.n_places),
                    texts.LIVE_VIEWERS_HELP,
                ),
            )
        )
    )
    st.progress(room.load, text=texts.LIVE_LOAD.format(percent=round(100 * room.load)))
