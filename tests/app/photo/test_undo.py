"""The offer to undo "Remove all" on the photo page."""

import html

import pytest

from maskdet_app.photo.upload import SAMPLES_FOLDER
from maskdet_app.ui.texts.i18n import t
from tests.app.photo.test_page import NETWORK, batch_of, counts, open_first, texts, upload

pytestmark = pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")


@pytest.fixture(scope="module")
def bare() -> bytes:
    return (SAMPLES_FOLDER / "bare.jpg").read_bytes()


def test_remove_all_can_be_undone(bare: bytes) -> None:
    app = upload([("a.jpg", bare), ("b.jpg", bare)])
    open_first(app)
    app.button(key="forget").click().run()
    assert "photo" not in app.query_params
    [note] = [str(one.proto.body) for one in app.get("html") if 'role="status"' in one.proto.body]
    assert t("photo.removed", n=2, seconds=10) in html.unescape(note)
    app.button(key="undo").click().run()
    assert not app.exception
    assert counts(app)["without_mask"] == 2
    assert "undo" not in [button.key for button in app.button]


def test_undo_is_not_offered_after_its_time(bare: bytes) -> None:
    app = upload([("a.jpg", bare)])
    app.button(key="forget").click().run()
    batch_of(app).discard_removed()
    app.run()
    assert not app.exception
    assert "undo" not in [button.key for button in app.button]
    assert t("photo.empty") in texts(app)
