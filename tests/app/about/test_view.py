"""The about page: the network's manifest, and the build."""

import dataclasses
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.about import view
from maskdet_app.ops.installation import build_info
from maskdet_app.ops.settings import api_settings
from maskdet_app.ui.texts import i18n
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Verdict
from maskdet_core.masks.loading import default_model_path
from maskdet_core.masks.manifest import ModelManifest
from testbed.repository import REPO_ROOT


def _page() -> AppTest:
    def page() -> None:
        from maskdet_app.about import view

        view.show_model()
        view.show_api()
        view.show_build()

    app = AppTest.from_function(page).run()
    assert not app.exception
    return app


def test_table_shows_the_manifest_of_the_network_in_use() -> None:
    manifest = ModelManifest.load(default_model_path())
    table = _page().markdown[0].value
    assert t("about.model_mb", mb=f"{manifest.size_bytes / 1e6:.1f}") in table
    assert manifest.architecture in table


def test_network_is_described_in_the_visitors_language(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = ModelManifest.load(default_model_path())
    assert view._architecture(manifest) == manifest.architecture
    monkeypatch.setattr(i18n, "current_language", lambda: "es")
    spanish = view._architecture(manifest)
    assert spanish != manifest.architecture
    assert spanish == manifest.architecture.replace("with", "con").replace("channels", "canales")
    other = dataclasses.replace(manifest, architecture="MobileNet")
    assert view._architecture(other) == "MobileNet"


def test_model_without_a_manifest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_MODEL", "network.keras")
    captions = [caption.value for caption in _page().caption]
    assert captions[0] == t("about.model_none", file="network.keras")
    assert t("about.status_no_model") in captions[1]


def test_missing_manifest_gives_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_MODEL", str(tmp_path / "gone.json"))
    assert [warning.value for warning in _page().warning] == [t("shared.no_model")]


def test_page_explains_the_verdicts_of_the_shipped_network_and_no_other() -> None:
    app = _about_page()
    known = ModelManifest.load(default_model_path()).classes
    assert _legend(app) == [v.value for v in Verdict if v != "worn_wrong" or v.value in known]
    assert _limits(app, "about.limit_two_classes") is ("worn_wrong" not in known)


def test_page_explains_worn_wrong_where_the_network_knows_it(three_verdicts: None) -> None:
    app = _about_page()
    assert _legend(app) == [verdict.value for verdict in Verdict]
    assert _limits(app, "about.limit_worn_wrong")
    assert not _limits(app, "about.limit_two_classes")
    texts = "\n".join(str(element.proto.body) for element in app.get("html"))
    assert t("legend.means_worn_wrong") in texts
    assert "Worn wrong" in "".join(markdown.value for markdown in app.markdown)


def _about_page() -> AppTest:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/about.py").run()
    assert not app.exception
    return app


def _legend(app: AppTest) -> list[str]:
    html = "".join(str(element.proto.body) for element in app.get("html"))
    return re.findall(r'data-legend="(\w+)"', html)


def _limits(app: AppTest, key: str) -> bool:
    return any(t(key) in markdown.value for markdown in app.markdown)


def test_build_has_version_commit_and_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_info, "commit", lambda: "0123456")
    expected = t(
        "about.status",
        version=build_info.version(),
        commit=build_info.commit(),
        model=build_info.model(),
    )
    assert _page().caption[-1].value == expected


def test_build_says_nothing_of_a_commit_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_info, "commit", lambda: build_info.UNKNOWN)
    said = _page().caption[-1].value
    assert build_info.version() in said
    assert build_info.UNKNOWN not in said


@pytest.mark.parametrize("is_on", [True, False, None])
def test_the_api_is_named_where_the_server_has_one(
    is_on: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = [] if is_on is None else [api_settings.ApiSettings(is_on)]
    monkeypatch.setattr(api_settings, "_mounted", mounted)
    shown = "(/api/v1/docs)" in "".join(one.value for one in _page().markdown)
    assert shown == bool(is_on)


def test_privacy_says_which_events_and_cameras_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MASKDET_ALERTS", "MASKDET_CAMERAS"):
        monkeypatch.delenv(name, raising=False)
    assert view.privacy() == t("about.privacy_text").strip()
    listed = tmp_path / "cameras.toml"
    listed.write_text('Door = "rtsp://10.0.0.2/a"')
    monkeypatch.setenv("MASKDET_CAMERAS", str(listed))
    monkeypatch.setenv("MASKDET_ALERTS", "live")
    monkeypatch.setenv("MASKDET_WEBHOOK_URL", "https://127.0.0.1/s3cret")
    said = view.privacy()
    assert t("about.privacy_alerts", place=t("alerts.operator")).strip() in said
    assert t("about.privacy_cameras").strip() in said
    assert "s3cret" not in said
