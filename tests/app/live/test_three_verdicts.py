"""The live page with a network that knows masks worn wrong."""

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskdet_app.ui.texts.i18n import t
from maskdet_core import LiveProcessor
from maskdet_core.masks.loading import MODEL_ENV, WHOLE

NewApp = Callable[..., AppTest]


def html(app: AppTest) -> str:
    return "".join(str(element.proto.body) for element in app.get("html"))


def processor(component: dict[str, Any]) -> LiveProcessor:
    found: LiveProcessor = component["video_frame_callback"].__self__
    return found


@pytest.mark.usefixtures("three_verdicts")
class TestThreeVerdicts:
    def test_idle_page_has_a_legend_and_the_switch(self, new_app: NewApp) -> None:
        app = new_app().run()
        assert not app.exception
        # nothing is counted yet
        assert "data-verdict" not in html(app)
        assert html(app).count('data-legend="worn_wrong"') == 1
        assert t("legend.means_worn_wrong") in html(app)
        assert t("legend.frame_worn_wrong") in html(app)
        assert html(app).count('data-legend="looking"') == 1
        assert t("legend.means_looking") in html(app)
        assert app.toggle(key="two").value is False
        assert t("live.alert_label_worn_wrong") in [group.label for group in app.button_group]

    def test_switch_reaches_the_processor_and_the_address(
        self, component: dict[str, Any], new_app: NewApp
    ) -> None:
        app = new_app().run()
        assert processor(component).two_classes is False
        app.toggle(key="two").set_value(True).run()
        assert processor(component).two_classes is True
        assert app.query_params["two"] == "1"
        assert 'data-verdict="worn_wrong"' not in html(app)
        assert 'data-legend="worn_wrong"' not in html(app)
        assert t("live.alert_label") in [group.label for group in app.button_group]

    @pytest.mark.parametrize(
        ("default", "query", "expected"),
        [("0", {"two": "1"}, True), ("1", {}, True), ("1", {"two": "0"}, False)],
    )
    def test_address_and_operator_choose(
        self,
        default: str,
        query: dict[str, str],
        expected: bool,
        component: dict[str, Any],
        new_app: NewApp,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("MASKDET_TWO_CLASSES", default)
        new_app(**query).run()
        assert processor(component).two_classes is expected

    def test_timeline_is_explained_with_worn_wrong(
        self, component: dict[str, Any], new_app: NewApp
    ) -> None:
        component["state"].playing = True
        app = new_app().run()
        assert not app.exception
        captions = [caption.value for caption in app.caption]
        assert t("live.timeline_worn_wrong") in captions
        assert t("live.timeline") not in captions


def _panel(n_without: int, n_worn_wrong: int, alert: str) -> None:
    from types import SimpleNamespace

    from maskdet_app.live.panel import status
    from maskdet_core import Detections, Face, FaceBox, LiveStats, Verdict
    from maskdet_core.live import FrameSnapshot

    box = FaceBox(10, 10, 40, 40)
    bare = Face(box, 0.0, 0.0, 1.0, Verdict.WITHOUT_MASK)
    wrong = Face(box, 0.0, 1.0, 0.0, Verdict.WORN_WRONG)
    # a face without a look yet sets off no alert
    shown = Detections(64, 64, (bare,) * n_without + (wrong,) * n_worn_wrong, (box,))
    stats = LiveStats(frame=FrameSnapshot(7, 1.0, shown, 0.1), frame_age_s=0.1)
    status._running(
        SimpleNamespace(snapshot=lambda: stats),  # type: ignore[arg-type]
        alert,  # type: ignore[arg-type]
        tuple(Verdict),
    )


@pytest.mark.parametrize(
    ("n_without", "n_worn_wrong", "kind"),
    [(0, 0, None), (1, 0, "without_mask"), (0, 2, "worn_wrong"), (3, 1, "both")],
)
@pytest.mark.parametrize("alert", ["off", "colour", "sound"])
def test_alert_names_what_is_wrong(
    n_without: int, n_worn_wrong: int, kind: str | None, alert: str
) -> None:
    arguments = {"n_without": n_without, "n_worn_wrong": n_worn_wrong, "alert": alert}
    app = AppTest.from_function(_panel, kwargs=arguments).run()
    assert not app.exception
    banners = [part for part in html(app).split("<div ") if 'role="alert"' in part]
    if kind is None or alert == "off":
        assert banners == []
        assert not app.get("audio")
        return
    assert len(banners) == 1
    assert f"md-alert-{kind}" in banners[0]
    assert t(f"live.alert_{kind}") in banners[0]
    assert len(app.get("audio")) == (alert == "sound")


def test_words_of_the_alerts_differ() -> None:
    kinds = ("without_mask", "worn_wrong", "both")
    assert len({t(f"live.alert_{kind}") for kind in kinds}) == len(kinds)


def test_network_of_two_classes_has_no_switch(
    new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODEL_ENV, WHOLE)
    app = new_app(two="1").run()
    assert not app.exception
    assert "two" not in [toggle.key for toggle in app.toggle]
    assert 'data-verdict="worn_wrong"' not in html(app)
    assert t("live.alert_label") in [group.label for group in app.button_group]


@pytest.mark.usefixtures("three_verdicts")
@pytest.mark.parametrize(("query", "expected"), [({"two": "1"}, True), ({}, False)])
def test_embedded_video_takes_the_rule_from_the_address(
    query: dict[str, str],
    expected: bool,
    component: dict[str, Any],
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(st.context), "is_embedded", True)
    app = new_app(**query).run()
    assert not app.exception
    assert not app.toggle
    assert processor(component).two_classes is expected
