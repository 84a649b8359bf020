"""The live page around its stream: admission, choices, readouts, alert, restart."""

import wave
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
import streamlit_webrtc
from streamlit.testing.v1 import AppTest

from maskdet_app.live import charts, options, resources, status, stream
from maskdet_app.ui import theme
from maskdet_app.ui.i18n import t
from maskdet_core import LiveStats
from maskdet_core.live import TimelinePoint

REPO_ROOT = Path(__file__).resolve().parents[3]
NETWORK = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"

needs_network = pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")


@pytest.fixture
def component(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments and the state of the stream's component, which AppTest cannot run."""
    recorded: dict[str, Any] = {"state": SimpleNamespace(playing=False, signalling=False)}

    def streamer(**arguments: Any) -> Any:
        recorded.update(arguments)
        return SimpleNamespace(state=recorded["state"])

    monkeypatch.setattr(streamlit_webrtc, "webrtc_streamer", streamer)
    return recorded


@pytest.fixture(autouse=True)
def _fresh_resources() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def run() -> AppTest:
    return AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60).run()


def words(app: AppTest) -> str:
    groups: tuple[Any, ...] = (app.header, app.markdown, app.caption, app.warning)
    return "\n".join(str(element.value) for group in groups for element in group)


@needs_network
def test_idle_page_offers_the_camera_and_its_choices(component: dict[str, Any]) -> None:
    app = run()
    assert not app.exception
    assert t("live.idle_title") in words(app)
    assert component["async_processing"] is False
    video = component["media_stream_constraints"]["video"]
    assert video["facingMode"] == {"ideal": options.FRONT}
    assert app.toggle[0].value is True


@needs_network
def test_rear_camera_is_asked_for_and_not_mirrored(component: dict[str, Any]) -> None:
    app = run()
    app.button_group(key="facing").set_value(options.REAR).run()
    assert not app.exception
    video = component["media_stream_constraints"]["video"]
    assert video["facingMode"] == {"ideal": options.REAR}
    assert app.toggle[0].value is False


@needs_network
def test_a_rejected_visitor_is_told_and_pointed_to_the_photo_page(
    component: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(resources.MAX_VIEWERS, "1")
    assert resources.admission().acquire("another viewer")
    app = run()
    assert not app.exception
    assert t("live.full_title") in words(app)
    assert "video_frame_callback" not in component
    resources.admission().release("another viewer")
    app.run()
    assert t("live.idle_title") in words(app)
    assert "video_frame_callback" in component


@needs_network
@pytest.mark.parametrize("value", ["0", "-3", "many", "2.5"])
def test_an_invalid_limit_is_reported_and_ignored(
    value: str, component: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(resources.MAX_VIEWERS, value)
    app = run()
    assert not app.exception
    assert resources.MAX_VIEWERS in words(app)
    assert t("live.idle_title") in words(app)


@needs_network
def test_running_page_shows_its_readouts(component: dict[str, Any]) -> None:
    component["state"].playing = True
    app = run()
    assert not app.exception
    assert t("live.waiting_title") in words(app)


def test_readouts_are_escaped() -> None:
    html = theme.readouts_html((("<b>", "1 & 2", 'say "so"'),))
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "1 &amp; 2" in html
    assert 'title="say &quot;so&quot;"' in html


def test_timeline_puts_masks_above_and_no_masks_below() -> None:
    points = [TimelinePoint(0, 2, 0, 0), TimelinePoint(1, 1, 3, 0), TimelinePoint(2, 0, 0, 1)]
    rows = charts.timeline(points).to_dict()["layer"][0]["data"]["values"]
    shown = {(row["ago"], row["verdict"]): row["faces"] for row in rows}
    assert shown == {(-2, "Mask"): 2, (-1, "Mask"): 1, (-1, "No mask"): -3, (0, "Not sure"): 1}


def test_empty_timeline_is_a_chart() -> None:
    assert charts.timeline(LiveStats().timeline).to_dict()["layer"]


def test_alert_sounds_without_clipping() -> None:
    with wave.open(BytesIO(status._chime())) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        assert 0.2 <= sound.getnframes() / sound.getframerate() <= 1.0
    assert 3000 < np.abs(samples.astype(int)).max() < 30_000


def _set_state(component: dict[str, Any], *, playing: bool, signalling: bool = False) -> None:
    component["state"] = SimpleNamespace(playing=playing, signalling=signalling)


@needs_network
def test_a_video_whose_server_is_gone_is_stopped_and_restarted(
    component: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["run"] = "on"
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


@needs_network
def test_a_camera_that_is_refused_is_not_asked_for_again(
    component: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["run"] = "on"
    monkeypatch.setattr(stream, "STOP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is True
    monkeypatch.setattr(stream, "GIVE_UP_S", 0.0)
    app.run()
    assert component["desired_playing_state"] is None


@needs_network
def test_a_visitor_who_starts_too_often_waits(
    component: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "START_RATE", (2, 0.05))
    monkeypatch.setattr(stream, "_ip_address", lambda: "203.0.113.5")
    app = run()
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
