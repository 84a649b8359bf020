"""Words of records in the visitor's language."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from maskdet_app.metrics.records import words
from maskdet_app.metrics.records.runs import MODELS, read_run, run_folders
from maskdet_app.ui.texts import i18n
from maskdet_app.ui.texts.i18n import ENGLISH, catalogue

NAMES = {"covid-face-mask", "face-mask-12k", "street-853"}
"""Picture sets, which have the same name in every language."""


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "current_language", lambda: "es")
    monkeypatch.setattr(i18n, "current_language", lambda: "es")


def test_english_stays_as_recorded_but_for_photos() -> None:
    table = catalogue(ENGLISH)[words.TABLE]
    # the pages' own word, see `test_i18n.OTHER_WORDS`
    assert all(text == word.replace("hotograph", "hoto") for word, text in table.items())


def test_whole_texts_come_before_parts(spanish: None) -> None:
    assert words.translated("Leak-free, dark") == "Sin filtraciones, oscuras"
    assert words.translated("of them the published test") == "de ellas, la prueba publicada"
    assert words.translated("my-set, given Test") == "my-set, parte «Test» original"
    assert words.translated("something of one's own") == "something of one's own"


def test_every_word_of_the_records_that_ship_is_known(spanish: None) -> None:
    known = catalogue("es")[words.TABLE]
    shown = set(_shown())
    assert len(shown) > 50
    parts = {
        part
        for text in shown
        if text not in known
        for part in text.split(", ")
        if part not in known
    }
    assert parts - NAMES == set()


def _shown() -> Iterator[str]:
    """What pages show of the words of the network's, the finder's and the studies' records."""
    run = next(run for folder in run_folders() if (run := read_run(folder)).shipped)
    yield run.info["status"]
    yield from {epoch["phase"] for epoch in run.epochs}
    evaluation: dict[str, Any] = run.evaluation or {}
    for one in evaluation["sets"]:
        yield from (one["name"], one["note"])
    yield from (one["name"] for one in evaluation["rates"])
    for one in evaluation["whole_photos"]:
        yield from (one["preset"], one["name"])
    for condition in evaluation["people"]["conditions"]:
        groups = (group["name"] for group in condition["groups"] if group["by"] == "group")
        yield from (name for name in groups if name != "Other")
    ablations = _read("ablations.json")
    for one in ablations["configurations"]:
        yield from (test["name"] for test in one["tests"])
        # the unchanged recipe has words of the page
        yield from [one["summary"]] * (one["name"] not in ("maskdet", "slim"))
    for one in _read("widths.json")["networks"]:
        yield from one["tests"]
    finder = _read("maskdet-haar.json")["evaluation"]
    for one in finder["records"]:
        yield one["set"]
    for source in (finder, finder["recorded"]):
        yield from (
            one["finder"] for one in source["records"] if "frontalface" not in one["finder"]
        )
    for one in finder["drawn"]["records"]:
        yield from one["faces"]


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MODELS / name).read_text(encoding="utf-8"))
    return found
