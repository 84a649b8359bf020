"""Lines of a CSV file (RFC 4180) that hold text by strangers.

No text is taken for a formula, and none breaks a line, a column or the encoding.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable
from typing import Final

from maskdet_core.untrusted_text import one_line

BOM: Final = b"\xef\xbb\xbf"
"""Begins a CSV file: without it Excel reads UTF-8 in the machine's legacy code page."""

_FORMULA_SIGNS: Final = frozenset("=+-@\u2212")
_INVISIBLE: Final = frozenset(
    # blank letters and a blank symbol: Hangul fillers, Braille, and a musical null notehead
    "\u115f\u1160\u3164\uffa0\u2800\U0001d159"
)
_INVISIBLE_CATEGORIES: Final = ("C", "M", "Z")
"""Controls and format characters, combining marks with variation selectors, and white space."""


def text_cell(text: str) -> str:
    """Make text that no spreadsheet takes for a formula (OWASP's advice on CSV injection)."""
    return ("'" if _is_formula(text) else "") + one_line(text)


def csv_line(values: Iterable[str | int | float | None]) -> str:
    """A line of CSV with its end; texts are quoted, and untrusted ones come from `text_cell`."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow(values)
    return line.getvalue()


def _is_formula(text: str) -> bool:
    """Whether text begins with a formula's sign, or with a tab or line break, as in old advice.

    Spreadsheets skip invisible characters before the sign, and accept full-width and small forms.
    """
    if text.lstrip(" ")[:1] in ("\t", "\r", "\n"):
        return True
    for char in text:
        if _FORMULA_SIGNS.intersection(unicodedata.normalize("NFKC", char)):
            return True
        is_invisible = unicodedata.category(char)[0] in _INVISIBLE_CATEGORIES
        if not is_invisible and char not in _INVISIBLE:
            return False
    return False
