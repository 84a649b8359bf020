"""The stream's component, its connection settings, and how it restarts when something was lost.

A session lives in one server's memory. When that server dies, the browser reconnects to another one
with the same URL, which says that the video was running, and a component that believes that it
still is. So the component is stopped and started again, also where camera or connection are lost
for good, and for another camera. It is always stopped first: told to run while the page is still
being drawn, it opens several connections at once, none of which succeeds.
"""

import logging
import time
from typing import Any, Final, Literal, cast

import streamlit as st
import streamlit_webrtc
from streamlit.delta_generator import DeltaGenerator
from streamlit_webrtc.config import Translations

from maskdet_app.live.component import front_end
from maskdet_app.live.library_fixes import aiortc_fixes, webrtc_fixes
from maskdet_app.live.webrtc import ice
from maskdet_app.live.webrtc.restarts import Restarts
from maskdet_app.live.webrtc.turn import TurnError
from maskdet_app.ops.limits.address_group import address_group
from maskdet_app.ops.limits.rate_limit import RateLimiter
from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.observability.prometheus import REFUSED
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.browser.query_params import RUN, RUNNING
from maskdet_app.ui.layout import containers, entry
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core import LiveProcessor

aiortc_fixes.apply()
webrtc_fixes.apply()
front_end.apply()

_LOG: Final = logging.getLogger(__name__)
START_RATE: Final = (12, 1 / 15)
"""Starts of one IP address at once, and per second after that: each costs the server a
connection."""
STOP_S: Final = 0.8
"""A component that is just being drawn needs a moment before it can be told to start."""
GIVE_UP_S: Final = 20.0
LOST_FRAME_S: Final = 5.0
"""A picture that the browser misses is waited for so long: a connection finds its way again within
a second or two of its network's return, and a restart would make a busy machine busier."""
_SEEN: Final = "stream_seen"
_STEP: Final = "stream_step"
_ACTIVE: Final = "stream_active"
_DRAWN_AT_CHANGE: Final = "stream_drawn_at_page_change"
_KEY: Final = "live"
_HELD_UNTIL: Final = "stream_held_until"
_FACING: Final = "stream_facing"
_RESTARTS: Final = "stream_restarts"
_VIDEO_ATTRIBUTES: Final[dict[str, Any]] = {
    "autoPlay": True,
    "controls": False,
    "muted": True,
    # without it iPhones open the video full screen
    "playsInline": True,
    "style": {"width": "100%", "borderRadius": "10px", "background": "#0F171E"},
}

Step = Literal["stop", "start"]
"""The restart's current step."""


@st.cache_resource(show_spinner=False)
def _starts() -> RateLimiter:
    return RateLimiter(*START_RATE)


def rtc_configuration(url: str | None) -> dict[str, Any]:
    """This session's RTCConfiguration; shows a message where the settings could not be used.

    Args:
        url: of the page.
    """
    try:
        return ice.rtc_configuration(url, in_use=st.session_state.get(_ACTIVE, False))
    except ValueError as error:
        operator_log.log_once(f"settings of the video link: {error}")
        st.warning(t("live.bad_ice"), icon=":material/settings:")
    except TurnError:
        st.info(t("live.no_relay"), icon=":material/hub:")
    return ice.without_relay(url)


def show(
    processor: LiveProcessor,
    rtc_configuration: dict[str, Any],
    facing: str,
    *,
    stage: dict[str, Any] | None = None,
    embedded: bool = False,
) -> Any:
    """Show the component and take the restart's next step, if one is due.

    Args:
        processor: gets the frames.
        rtc_configuration: as browsers take it.
        facing: the camera's facing mode.
        stage: see `maskdet_app.live.demo.stage.arguments`; None shows the video alone.
        embedded: without buttons: it starts by itself whenever it is not running.

    Returns:
        streamlit-webrtc's ``playing`` and ``signalling``.
    """
    video, restart = containers.reserve(2)
    if _SEEN not in st.session_state:
        st.session_state[_SEEN] = True
        if embedded or query_params.read_all(RUN, [RUNNING]):
            _set_step("stop")
    _keep_through_other_runs()
    switched = st.session_state.get(_ACTIVE) and st.session_state.get(_FACING) != facing
    st.session_state[_FACING] = facing
    restarts: Restarts = st.session_state.setdefault(_RESTARTS, Restarts())
    failure = front_end.failure(_KEY)
    if restarts.is_new(failure):
        restarts.failed(time.monotonic(), is_refusal=failure.is_refusal)
        _set_step("stop")
    elif _step() is None and not restarts.is_given_up and (switched or _is_lost(processor)):
        if not switched:
            restarts.lost(time.monotonic())
        _set_step("stop")
    step = _step()
    words = front_end.words() | ({} if stage is None else {"stage": stage})
    with video:
        context = streamlit_webrtc.webrtc_streamer(
            key=_KEY,
            mode=streamlit_webrtc.WebRtcMode.SENDRECV,
            # set even when empty: otherwise the library uses servers of its own choice
            rtc_configuration=rtc_configuration,
            media_stream_constraints=_media_constraints(facing),
            video_frame_callback=processor.recv,
            on_video_ended=processor.stop,
            # The callback only tracks and draws, a few ms; a thread of its own would return each
            # frame one or two frames later.
            async_processing=False,
            media_toggle_controls=False,
            desired_playing_state=_desired_state(
                step, starts_itself=embedded, is_given_up=restarts.is_given_up
            ),
            translations=cast(Translations, {**_translations(), **words}),
            video_html_attrs=_VIDEO_ATTRIBUTES,
        )
    state = context.state
    active = bool(state.playing or state.signalling)
    if step == "stop":
        # One that runs says that it has stopped, however long that takes on a busy machine. Told to
        # start before, it would seem to run already.
        if not active and (st.session_state.get(_ACTIVE) or restarts.is_given_up):
            _count_start(active)
            if restarts.is_given_up:
                query_params.write(RUN, [])
            if not restarts.wait_s:
                _set_step(None if restarts.is_given_up else "start")
                st.rerun()
        if not active:
            with restart:
                st.fragment(_then_start, run_every=STOP_S)()
    elif step is None or state.playing:
        query_params.write(RUN, [RUNNING] if state.playing else [])
        if active and restarts.is_given_up:
            # the visitor has pressed Start
            restarts.forget()
        if state.playing:
            restarts.begun(time.monotonic())
        if step is not None:
            # the buttons appear again
            _set_step(None)
            st.rerun()
        if restarts.is_given_up:
            with restart:
                _show_given_up(restarts, has_start_button=not embedded)
        elif embedded and not active:
            _set_step("stop")
            st.rerun()
    elif not active:
        # a camera that stays away sends nothing that would run the page again
        with restart:
            st.fragment(_give_up, run_every=1.0)()
    _count_start(active)
    return state


def stage_place() -> DeltaGenerator:
    """Open a container for `show`, as high as the stage before that comes."""
    place = st.container(key="live-stage")
    # Streamlit draws no container that is empty; the style sheet hides this and makes the room
    place.html("<i></i>")
    return place


def is_restarting() -> bool:
    """Whether the video is on its way back by itself."""
    return _step() is not None


def restart_when_shown() -> None:
    """Restart the video, if it ran, as soon as `show` is called again."""
    # the component ends it when it is not drawn
    _count_start(False)
    st.session_state.pop(_SEEN, None)


def show_if_held() -> bool:
    """Whether this IP address has started too often; then says so and waits."""
    if _held_s() <= 0:
        return False
    restart_when_shown()
    st.fragment(_wait, run_every=1.0)()
    return True


def hide_all_but_video() -> None:
    """Leave nothing on the page but the video, for a frame on another site or a kiosk."""
    # as wide as a 4:3 picture can be without being higher than the frame
    st.html(
        "<style>.block-container { padding: 0; margin: auto; max-width: calc(100vh * 4 / 3); }"
        "[data-testid=stHeader] { display: none; }</style>"
    )


def _is_lost(processor: LiveProcessor) -> bool:
    lost = front_end.lost(_KEY)
    if lost != "picture":
        return lost is not None
    age_s = processor.snapshot().frame_age_s
    # none: the stream has ended on the server
    return age_s is None or age_s > LOST_FRAME_S


def _held_s() -> float:
    until_s: float = st.session_state.get(_HELD_UNTIL, 0.0)
    return until_s - time.monotonic()


def _wait() -> None:
    left_s = _held_s()
    if left_s <= 0:
        st.rerun(scope="app")
    st.info(t("live.held", seconds=number_text(left_s, ".0f")), icon=":material/hourglass_top:")


def _keep_through_other_runs() -> None:
    """Keep streamlit-webrtc from ending the stream of a visitor who has not left the page.

    It ends a stream when it counts a finished run of the session without its component, and takes
    that for a visit to another page. It counts runs when their last message is sent: where this
    takes a while and runs follow each other closely, it counts one too many.
    """
    n_changes = entry.n_page_changes()
    if st.session_state.get(_DRAWN_AT_CHANGE) == n_changes and _KEY in st.session_state:
        # None: it has not been drawn, so no run is missing
        st.session_state[_KEY]._last_rendered_run_count = None
    st.session_state[_DRAWN_AT_CHANGE] = n_changes


def _media_constraints(facing: str) -> dict[str, Any]:
    """What to ask of the browser's camera: ideals, so that no camera is refused for them."""
    return {
        "video": {
            "width": {"ideal": 640},
            "height": {"ideal": 480},
            "frameRate": {"ideal": 30, "max": 30},
            "facingMode": {"ideal": facing},
        },
        "audio": False,
    }


def _translations() -> Translations:
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


def _desired_state(step: Step | None, *, starts_itself: bool, is_given_up: bool) -> bool | None:
    if step is not None:
        return step == "start"
    # None: with buttons
    return not is_given_up if starts_itself else None


def _step() -> Step | None:
    step, at_s = st.session_state.get(_STEP, (None, 0.0))
    # a browser that sleeps says that it has stopped when it wakes
    waits = step == "stop" and st.session_state.get(_ACTIVE)
    # a camera that was refused is not asked for again and again
    return step if waits or time.monotonic() - at_s <= GIVE_UP_S else None


def _set_step(step: Step | None) -> None:
    st.session_state[_STEP] = (step, time.monotonic())


def _then_start() -> None:
    step, at_s = st.session_state[_STEP]
    wait_s = max(STOP_S, st.session_state[_RESTARTS].wait_s)
    if step == "stop" and time.monotonic() - at_s >= wait_s:
        _set_step("start")
        st.rerun(scope="app")


def _show_given_up(restarts: Restarts, *, has_start_button: bool) -> None:
    # a camera that did not start is explained where the picture would be
    if not restarts.has_no_camera:
        st.warning(t("live.unsteady"), icon=":material/videocam_off:")
    elif has_start_button:
        return
    st.button(t("live.try_again"), key="live_try_again", on_click=_try_again)


def _try_again() -> None:
    st.session_state[_RESTARTS].forget()
    _set_step("start")


def _give_up() -> None:
    if _step() is None:
        st.rerun(scope="app")


def _ip_address() -> str:
    # Streamlit gives no address for visitors from the server's own machine
    return address_group(st.context.ip_address or "")


def _count_start(active: bool) -> None:
    if active == st.session_state.get(_ACTIVE, False):
        return
    _LOG.info("a stream %s", "starts" if active else "has ended")
    st.session_state[_ACTIVE] = active
    if not active:
        return
    wait_s = _starts().wait_s(_ip_address())
    if wait_s:
        REFUSED.labels("start").inc()
        _LOG.info("a start is refused for %.0f s", wait_s)
        st.session_state[_HELD_UNTIL] = time.monotonic() + wait_s
        st.session_state[_ACTIVE] = False
        st.rerun()
