"""The stream's component: restart after its server is gone, held starts, kept configuration."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit_webrtc.component import (
    WebRtcStreamerContext,
    WebRtcStreamerState,
    generate_frontend_component_key,
)

from maskdet_app.live.component import front_end
from maskdet_app.live.panel import options
from maskdet_app.live.webrtc import ice, restarts, stream
from maskdet_app.ui.texts.i18n import t
from maskdet_core import LiveProcessor, LiveStats
from maskdet_core.live import AdmissionControl

NewApp = Callable[..., AppTest]
Component = dict[str, Any]


def _set_state(component: Component, *, playing: bool, signalling: bool = False) -> None:
    component["state"] = SimpleNamespace(playing=playing, signalling=signalling)


def test_a_video_whose_server_is_gone_is_stopped_and_restarted(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(run="on")
    app.run()
    assert component["desired_playing_state"] is False
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is True
    # it runs: the buttons are back, and the URL says so
    _set_state(component, playing=True)
    app.run()
    assert component["desired_playing_state"] is None
    assert app.query_params["run"] == "on"
    _set_state(component, playing=False)
    app.run()
    assert component["desired_playing_state"] is None
    assert "run" not in app.query_params


def test_a_restart_is_given_up_but_a_stop_is_waited_for(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(run="on")
    app.run()
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is True
    # the camera stays away: the buttons come back
    monkeypatch.setattr(stream, "GIVE_UP_S", -1.0)
    app.run()
    assert component["desired_playing_state"] is None
    # a browser that sleeps was told to stop, and has not said that it did
    _set_state(component, playing=True)
    app.run()
    monkeypatch.setattr(front_end, "lost", lambda key: "connection")
    app.run()
    assert component["desired_playing_state"] is False
    app.run()
    assert component["desired_playing_state"] is False


@pytest.mark.parametrize(
    ("lost", "frame_age_s", "restarts"),
    [
        (None, None, False),
        ("camera", 0.0, True),
        ("connection", 0.0, True),
        # the browser's word may be older than the picture's return
        ("picture", 0.0, False),
        ("picture", stream.LOST_FRAME_S + 0.1, True),
        # the stream has ended on the server
        ("picture", None, True),
    ],
)
def test_what_does_not_come_back_is_restarted(
    lost: front_end.Lost | None,
    frame_age_s: float | None,
    restarts: bool,
    component: Component,
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LiveProcessor, "snapshot", lambda _: LiveStats(frame_age_s=frame_age_s))
    app = new_app().run()
    _set_state(component, playing=True)
    app.run()
    monkeypatch.setattr(front_end, "lost", lambda key: lost if key == "live" else None)
    app.run()
    assert component["desired_playing_state"] is (False if restarts else None)
    if not restarts:
        return
    # told to stop, it is not told to start before it says that it has
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is False
    monkeypatch.setattr(front_end, "lost", lambda _: None)
    _set_state(component, playing=False)
    app.run()
    assert component["desired_playing_state"] is True
    assert t("live.restarting_title") in [header.value for header in app.header]
    _set_state(component, playing=True)
    app.run()
    assert component["desired_playing_state"] is None
    assert app.query_params["run"] == "on"


def test_the_browsers_word_is_read_from_the_components_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = generate_frontend_component_key("live")
    for value, lost in [
        (None, None),
        ({"playing": True, "lost": None}, None),
        ({"playing": True, "lost": "camera"}, "camera"),
        ({"playing": True, "lost": "anything"}, None),
        ({"playing": True, "lost": ["camera"]}, None),
        ("camera", None),
    ]:
        monkeypatch.setattr(st, "session_state", {key: value})
        assert front_end.lost("live") == lost
        assert front_end.lost("other") is None


def test_another_camera_restarts_a_running_video_only(
    component: Component, new_app: NewApp
) -> None:
    app = new_app().run()
    _switch_camera(app, options.REAR)
    assert component["desired_playing_state"] is None
    _set_state(component, playing=True)
    app.run()
    _switch_camera(app, options.FRONT)
    assert component["desired_playing_state"] is False
    assert component["media_stream_constraints"]["video"]["facingMode"] == {"ideal": "user"}


def _switch_camera(app: AppTest, facing: str) -> None:
    app.session_state["facing"] = facing
    app.run()


def test_a_video_whose_place_was_taken_restarts_when_one_is_free(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app().run()
    _set_state(component, playing=True)
    app.run()
    monkeypatch.setattr(AdmissionControl, "has_capacity", False)
    app.run()
    assert t("live.full_title") in [header.value for header in app.header]
    monkeypatch.setattr(AdmissionControl, "has_capacity", True)
    _set_state(component, playing=False)
    app.run()
    assert component["desired_playing_state"] is False


def test_a_camera_that_is_refused_is_not_asked_for_again(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(run="on")
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is True
    monkeypatch.setattr(stream, "GIVE_UP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is None


@pytest.mark.parametrize("embedded", [False, True])
def test_a_video_that_ends_after_every_start_is_left_to_the_visitor(
    embedded: bool, component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(st.context), "is_embedded", embedded)
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    monkeypatch.setattr(restarts, "WAITS_S", (0.0, 0.0))
    app = new_app().run()
    lost: list[front_end.Lost | None] = [None]
    monkeypatch.setattr(front_end, "lost", lambda key: lost[0])
    for _ in range(3):
        lost[0] = None
        _set_state(component, playing=True)
        app.run()
        lost[0] = "camera"
        app.run()
        assert component["desired_playing_state"] is False
        lost[0] = None
        _set_state(component, playing=False)
        app.run()
    assert t("live.unsteady") in [warning.value for warning in app.warning]
    assert component["desired_playing_state"] is (False if embedded else None)
    assert "run" not in app.query_params
    app.button(key="live_try_again").click().run()
    assert component["desired_playing_state"] is True
    assert not app.warning


@pytest.mark.parametrize(("is_refusal", "is_tried_again"), [(True, False), (False, True)])
def test_a_camera_that_fails_while_restarting(
    is_refusal: bool,
    is_tried_again: bool,
    component: Component,
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    app = new_app(run="on").run()
    app.run()
    assert component["desired_playing_state"] is True
    failure = front_end.CameraFailure(1, is_refusal=is_refusal)
    monkeypatch.setattr(front_end, "failure", lambda key: failure)
    monkeypatch.setattr(stream, "STOP_S", 60.0)
    app.run()
    assert component["desired_playing_state"] is (False if is_tried_again else None)
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is (True if is_tried_again else None)
    # it has words of its own
    assert not app.warning


def test_a_new_component_that_counts_anew_has_new_failures(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "WAITS_S", (0.0,) * 4)
    app = new_app().run()
    failure: list[front_end.CameraFailure | None] = [None]
    monkeypatch.setattr(front_end, "failure", lambda key: failure[0])
    for _ in range(2):
        monkeypatch.setattr(stream, "STOP_S", 60.0)
        failure[0] = front_end.CameraFailure(1, is_refusal=False)
        app.run()
        assert component["desired_playing_state"] is not None
        # a new component has told nothing yet
        failure[0] = None
        monkeypatch.setattr(stream, "STOP_S", 0.0)
        app.run()
        _set_state(component, playing=True)
        app.run()
        assert component["desired_playing_state"] is None
        _set_state(component, playing=False)


def test_a_cameras_failure_is_read_from_the_components_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = generate_frontend_component_key("live")
    for value, is_refusal in [
        (None, None),
        ({"playing": False}, None),
        ({"failure": "NotFoundError"}, None),
        ({"failure": {"n": "1", "name": "NotFoundError"}}, None),
        ({"failure": {"n": 1, "name": "NotFoundError"}}, False),
        ({"failure": {"n": 1, "name": "NotAllowedError"}}, True),
    ]:
        monkeypatch.setattr(st, "session_state", {key: value})
        failure = front_end.failure("live")
        assert (failure and failure.is_refusal) is is_refusal


def test_a_visitor_who_starts_too_often_waits(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "START_RATE", (2, 0.05))
    monkeypatch.setattr(stream, "_ip_address", lambda: "203.0.113.5")
    app = new_app().run()
    for _ in range(2):
        _set_state(component, playing=False, signalling=True)
        app.run()
        assert not app.info
        _set_state(component, playing=False)
        app.run()
    _set_state(component, playing=False, signalling=True)
    app.run()
    assert "20 s" in app.info[0].value or "19 s" in app.info[0].value
    # the component is not drawn, which ends the stream
    app.run()
    assert len(app.info) == 1


def test_a_running_stream_keeps_its_connection_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bool] = []

    def rtc_configuration(url: str | None, *, in_use: bool) -> dict[str, Any]:
        kept.append(in_use)
        return {}

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(ice, "rtc_configuration", rtc_configuration)
    stream.rtc_configuration("https://maskdet.example/live")
    stream._count_start(True)
    stream.rtc_configuration("https://maskdet.example/live")
    stream._count_start(False)
    stream.rtc_configuration("https://maskdet.example/live")
    assert kept == [False, True, False]


def test_a_run_counted_too_many_does_not_end_the_stream(
    component: Component, new_app: NewApp
) -> None:
    app = new_app().run()
    # the component, a fake here, keeps its state under this key
    app.session_state["live"] = context = SimpleNamespace(_last_rendered_run_count=1)
    app.run()
    assert context._last_rendered_run_count is None
    context._last_rendered_run_count = 1
    app.switch_page("pages/photo.py").run()
    app.switch_page("pages/live.py").run()
    assert context._last_rendered_run_count == 1


def test_the_component_still_counts_the_runs_in_which_it_was_drawn() -> None:
    context = WebRtcStreamerContext(worker=None, state=WebRtcStreamerState(False, False))
    assert context._last_rendered_run_count is None
