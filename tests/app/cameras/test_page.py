"""The cameras page: only where the operator lists cameras, in words for each state."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskdet_app.cameras import shared_feeds
from maskdet_app.cameras.feed import CameraPicture, CameraView
from maskdet_app.ops.live_streams import alert_channels
from maskdet_app.ops.settings.camera_settings import CAMERAS
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Detections, Face, FaceBox, Verdict
from testbed.repository import REPO_ROOT
from tests.app.conftest import jpeg

SECRET = "s3cret"
FACE = Face(FaceBox(10, 10, 40, 40), 0.1, 0.1, 0.8, Verdict.WITHOUT_MASK)
PICTURE = CameraPicture(7, 0.1, Detections(120, 90, (FACE,)), jpeg())


class StubFeeds:
    """A feed that shows what it is told to."""

    def __init__(self) -> None:
        self.view = CameraView("connected", 5.0, PICTURE)
        self.asked: list[str] = []

    def of(self, camera: Any, detector: object) -> "StubFeeds":
        self.asked.append(camera.name)
        return self

    def look(self, labels: object, looking: str) -> CameraView:
        return self.view


@pytest.fixture
def feeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped_manifest: Path
) -> Iterator[StubFeeds]:
    listed = tmp_path / "cameras.toml"
    listed.write_text(f'"Side door" = "rtsp://me:{SECRET}@10.0.0.2/a"\nYard = "rtsp://10.0.0.3/b"')
    monkeypatch.setenv(CAMERAS, str(listed))
    made = StubFeeds()
    monkeypatch.setattr(shared_feeds, "feeds", lambda: made)
    yield made
    st.cache_resource.clear()
    alert_channels.close()


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app = app.switch_page("pages/cameras.py").run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    groups: tuple[Any, ...] = (app.title, app.header, app.markdown, app.caption, app.info)
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*(str(one.value) for group in groups for one in group), *map(str, html)])


def test_picture_counts_and_words_are_shown(feeds: StubFeeds) -> None:
    app = opened()
    said = words(app)
    assert t("cameras.title") in said and t("live.on_title") in said
    assert 'data-frame="7"' in said
    assert 'data-verdict="without_mask"><b>1</b>' in said
    assert t("live.alert_without_mask") in said
    assert feeds.asked[-1] == "Side door"
    assert t("cameras.alerts", place="x")[:20] not in said
    tree = json.dumps([str(element.proto) for element in app.main])
    assert SECRET not in tree and "10.0.0" not in tree


def test_another_camera_can_be_chosen_and_linked(feeds: StubFeeds) -> None:
    app = opened()
    app.button_group(key="watch").set_value("yard").run()
    assert feeds.asked[-1] == "Yard"
    assert app.query_params["watch"] == "yard"


@pytest.mark.parametrize(
    ("view", "key"),
    [
        (CameraView("connecting", 1.0, None), "cameras.connecting_title"),
        (CameraView("lost", 8.0, None), "cameras.never_title"),
        (CameraView("lost", 8.0, PICTURE), "cameras.lost_title"),
        (CameraView("full", 1.0, None), "live.full_title"),
        (CameraView("connected", 0.1, None), "live.waiting_title"),
    ],
)
def test_each_state_is_said(feeds: StubFeeds, view: CameraView, key: str) -> None:
    feeds.view = view
    said = words(opened())
    assert t(key) in said
    # nothing is counted where there is no picture, and nobody is warned of an old one
    assert ("data-verdict" in said) is (view.picture is not None)
    assert t("live.alert_without_mask") not in said


def test_visitors_are_told_that_events_leave_and_where_to(
    feeds: StubFeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKDET_ALERTS", "cameras")
    monkeypatch.setenv("MASKDET_WEBHOOK_URL", f"https://127.0.0.1/{SECRET}")
    monkeypatch.setenv("MASKDET_ALERT_PLACE", "the reception")
    said = words(opened())
    assert t("cameras.alerts", place="the reception") in said
    assert SECRET not in said and "127.0.0.1" not in said
    monkeypatch.setenv("MASKDET_ALERT_PICTURE", "1")
    monkeypatch.delenv("MASKDET_ALERT_PLACE")
    assert t("cameras.alerts_picture", place=t("alerts.operator")) in words(opened())


def test_without_cameras_no_page_leads_there(
    monkeypatch: pytest.MonkeyPatch, shipped_manifest: Path
) -> None:
    monkeypatch.delenv(CAMERAS, raising=False)
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60).run()
    assert t("cameras.title") not in words(app)
