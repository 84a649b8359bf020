"""The photo page with a network that knows masks worn wrong, and with one that does not."""

import csv
import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_app.photo import view
from maskdet_app.ui.texts.i18n import t
from maskdet_core import encode_jpeg
from maskdet_core.masks.loading import MODEL_ENV, WHOLE
from testbed.pictures.drawn_masks import draw_worn_wrong
from tests.app.photo.test_page import NETWORK, counts, open_first, open_page, upload
from train.samples import portrait as samples

pytestmark = pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")

Files = list[tuple[str, bytes]]


def shown_probabilities(app: Any) -> dict[str, str]:
    html = "".join(str(element.proto.body) for element in app.get("html"))
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)<", html))


def filters(app: Any) -> list[str]:
    return [str(option) for option in app.button_group(key="show").options]


def toggle_keys(app: Any) -> list[str]:
    return [str(toggle.key) for toggle in app.toggle]


@pytest.fixture(scope="module")
def files(portrait: NDArray[np.uint8]) -> Files:
    pictures = {
        "wrong.jpg": draw_worn_wrong(portrait),
        "masked.jpg": samples.draw_mask(portrait),
        "bare.jpg": samples.doubled(portrait),
    }
    return [(name, encode_jpeg(rgb[samples.CUT], 92)) for name, rgb in pictures.items()]


@pytest.mark.usefixtures("three_verdicts")
class TestThreeVerdicts:
    def test_worn_wrong_has_tile_filter_badge_and_alternative_text(self, files: Files) -> None:
        app = upload(files)
        assert counts(app) == {
            "with_mask": 1,
            "worn_wrong": 1,
            "without_mask": 1,
            "not_sure": 0,
        }
        assert any(t("photo.filter_worn_wrong") in option for option in filters(app))
        badges = [str(markdown.value) for markdown in app.markdown]
        assert any(":yellow-badge[:material/priority_high: 1 × Worn wrong]" in b for b in badges)
        app.button_group(key="show").set_value(["worn_wrong"]).run()
        names = [b for b in badges if b.startswith("**")]
        shown = [str(m.value) for m in app.markdown if str(m.value).startswith("**")]
        assert len(names) == 3 and len(shown) == 1

    def test_close_view_has_three_labelled_probabilities(self, files: Files) -> None:
        app = upload(files)
        open_first(app)
        assert shown_probabilities(app) == {"Mask": "17 %", "Worn wrong": "76 %", "No mask": "7 %"}
        assert ":yellow-badge[:material/priority_high: **Worn wrong** 76 %]" in [
            str(markdown.value) for markdown in app.markdown
        ]
        assert t("photo.bars_note") in [caption.value for caption in app.caption]

    def test_switch_counts_worn_wrong_as_no_mask_at_once(self, files: Files) -> None:
        app = upload(files)
        app.toggle(key="two").set_value(True).run()
        assert app.query_params["two"] == "1"
        assert counts(app) == {"with_mask": 1, "without_mask": 2, "not_sure": 0}
        assert not any(t("photo.filter_worn_wrong") in option for option in filters(app))
        open_first(app)
        assert shown_probabilities(app) == {"Mask": "17 %", "No mask": "83 %"}
        app.toggle(key="two").set_value(False).run()
        assert "two" not in app.query_params
        assert counts(app)["worn_wrong"] == 1

    def test_link_carries_the_choice(self, files: Files) -> None:
        app = upload(files, two="1")
        assert app.toggle(key="two").value is True
        assert counts(app)["without_mask"] == 2

    @pytest.mark.parametrize(("query", "n_without"), [({}, 2), ({"two": "0"}, 1)])
    def test_operator_sets_the_default_and_visitors_choose(
        self,
        query: dict[str, str],
        n_without: int,
        files: Files,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("MASKDET_TWO_CLASSES", "1")
        app = upload(files, **query)
        assert counts(app)["without_mask"] == n_without
        assert app.toggle(key="two").value is (n_without == 2)
        assert app.query_params.get("two") == ("0" if query else None)

    @pytest.mark.parametrize(
        ("query", "verdict"), [({}, "worn_wrong"), ({"two": "1"}, "without_mask")]
    )
    def test_downloads_follow_the_choice(
        self, query: dict[str, str], verdict: str, files: Files
    ) -> None:
        app = upload(files, **query)
        app.button(key="pack").click().run()
        content = app.session_state[view.ZIP_IN_PROGRESS][1].content
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            report = json.loads(archive.read("faces.json"))
            rows = list(csv.DictReader(io.StringIO(archive.read("faces.csv").decode("utf-8-sig"))))
            pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert report[0]["faces"][0]["verdict"] == rows[0]["verdict"] == verdict
        assert [face["verdict"] for photo in report[1:] for face in photo["faces"]] == [
            "with_mask",
            "without_mask",
        ]
        assert len(pictures) == 3

    def test_filter_of_a_shared_link_survives_the_switch(self, files: Files) -> None:
        app = upload(files, two="1", show="worn_wrong")
        assert not app.exception
        assert t("photo.filter_empty") in [info.value for info in app.info]


def test_network_of_two_classes_shows_two_probabilities_and_no_switch(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODEL_ENV, WHOLE)
    app = upload(files[1:])
    assert "two" not in toggle_keys(app)
    assert counts(app) == {"with_mask": 1, "without_mask": 1, "not_sure": 0}
    assert not any(t("photo.filter_worn_wrong") in option for option in filters(app))
    open_first(app)
    assert set(shown_probabilities(app)) == {"Mask", "No mask"}


def test_switch_is_in_every_language(three_verdicts: None) -> None:
    for code in ("en", "es"):
        app = open_page(lang=code)
        labels = [toggle.label for toggle in app.toggle if toggle.key == "two"]
        assert labels and ("worn wrong" in labels[0]) is (code == "en")
