"""The about page: the network's manifest, and the build."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.ops import build_info
from maskdet_app.ui.i18n import t
from maskdet_core.masks.loading import default_model_path
from maskdet_core.masks.manifest import ModelManifest


def _page() -> AppTest:
    def page() -> None:
        from maskdet_app.about import view

        view.show_model()
        view.show_build()

    app = AppTest.from_function(page).run()
    assert not app.exception
    return app


def test_table_shows_the_manifest_of_the_network_in_use() -> None:
    manifest = ModelManifest.load(default_model_path())
    table = _page().markdown[0].value
    assert t("about.model_mb", mb=f"{manifest.size_bytes / 1e6:.1f}") in table
    assert manifest.architecture in table


def test_model_without_a_manifest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_MODEL", "network.keras")
    captions = [caption.value for caption in _page().caption]
    assert captions[0] == t("about.model_none", file="network.keras")
    assert t("about.status_no_model") in captions[1]


def test_missing_manifest_gives_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_MODEL", str(tmp_path / "gone.json"))
    assert [warning.value for warning in _page().warning] == [t("shared.no_model")]


def test_build_has_version_commit_and_network() -> None:
    expected = t(
        "about.status",
        version=build_info.version(),
        commit=build_info.commit(),
        model=build_info.model(),
    )
    assert _page().caption[-1].value == expected
