"""Texts: all in the catalogue, all used, all translated, shown in the visitor's language."""

import ast
import string
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskdet_app.metrics.records import words
from maskdet_app.ui.texts import i18n
from maskdet_app.ui.texts.i18n import (
    ENGLISH,
    catalogue,
    current_language,
    drawn_labels,
    languages,
    t,
    t_list,
)
from maskdet_core.draw.typeface import validate_drawable
from testbed.repository import REPO_ROOT

SOURCES = [
    REPO_ROOT / "streamlit_app.py",
    *(REPO_ROOT / "pages").glob("*.py"),
    *(REPO_ROOT / "maskdet_app").rglob("*.py"),
]
# Read whole by server/page_head/streamlit_texts.py, whose tests know what is used.
SCRIPT_TABLES = {"trouble", "widgets"}
# Their numbers are lengths and shares of style sheets.
STYLE_SOURCES = {"theme.py", "face_links.py", "panel.py"}
# One word for one thing: a photo is nothing else on another page.
OTHER_WORDS = {"en": "photograph", "es": "fotograf"}
TRANSLATIONS = [code for code in languages() if code != ENGLISH]
# Streamlit functions that show their first argument as text.
TEXT_FUNCTIONS = set(
    [
        "title",
        "header",
        "markdown",
        "caption",
        "text",
        "write",
        "info",
        "success",
        "warning",
        "error",
        "button",
        "toggle",
        "checkbox",
        "radio",
        "selectbox",
        "slider",
        "pills",
        "segmented_control",
        "file_uploader",
        "camera_input",
        "metric",
        "expander",
        "download_button",
        "page_link",
        "progress",
        "spinner",
        "toast",
    ]
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def texts(code: str) -> dict[str, str]:
    """Every text of a language by its key; in lists it is list, index and name, or has the form."""
    found = {}
    for table, values in catalogue(code).items():
        for name, value in values.items():
            if isinstance(value, list):
                for number, item in enumerate(value):
                    for part, text in item.items():
                        found[f"{table}.{name}.{number}.{part}"] = text
            elif isinstance(value, dict):
                found |= {f"{table}.{name}.{form}": text for form, text in value.items()}
            else:
                found[f"{table}.{name}"] = value
    return found


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node


def keys_used() -> Iterator[tuple[str, set[str], str]]:
    """Key, or pattern with ``*`` for what is filled in; names of the given values; file name."""
    for path in SOURCES:
        for call in calls(path):
            if not isinstance(call.func, ast.Name) or call.func.id not in ("t", "t_list"):
                continue
            given = {keyword.arg or "**" for keyword in call.keywords}
            options = [call.args[0]] if call.args else []
            if options and isinstance(options[0], ast.IfExp):
                options = [options[0].body, options[0].orelse]
            for option in options:
                if isinstance(option, ast.Constant):
                    yield str(option.value), given, path.name
                elif isinstance(option, ast.JoinedStr):
                    parts = [
                        str(part.value) if isinstance(part, ast.Constant) else "*"
                        for part in option.values
                    ]
                    assert "." in parts[0], f"{path.name}: no table in {''.join(parts)}"
                    yield "".join(parts), given, path.name


def test_there_is_a_translation() -> None:
    assert TRANSLATIONS
    assert next(iter(languages())) == ENGLISH


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_translation_is_complete(code: str) -> None:
    english, other = texts(ENGLISH), texts(code)
    assert set(other) == set(english)
    # a space that does not break is a sign between groups of digits
    assert [key for key, text in other.items() if not text.strip(" \t\n")] == []
    # one form may write the number as a word where the other language writes a figure
    assert {key: placeholders(text) for key, text in other.items() if not key.endswith(".one")} == {
        key: placeholders(text) for key, text in english.items() if not key.endswith(".one")
    }


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_long_texts_are_translated(code: str) -> None:
    english, other = texts(ENGLISH), texts(code)
    long = [key for key, text in english.items() if text.count(" ") >= 3]
    assert [key for key in long if other[key] == english[key]] == []


@pytest.mark.parametrize("code", OTHER_WORDS)
def test_photos_have_one_word(code: str) -> None:
    shown = texts(code)
    assert sum("foto" in text or "photo" in text for text in shown.values()) > 50
    assert [key for key, text in shown.items() if OTHER_WORDS[code] in text.lower()] == []


@pytest.mark.parametrize("code", list(languages()))
def test_labels_drawn_on_pictures_are_in_the_typeface(code: str) -> None:
    drawn = [text for key, text in texts(code).items() if key.startswith("verdict.")]
    assert len(set(drawn)) == 5
    for text in drawn:
        validate_drawable(text)


def test_every_key_in_the_code_exists_and_gets_its_values() -> None:
    english = texts(ENGLISH)
    for key, given, file in keys_used():
        if "*" in key:
            assert any(fnmatchcase(name, key) for name in english), f"{file}: {key}"
        elif isinstance(text := _entry(key), str):
            assert placeholders(text) == given, f"{file}: {key}"
        elif isinstance(text, dict):
            assert placeholders(text["other"]) | {"n"} == given, f"{file}: {key}"


def _entry(key: str) -> Any:
    table, name = key.split(".")
    return catalogue(ENGLISH)[table][name]


@pytest.mark.parametrize("code", list(languages()))
def test_texts_with_forms_have_one_for_every_number(code: str) -> None:
    forms = [
        value
        for values in catalogue(code).values()
        for value in values.values()
        if isinstance(value, dict)
    ]
    assert forms
    for form in forms:
        assert set(form) == {"one", "other"}
        assert placeholders(form["one"]) | {"n"} == placeholders(form["other"])


def test_number_chooses_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [t("photo.bar", n=n) for n in (0, 1, 2)] == ["0 photos", "1 photo", "2 photos"]
    monkeypatch.setattr(i18n, "current_language", lambda: "es")
    assert [t("photo.bar", n=n) for n in (0, 1, 2)] == ["0 fotos", "1 foto", "2 fotos"]
    with pytest.raises(KeyError, match="n"):
        t("photo.bar")


def test_every_text_is_used() -> None:
    used = {key for key, _, _ in keys_used()}
    for table, values in catalogue(ENGLISH).items():
        # the words of records are known to the tests of metrics/records/words.py
        if table not in ("language", words.TABLE) and table not in SCRIPT_TABLES:
            unused = [
                f"{table}.{name}"
                for name in values
                if not any(fnmatchcase(f"{table}.{name}", key) for key in used)
            ]
            assert unused == []


def test_code_contains_no_texts_for_visitors() -> None:
    strays = [
        f"{path.name}: {call.args[0].value!r}"
        for path in SOURCES
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in TEXT_FUNCTIONS
        # Log messages are for the operator.
        and not (isinstance(call.func.value, ast.Name) and call.func.value.id == "_LOG")
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and " " in call.args[0].value.strip()
    ]
    assert strays == []


def test_code_formats_numbers_for_visitors_in_their_language() -> None:
    """Numbers with decimals or groups go by `ui.texts.numbers`; what is no text is CSS."""
    strays = [
        f"{path.name}: {ast.unparse(node)}"
        for path in SOURCES
        if path.parent.name not in ("api", "ops", "server") and path.name not in STYLE_SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FormattedValue)
        and node.format_spec is not None
        and set(ast.unparse(node.format_spec)) & set(",.%")
    ]
    assert strays == []


def test_text_missing_in_a_translation_falls_back_to_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n, "current_language", lambda: TRANSLATIONS[0])
    spanish = t("photo.title")
    with monkeypatch.context() as patch:
        patch.delitem(catalogue(TRANSLATIONS[0])["photo"], "title")
        assert t("photo.title") == catalogue(ENGLISH)["photo"]["title"] != spanish
    with pytest.raises(KeyError, match="nothing_like_it"):
        t("photo.nothing_like_it")
    with pytest.raises(KeyError, match="total"):
        t("photo.packing", n=1)


def test_only_a_bare_one_is_singular() -> None:
    forms = [i18n.plural_form(number) for number in ("1", "0", "2", "1.0", "100")]
    assert forms == ["one", *["other"] * 4]


def test_language_is_english_outside_of_a_session() -> None:
    assert current_language() == ENGLISH
    assert t_list("about.steps")[0]["head"] == "Picture"
    assert set(drawn_labels().values()) == {
        "Mask",
        "Worn wrong",
        "No mask",
        "Not sure",
    }


@pytest.mark.parametrize(
    ("session", "query", "browser", "expected"),
    [
        (None, None, None, "en"),
        (None, None, "es-MX", "es"),
        (None, None, "xx-YY", "en"),
        (None, "es", "en-GB", "es"),
        (None, "../../etc/passwd", "es", "es"),
        ("en", "es", "es", "en"),
    ],
)
def test_priority_of_session_query_parameter_and_browser(
    session: str | None,
    query: str | None,
    browser: str | None,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n, "get_script_run_ctx", lambda **_: object())
    monkeypatch.setattr(st, "session_state", {} if session is None else {"lang": session})
    monkeypatch.setattr(st, "query_params", {} if query is None else {"lang": query})
    monkeypatch.setattr(st, "context", SimpleNamespace(locale=browser))
    assert current_language() == expected


@pytest.mark.parametrize("page", ["live", "photo", "metrics", "about"])
@pytest.mark.parametrize("code", TRANSLATIONS)
def test_pages_in_another_language(page: str, code: str) -> None:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["lang"] = code
    app.run()
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    texts_of_page = catalogue(code)[page]
    assert app.title[0].value == texts_of_page.get("headline", texts_of_page["title"])
    shown = "\n".join(
        str(element.value) for group in (app.markdown, app.caption) for element in group
    )
    english = [
        text
        for key, text in texts(ENGLISH).items()
        if text.count(" ") >= 5 and "{" not in text and text in shown
    ]
    assert english == []
