"""The texts of reports, which are data: ``locale/<code>.toml``."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from maskdet_core.draw.annotate import Labels
from maskdet_core.types import Verdict

ENGLISH: Final = "en"
_LOCALE_FOLDER: Final = Path(__file__).with_name("locale")


@cache
def languages() -> tuple[str, ...]:
    """Codes of the languages that reports can be in, English first."""
    codes = (path.stem for path in _LOCALE_FOLDER.glob("*.toml"))
    return tuple(sorted(codes, key=lambda code: (code != ENGLISH, code)))


@cache
def catalogue(language: str) -> dict[str, dict[str, Any]]:
    """All texts of a language by table and name; every call returns the same object.

    Raises:
        ValueError: there is no such language.
    """
    if language not in languages():
        raise ValueError(f"expected a language of {', '.join(languages())}, got {language!r}")
    return tomllib.loads((_LOCALE_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


class Texts:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        """Choose one of `languages`.

        Raises:
            ValueError: there is no such language.
        """
        self._tables = catalogue(language)
        self.language = language

    def __call__(self, key: str, /, **values: object) -> str:
        """A text.

        Args:
            key: table and name, such as "document.limits".
            **values: values of the text's ``{placeholders}``.

        Raises:
            KeyError: there is no such text, or a placeholder has no value.
        """
        table, _, name = key.partition(".")
        text: str = self._tables[table][name]
        return text.format(**values)

    def number(self, text: str) -> str:
        """A number or a time as Python writes it, with the decimal sign of the language."""
        return text.replace(".", self("number.decimal"))

    def verdict(self, verdict: Verdict) -> str:
        """A verdict in a word or two."""
        return self(f"verdict.{verdict.value}")

    def labels(self) -> Labels:
        """The words that are drawn on pictures, for each verdict."""
        return {verdict: self.verdict(verdict) for verdict in Verdict}
