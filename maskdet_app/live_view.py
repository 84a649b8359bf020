"""What stands beside the live picture, kept fresh without touching the stream."""

from typing import Any, Final

import streamlit as st

from maskdet_app import texts, theme
from maskdet_core import LiveProcessor, LiveStats, MaskDetector

REFRESH_S: Final = 0.5
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
_SLOT: Final = "live_processor"


def processor(detector: MaskDetector) -> LiveProcessor:
    """This visitor's processor, made anew only when the detector was loaded anew."""
    kept = st.session_state.get(_SLOT)
    if kept is None or kept[0] is not detector:
        kept = (detector, LiveProcessor(detector))
        st.session_state[_SLOT] = kept
    found: LiveProcessor = kept[1]
    return found


def show_status(live: LiveProcessor, state: Any) -> None:
    """Draw the status panel; while the camera runs it redraws itself, and only itself.

    Args:
        live: whose statistics are shown.
        state: streamlit-webrtc's ``playing`` and ``signalling``.
    """
    if state.playing:
        st.fragment(_running, run_every=REFRESH_S)(live)
    elif state.signalling:
        _panel(texts.LIVE_CONNECTING_TITLE, texts.LIVE_CONNECTING, LiveStats())
    else:
        _panel(texts.LIVE_IDLE_TITLE, texts.LIVE_IDLE, LiveStats())


def _running(live: LiveProcessor) -> None:
    stats = live.snapshot()
    if stats.verdict_age_s is None or stats.verdict_age_s > STALE_S:
        _panel(texts.LIVE_WAITING_TITLE, texts.LIVE_WAITING, LiveStats(errors=stats.errors))
        return
    n_faces = stats.n_with + stats.n_without + stats.n_not_sure
    _panel(texts.LIVE_ON_TITLE, "" if n_faces else texts.LIVE_NO_FACE, stats)


def _panel(title: str, note: str, stats: LiveStats) -> None:
    running = stats.verdict_age_s is not None
    st.subheader(title, anchor=False)
    st.html(theme.count_tiles_html(stats.n_with, stats.n_without, stats.n_not_sure))
    rate, latency = st.columns(2)
    rate.metric(texts.LIVE_FPS, f"{stats.fps:.0f}" if running else "–")
    latency.metric(texts.LIVE_LATENCY, f"{stats.latency_ms:.0f} ms" if running else "–")
    # Always drawn, so that nothing below it jumps when the note comes and goes.
    st.caption(note or "\u00a0")
    if stats.errors:
        st.caption(texts.LIVE_ERRORS.format(n=stats.errors))
