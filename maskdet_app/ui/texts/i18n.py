"""The visitor's language and the texts of all pages, which are data: ``locale/<code>.toml``."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ui.browser import query_params
from maskdet_core import Verdict
from maskdet_core.draw.annotate import Labels
from maskdet_core.html_report import texts as report_texts

LOCALE_FOLDER: Final = Path(__file__).with_name("locale")
ENGLISH: Final = "en"
"""The fallback for texts that a translation lacks."""
QUERY_PARAM: Final = "lang"
"""Of the language; also the picker's key."""

Catalogue = dict[str, dict[str, Any]]


@cache
def languages() -> dict[str, str]:
    """Code and own name of each language, English first."""
    codes = (path.stem for path in LOCALE_FOLDER.glob("*.toml"))
    ordered = sorted(codes, key=lambda code: (code != ENGLISH, code))
    return {code: catalogue(code)["language"]["name"] for code in ordered}


@cache
def catalogue(code: str) -> Catalogue:
    """All texts of a language by table and name; every call returns the same object."""
    return tomllib.loads((LOCALE_FOLDER / f"{code}.toml").read_text(encoding="utf-8"))


def t(key: str, /, **values: object) -> str:
    """A text in the visitor's language.

    Args:
        key: table and name, such as "photo.title".
        **values: values of the text's ``{placeholders}``. Where the text has forms for numbers,
            ``n`` chooses one.

    Raises:
        KeyError: English has no such text, or a placeholder has no value.
    """
    text = _lookup(key)
    if isinstance(text, dict):
        text = text[plural_form(values["n"])]
    return str(text).format(**values)


def plural_form(n: object) -> str:
    """The form of a text for a number, by its name in Unicode's CLDR: "one" or "other".

    It is the rule of English and Spanish for numbers below a million. A language with more forms
    needs its own rule here.

    Args:
        n: a number, or one as it is shown: "1.0" is no singular.
    """
    return "one" if str(n) == "1" else "other"


def t_list(key: str) -> tuple[dict[str, str], ...]:
    """A list of texts in the visitor's language, such as the steps of "about.steps".

    Raises:
        KeyError: English has no such list.
    """
    return tuple(_lookup(key))


def verdict_label(verdict: Verdict) -> str:
    """A verdict in a word or two."""
    return t(f"verdict.{verdict.value}")


def drawn_labels() -> Labels:
    """The words that are drawn on pictures, for each verdict."""
    return {verdict: verdict_label(verdict) for verdict in Verdict}


def drawn_looking() -> str:
    """The word that is drawn on a face that is being looked at."""
    return t("verdict.looking")


def current_language() -> str:
    """Code of the visitor's language: chosen, by the query parameter, or by the browser."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    code = st.session_state.get(QUERY_PARAM) or st.query_params.get(QUERY_PARAM)
    return code if code in languages() else _browser_language()


def language_picker() -> None:
    """Show a control for the language, kept in the query parameters."""
    query_params.segmented_control(
        QUERY_PARAM,
        t("app.language"),
        list(languages()),
        _browser_language(),
        # the visitor's, not the page's
        goes_back=False,
        format_func=lambda code: languages()[code],
        label_visibility="collapsed",
    )


def _browser_language() -> str:
    code = (st.context.locale or ENGLISH).split("-")[0].lower()
    return code if code in languages() else ENGLISH


def _lookup(key: str) -> Any:
    table, _, name = key.partition(".")
    text = catalogue(current_language()).get(table, {}).get(name)
    return catalogue(ENGLISH)[table][name] if text is None else text


def report_language() -> str:
    """The visitor's language where HTML reports can be in it, else English."""
    language = current_language()
    return language if language in report_texts.languages() else ENGLISH
