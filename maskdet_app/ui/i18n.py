"""Every text that people see, in their language. The texts are data: ``locale/<code>.toml``."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from maskdet_app.ui import query_params
from maskdet_core import Verdict
from maskdet_core.draw.annotate import Labels

FOLDER: Final = Path(__file__).with_name("locale")
ENGLISH: Final = "en"
"""What is missing elsewhere is said in it."""
KEY: Final = "lang"
"""Of the selector, and its name in the page's address."""

Catalogue = dict[str, dict[str, Any]]


@cache
def languages() -> dict[str, str]:
    """Code and own name of each language there is, English first."""
    codes = sorted((path.stem for path in FOLDER.glob("*.toml")), key=lambda c: (c != ENGLISH, c))
    return {code: catalogue(code)["language"]["name"] for code in codes}


@cache
def catalogue(code: str) -> Catalogue:
    """All texts of a language, table by table; every call hands out the same object."""
    return tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))


def t(key: str, /, **values: object) -> str:
    """A text in the visitor's language.

    Args:
        key: table and name, such as "photo.title".
        **values: for the text's ``{placeholders}``.

    Raises:
        KeyError: no such text in English, or a placeholder without its value.
    """
    text: str = _find(key)
    return text.format(**values)


def items(key: str) -> tuple[dict[str, str], ...]:
    """A list of texts that belong together, such as the steps of "about.steps".

    Raises:
        KeyError: no such list in English.
    """
    return tuple(_find(key))


def verdict_word(verdict: Verdict) -> str:
    """A verdict in a word or two."""
    return t(f"verdict.{verdict.value}")


def drawn_labels() -> Labels:
    """What is written on the frames in pictures."""
    return {
        verdict: (verdict_word(verdict), t(f"verdict.{verdict.value}_short")) for verdict in Verdict
    }


def current() -> str:
    """Code of the visitor's language: chosen, named in the address, or asked for by the browser."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    chosen = st.session_state.get(KEY) or st.query_params.get(KEY)
    return chosen if chosen in languages() else _of_browser()


def picker() -> None:
    """A selector of the language, kept in the page's address."""
    query_params.segmented_control(
        KEY,
        t("app.language"),
        list(languages()),
        _of_browser(),
        format_func=lambda code: languages()[code],
        label_visibility="collapsed",
    )


def _of_browser() -> str:
    code = (st.context.locale or ENGLISH).split("-")[0].lower()
    return code if code in languages() else ENGLISH


def _find(key: str) -> Any:
    table, _, name = key.partition(".")
    found = catalogue(current()).get(table, {}).get(name)
    return catalogue(ENGLISH)[table][name] if found is None else found
