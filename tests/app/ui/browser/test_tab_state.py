"""The photo page after a reload, which Streamlit gives a new session."""

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.ui.browser import tab_state
from maskdet_app.ui.texts.i18n import t
from testbed.repository import REPO_ROOT

NETWORK = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
pytestmark = pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")


def open_page(monkeypatch: pytest.MonkeyPatch, *secrets: str, page: str = "photo") -> AppTest:
    monkeypatch.setattr(tab_state, "secrets_in", lambda _: tuple(one * 32 for one in secrets))
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    return app.switch_page(f"pages/{page}.py").run()


def n_photos(app: AppTest) -> int:
    assert not app.exception
    return len(app.session_state["tab_state"].get("photo_batch", ()))


def test_photos_are_there_after_a_reload_also_of_another_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = open_page(monkeypatch, "a")
    app.button(key="samples").click().run()
    assert n_photos(app) == 3
    elsewhere = open_page(monkeypatch, "b", "a", page="about")
    assert n_photos(elsewhere) == 3
    again = open_page(monkeypatch, "c", "b", "a")
    assert n_photos(again) == 3
    assert "forget" in [button.key for button in again.button]
    # another tab, and who knows only a secret that was used, begin empty
    for secrets in (("d",), ("e", "a")):
        assert n_photos(open_page(monkeypatch, *secrets)) == 0
    again.button(key="forget").click().run()
    assert n_photos(open_page(monkeypatch, "f", "c")) == 0


def test_removal_can_be_undone_after_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, "a")
    app.button(key="try-masked").click().run()
    app.button(key="forget").click().run()
    again = open_page(monkeypatch, "b", "a")
    again.button(key="undo").click().run()
    assert n_photos(again) == 1
    assert t("verdict.with_mask") in "".join(str(one.value) for one in again.markdown)
