"""The photo page's HTML report."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from maskdet_app.photo import downloads, html_report
from maskdet_app.photo.batch import MAX_PHOTOS, Photo
from maskdet_app.photo.options import PhotoOptions
from maskdet_app.ui.texts import i18n
from maskdet_app.ui.texts.i18n import catalogue
from maskdet_core import Verdict
from maskdet_core.errors import TransientImageError
from maskdet_core.html_report import texts
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import Texts
from tests.core.html_report.parsed import Parsed

FACTS = CheckFacts("net", "0" * 64, False, "street", 50, 0.95, False, 24, None)


def report(photos: list[Photo], language: str = "en", **values: Any) -> Parsed:
    given = {"with_pictures": True, "blurred": False, **values}
    return Parsed(html_report.html_file(photos, FACTS, language, **given).decode("utf-8"))


def test_app_and_report_have_the_same_languages_and_labels() -> None:
    assert tuple(i18n.languages()) == texts.languages()
    for language in texts.languages():
        app = catalogue(language)["verdict"]
        assert Texts(language).labels() == {verdict: app[verdict.value] for verdict in Verdict}


def test_report_shows_all_photos_in_the_language(photos: list[Photo]) -> None:
    page = report(photos, "es")
    assert len(page.all("img")) == 5
    assert "broken" in page.texts and "expected a picture" in page.text
    assert "a-mixed: 1 × Mascarilla, 2 × Sin mascarilla" in [i["alt"] for i in page.all("img")]
    n_faces = sum(len(photo["faces"]) for photo in json.loads(downloads.json_report(photos)))
    assert f"Caras juzgadas: {n_faces} " in page.text


def test_pictures_can_be_left_out_or_blurred(photos: list[Photo]) -> None:
    assert report(photos, with_pictures=False).all("img") == []
    shown, blurred = report(photos), report(photos, blurred=True)
    assert "blurred where they were found" in blurred.text
    assert len(blurred.all("img")) == len(shown.all("img")) == 5


def test_work_ends_when_the_visitor_has_left(photos: list[Photo]) -> None:
    n_asked = 0

    def leave() -> None:
        nonlocal n_asked
        n_asked += 1
        if n_asked == 2:
            raise TransientImageError("the visitor has left")

    with pytest.raises(TransientImageError, match="left"):
        report(photos, while_waiting=leave)
    assert n_asked == 2 < len(photos) < MAX_PHOTOS


@pytest.mark.parametrize(("size", "share"), [("tiny", None), ("usual", 1 / 24), ("large", 1 / 8)])
def test_facts_are_the_visitors_options(
    size: Any, share: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_report.CheckFacts, "of", lambda detector: FACTS)
    options = PhotoOptions(0.8, True, tuple(Verdict), size, False, False)
    facts = html_report.check_facts(SimpleNamespace(), options)  # type: ignore[arg-type]
    assert (facts.min_confidence, facts.two_classes) == (0.8, True)
    assert (facts.min_face_px, facts.min_face_share) == (24, share)
