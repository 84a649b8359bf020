"""The live page around its stream: admission, choices, readouts."""

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskdet_app.live.panel import options
from maskdet_app.ops.live_streams import alert_channels, viewer_slots
from maskdet_app.ui.texts.i18n import t

NewApp = Callable[..., AppTest]
Component = dict[str, Any]


def words(app: AppTest) -> str:
    groups: tuple[Any, ...] = (app.header, app.markdown, app.caption, app.warning)
    return "\n".join(str(element.value) for group in groups for element in group)


def test_idle_page_offers_the_camera_and_its_choices(component: Component, new_app: NewApp) -> None:
    app = new_app().run()
    assert not app.exception
    assert t("live.idle_title") in words(app)
    assert component["async_processing"] is False
    video = component["media_stream_constraints"]["video"]
    assert video["facingMode"] == {"ideal": options.FRONT}
    assert app.toggle[0].value is True


def test_rear_camera_is_asked_for_and_not_mirrored(component: Component, new_app: NewApp) -> None:
    app = new_app().run()
    app.button_group(key="facing").set_value(options.REAR).run()
    assert not app.exception
    video = component["media_stream_constraints"]["video"]
    assert video["facingMode"] == {"ideal": options.REAR}
    assert app.toggle[0].value is False


def test_a_rejected_visitor_is_told_and_pointed_to_the_photo_page(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(viewer_slots.MAX_VIEWERS, "1")
    assert viewer_slots.admission().acquire("another viewer")
    app = new_app().run()
    assert not app.exception
    assert t("live.full_title") in words(app)
    assert "video_frame_callback" not in component
    # of a camera that is not offered
    helps = [t("live.help_title")]
    assert [one.label for one in app.expander if one.label in helps] == []
    viewer_slots.admission().release("another viewer")
    app.run()
    assert t("live.idle_title") in words(app)
    assert "video_frame_callback" in component
    assert [one.label for one in app.expander if one.label in helps] == helps


@pytest.mark.parametrize("value", ["0", "-3", "many", "2.5"])
def test_an_invalid_limit_is_reported_and_ignored(
    value: str,
    component: Component,
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(viewer_slots.MAX_VIEWERS, value)
    app = new_app().run()
    assert not app.exception
    assert t("live.bad_limit") in words(app)
    assert viewer_slots.MAX_VIEWERS not in words(app)
    assert f"{viewer_slots.MAX_VIEWERS}: expected a whole number of 1 or more" in caplog.text
    assert t("live.idle_title") in words(app)


def test_an_invalid_relay_is_reported_in_plain_words_and_logged(
    component: Component,
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MASKDET_TURN", "cotrun")
    app = new_app().run()
    assert not app.exception
    assert t("live.bad_ice") in words(app)
    assert not any(word in words(app) for word in ("cotrun", "MASKDET", "coturn"))
    assert "MASKDET_TURN: expected one of static, coturn" in caplog.text
    assert t("live.idle_title") in words(app)


def test_running_page_shows_its_readouts(component: Component, new_app: NewApp) -> None:
    component["state"].playing = True
    app = new_app().run()
    assert not app.exception
    assert t("live.waiting_title") in words(app)


def test_settings_come_after_counts_and_timeline(component: Component, new_app: NewApp) -> None:
    # a phone shows the columns below each other
    component["state"].playing = True
    app = new_app().run()
    stage, panel, below = app.columns
    assert not stage.header
    assert [header.value for header in panel.header] == [t("live.waiting_title")]
    captions = [caption.value for caption in panel.caption]
    assert t("live.timeline_worn_wrong") in captions
    assert [one.label for one in below.expander] == [t("live.options")]


@pytest.mark.parametrize("embed", [False, True])
def test_events_leave_only_where_the_page_says_so(
    component: Component, new_app: NewApp, monkeypatch: pytest.MonkeyPatch, embed: bool
) -> None:
    monkeypatch.setenv("MASKDET_ALERTS", "live")
    monkeypatch.setenv("MASKDET_WEBHOOK_URL", "https://127.0.0.1/s3cret")
    monkeypatch.setenv("MASKDET_ALERT_PLACE", "the reception")
    monkeypatch.setattr(type(st.context), "is_embedded", embed)
    app = new_app().run()
    assert not app.exception
    told = " ".join(caption.value for caption in app.caption)
    assert (t("alerts.live", place="the reception") in told) is not embed
    assert "s3cret" not in told
    processor = component["video_frame_callback"].__self__
    assert (processor._observer is not None) is not embed
    alert_channels.close()


def test_by_default_no_event_leaves(component: Component, new_app: NewApp) -> None:
    app = new_app().run()
    assert ":material/campaign:" not in " ".join(caption.value for caption in app.caption)
    assert component["video_frame_callback"].__self__._observer is None
