"""The stream's component: restart after its server is gone, held starts, kept configuration."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit_webrtc.component import WebRtcStreamerContext, WebRtcStreamerState

from maskdet_app.live import ice, stream

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
