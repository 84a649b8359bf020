"""The panel beside the live video, or below it: counts, timeline, readouts, snapshot.

Never touches the stream.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from maskdet_app.live.demo import panel
from maskdet_app.live.demo.films import DemoFilm
from maskdet_app.live.panel import live_alert, timeline_chart
from maskdet_app.live.panel.options import Alert, LiveOptions
from maskdet_app.ops.live_streams import alert_channels
from maskdet_app.ops.process import shutdown
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core import LiveProcessor, LiveStats, Verdict, encode_jpeg
from maskdet_core.live import AdmissionControl, FrameSnapshot

Verdicts = tuple[Verdict, ...]
REFRESH_S: Final = 0.5
SLOW_REFRESH_S: Final = 2.0
"""Of what is looked at later than the counts. Charts cost the server more than numbers."""
WAIT_REFRESH_S: Final = 2.0
"""How often a page that waits for a slot asks again."""
STALE_S: Final = 3.0
"""A picture older than this is said to have stopped, and sets off no alert."""
CONNECT_S: Final = 12.0
"""A connection that has not been made by then is hardly ever made later."""
_FIRST_FRAME_S: Final = 5.0
_STARTED_AT: Final = "live_started_at"
_HAS_BEGUN: Final = "live_has_begun"


def show(
    processor: LiveProcessor,
    admission: AdmissionControl,
    state: Any,
    options: LiveOptions,
    *,
    restarting: bool,
    film: DemoFilm | None,
) -> None:
    """Show the panel; while the camera runs it refreshes itself, and only itself.

    Args:
        processor: whose statistics are shown.
        admission: gives number and capacity of viewers.
        state: streamlit-webrtc's ``playing`` and ``signalling``.
        options: the visitor's.
        restarting: whether the video is on its way back by itself.
        film: that the stage shows before the start; None without a stage.
    """
    alert, verdicts = options.alert, options.verdicts
    counts, timeline_title, slow, snapshot = containers.reserve(4)
    if state.playing or state.signalling:
        st.session_state.setdefault(_STARTED_AT, time.monotonic())
    else:
        st.session_state.pop(_STARTED_AT, None)
        st.session_state.pop(_HAS_BEGUN, None)
    if state.playing:
        with counts:
            st.fragment(_running, run_every=REFRESH_S)(processor, alert, verdicts)
        has_worn_wrong = Verdict.WORN_WRONG in verdicts
        timeline_title.caption(t("live.timeline_worn_wrong" if has_worn_wrong else "live.timeline"))
        with slow:
            st.fragment(_slow, run_every=SLOW_REFRESH_S)(processor, admission, verdicts)
        with snapshot:
            _snapshot_button(processor)
        return
    with counts:
        if state.signalling:
            st.fragment(_connecting, run_every=REFRESH_S)()
        elif restarting:
            _say(t("live.restarting_title"), t("live.restarting"))
        elif film is None:
            _say(t("live.idle_title"), panel.way_to_start())
            _show_way_out()
        else:
            panel.show(film, verdicts)
            _show_way_out()


def alert_notice() -> str:
    """That events of this session leave the page, and where to, as Markdown."""
    place = alert_channels.settings().place or t("alerts.operator")
    return t("alerts.live", place=theme.escape_markdown(place, 80))


def _show_way_out() -> None:
    """Link to the photo page, for those without a camera or a place."""
    st.page_link("pages/photo.py", label=t("live.way_out"), icon=":material/photo_camera:")


def show_full(admission: AdmissionControl) -> None:
    """Explain that no slot is free, and reload the page when one is."""
    with st.container(border=True, key="live-full"):
        st.header(t("live.full_title"), anchor=False)
        st.markdown(t("live.full"))
        _show_way_out()
        with st.container():
            st.fragment(_wait_for_slot, run_every=WAIT_REFRESH_S)(admission)


def _wait_for_slot(admission: AdmissionControl) -> None:
    if admission.has_capacity:
        st.rerun(scope="app")
    st.caption(t("live.full_waiting"))


def _connecting() -> None:
    if _timed_out():
        _show_no_connection()
    else:
        _say(t("live.connecting_title"), t("live.connecting", seconds=CONNECT_S))


def _timed_out() -> bool:
    started_at_s = st.session_state.get(_STARTED_AT)
    return started_at_s is not None and time.monotonic() - started_at_s > CONNECT_S


def _show_no_connection() -> None:
    st.header(t("live.no_way_title"), anchor=False)
    st.warning(t("live.no_way"), icon=":material/wifi_off:")
    _show_way_out()


def _running(processor: LiveProcessor, alert: Alert, verdicts: Verdicts) -> None:
    stats = processor.snapshot()
    if stats.rejected:
        st.rerun(scope="app")
    leaving, no_connection, counts, delayed, alarm = containers.reserve(5)
    if shutdown.is_draining():
        leaving.warning(t("live.leaving"), icon=":material/power_settings_new:")
    # All that follows is of this one frame, so that it fits the picture beside it.
    frame = stats.frame
    if frame is None and st.session_state.get(_HAS_BEGUN):
        with counts:
            _say(t("live.restarting_title"), t("live.restarting"))
        return
    if frame is None and _timed_out():
        with no_connection:
            _show_no_connection()
        return
    if frame is None:
        with counts:
            _say(t("live.waiting_title"), t("live.waiting"))
        return
    st.session_state[_HAS_BEGUN] = True
    has_stopped = _has_stopped(stats)
    with counts:
        title = t("live.stopped_title" if has_stopped else "live.on_title")
        _counts(title, t("live.stopped") if has_stopped else _note(frame), stats, verdicts)
    if has_stopped:
        return
    if frame.delayed:
        delayed.warning(t("live.delayed"), icon=":material/hourglass_top:")
    with alarm:
        live_alert.show(alert, frame)


def _has_stopped(stats: LiveStats) -> bool:
    return stats.frame_age_s is not None and stats.frame_age_s > STALE_S


def _note(frame: FrameSnapshot) -> str:
    """What the counts leave open: faces without a verdict yet, or no face at all."""
    if frame.n_looking:
        return t("live.looking", n=frame.n_looking)
    if len(frame.detections):
        return ""
    return t("live.searching" if frame.verdict_age_s is None else "live.no_face")


def _slow(processor: LiveProcessor, admission: AdmissionControl, verdicts: Verdicts) -> None:
    timeline, readouts = containers.reserve(2)
    stats = processor.snapshot()
    spec = timeline_chart.timeline(stats.timeline, verdicts)
    timeline.vega_lite_chart(spec, key="live_timeline")
    with readouts:
        _readouts(stats, admission)


def _say(title: str, note: str) -> None:
    """What happens while there is nothing to count."""
    st.header(title, anchor=False)
    st.caption(note)


def _counts(title: str, note: str, stats: LiveStats, verdicts: Verdicts) -> None:
    st.header(title, anchor=False)
    counts = {verdict: stats.count(verdict) for verdict in Verdict}
    number = None if stats.frame is None else stats.frame.number
    st.html(theme.count_tiles_html(counts, verdicts, frame_number=number))
    # always drawn, so that nothing below it jumps when the note appears
    st.caption(note or "\u00a0")
    if stats.errors:
        st.caption(t("live.errors", n=stats.errors))


def _readouts(stats: LiveStats, admission: AdmissionControl) -> None:
    frame = stats.frame
    if frame is None or _has_stopped(stats):
        return
    age = "–" if frame.verdict_age_s is None else f"{number_text(frame.verdict_age_s, '.1f')} s"
    rates = t(
        "live.fps_of", received=number_text(stats.fps_in, ".0f"), sent=number_text(stats.fps, ".0f")
    )
    viewers = t("live.viewers_of", n=admission.n_active, most=admission.capacity)
    st.html(
        theme.readouts_html(
            (
                (t("live.fps"), rates, t("live.fps_help")),
                (
                    t("live.latency"),
                    f"{number_text(stats.latency_ms, '.0f')} ms",
                    t("live.latency_help"),
                ),
                (t("live.age"), age, t("live.age_help")),
                (t("live.viewers"), viewers, t("live.viewers_help")),
            )
        )
    )
    load = admission.load
    st.progress(min(1.0, load), text=t("live.load", percent=round(100 * load)))


def _snapshot_button(processor: LiveProcessor) -> None:
    """Offer the newest frame with its verdicts as a download; the server keeps none."""
    st.download_button(
        t("live.snapshot"),
        data=_encoder(processor),
        file_name="maskdet.jpg",
        mime="image/jpeg",
        help=t("live.snapshot_help"),
        icon=":material/photo_camera:",
        on_click="ignore",
        key="live_snapshot",
    )


def _encoder(processor: LiveProcessor) -> Callable[[], bytes]:
    def encode() -> bytes:
        # the button is there from the start, the first frame a moment later
        until_s = time.monotonic() + _FIRST_FRAME_S
        while (image_rgb := processor.annotated_frame()) is None and time.monotonic() < until_s:
            time.sleep(0.05)
        return b"" if image_rgb is None else encode_jpeg(image_rgb)

    return encode
