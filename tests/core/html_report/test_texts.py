"""Texts of reports: complete in each language, and only what is used."""

import re
import string
from pathlib import Path

import pytest

from maskdet_core.draw.annotate import LABELS
from maskdet_core.html_report import document, texts
from maskdet_core.html_report.texts import ENGLISH, Texts, catalogue, languages

CORE = Path(document.__file__).parents[1]
SOURCES = [
    *(CORE / "html_report").rglob("*.py"),
    *(CORE / "html_report" / "templates").iterdir(),
    *(CORE / "batch").rglob("*document.py"),
]


def flat(language: str) -> dict[str, str]:
    return {
        f"{table}.{name}": text
        for table, values in catalogue(language).items()
        for name, text in values.items()
    }


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_languages() -> None:
    assert languages() == (ENGLISH, "es")
    with pytest.raises(ValueError, match="language of en, es"):
        Texts("../x")


@pytest.mark.parametrize("language", languages()[1:])
def test_translation_is_complete(language: str) -> None:
    english, other = flat(ENGLISH), flat(language)
    assert list(other) == list(english)
    assert {key: placeholders(text) for key, text in other.items()} == {
        key: placeholders(text) for key, text in english.items()
    }
    long = [key for key, text in english.items() if text.count(" ") >= 3]
    assert [key for key in long if other[key] == english[key]] == []


@pytest.mark.parametrize("language", languages())
def test_labels_drawn_on_pictures_are_ascii(language: str) -> None:
    labels = Texts(language).labels()
    assert labels.keys() == LABELS.keys()
    assert all("".join(pair).isascii() for pair in labels.values())
    assert Texts(ENGLISH).labels() == LABELS


def test_every_text_is_used_and_every_key_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    tables = "|".join(catalogue(ENGLISH))
    used = set(re.findall(rf"[\"']((?:{tables})\.(?!html)\w+)[\"']", code))
    known = set(flat(ENGLISH))
    assert used - known == set()
    computed = {key for key in known if key.startswith(("verdict.", "photos.kind_"))}
    assert known - used - computed == set()


def test_missing_text_and_missing_value_are_errors() -> None:
    with pytest.raises(KeyError, match="nothing_like_it"):
        Texts(ENGLISH)("photos.nothing_like_it")
    with pytest.raises(KeyError, match="n"):
        Texts(ENGLISH)("photos.checked")
    assert texts.catalogue("es") is texts.catalogue("es")
