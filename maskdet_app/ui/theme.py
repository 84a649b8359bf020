"""Looks that the theme in .streamlit/config.toml cannot express, and small HTML pieces.

Everything here must work on light and dark: neutral tones are mixed from the text's own colour.
"""

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from maskdet_app.ui.i18n import verdict_word
from maskdet_core import Verdict

_LOGO: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 168 40">'
    '<rect x="2" y="4" width="32" height="32" rx="10" fill="#0072B2"/>'
    '<path d="M9 17q9-5 18 0v8q-9 8-18 0z" fill="#fff"/>'
    '<path d="M12 21h12M12 24.500h12" stroke="#0072B2" stroke-width="1.600"/>'
    '<text x="43" y="28" font-family="Source Sans, Segoe UI, Arial, sans-serif" font-weight="700" '
    'font-size="23" fill="{ink}">Maskdet</text></svg>'
)
_BADGES: Final = {
    Verdict.WITH_MASK: ("blue", ":material/masks:"),
    Verdict.WITHOUT_MASK: ("orange", ":material/face:"),
    Verdict.NOT_SURE: ("gray", ":material/question_mark:"),
}
_INK: Final = {"light": "#14222E", "dark": "#E8EEF3"}

ICON: Final = str(Path(__file__).with_name("icon.png"))
"""A file: for a symbol by name, Streamlit's page asks a server of Google's."""
_STYLE: Final = Path(__file__).with_name("style.css")


def apply() -> None:
    """Set logo and style sheet; called once a run by the entry script."""
    st.logo(_LOGO.format(ink=ink()), size="large")
    st.html(_STYLE)


def ink() -> str:
    """The colour of text on the visitor's theme, where a style sheet does not reach."""
    return _INK.get(st.context.theme.type or "light", _INK["light"])


def tiles_html(counts: Iterable[tuple[Verdict, str, str]]) -> str:
    """Tiles in the line style and colour of each verdict's frame.

    Args:
        counts: verdict, the big text, the small text.
    """
    cells = (
        f'<div class="md-tile md-{verdict.value}" data-verdict="{verdict.value}">'
        f"<b>{escape(big)}</b><span>{escape(small)}</span></div>"
        for verdict, big, small in counts
    )
    return f'<div class="md-tiles">{"".join(cells)}</div>'


def count_tiles_html(n_with: int, n_without: int, n_not_sure: int) -> str:
    """One tile a verdict with its number of faces."""
    numbers = {
        Verdict.WITH_MASK: n_with,
        Verdict.WITHOUT_MASK: n_without,
        Verdict.NOT_SURE: n_not_sure,
    }
    return tiles_html((v, str(n), verdict_word(v)) for v, n in numbers.items())


def readouts_html(readouts: Iterable[tuple[str, str, str]]) -> str:
    """Small numbers in a grid.

    Args:
        readouts: name, value, and what it means, which shows under the pointer and is read out.
    """
    cells = (
        f'<div title="{escape(meaning)}"><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>'
        for name, value, meaning in readouts
    )
    return f'<dl class="md-readouts">{"".join(cells)}</dl>'


def badge(verdict: Verdict, text: str) -> str:
    """A verdict's badge as Markdown, with a sign of its own."""
    colour, icon = _BADGES[verdict]
    return f":{colour}-badge[{icon} {text}]"


def strip_html(title: str, parts: Iterable[tuple[str, int, str]]) -> str:
    """A bar of several lengths with a legend that names each with its number.

    Args:
        title: above the bar.
        parts: what it is (as in the style sheet), how many, and in words.
    """
    parts = list(parts)
    lengths = "".join(
        f'<i class="md-bar-{kind}" style="flex-grow:{n}"></i>' for kind, n, _ in parts
    )
    legend = "".join(
        f'<li><i class="md-bar-{kind}"></i><b>{n}</b> {escape(words)}</li>'
        for kind, n, words in parts
    )
    return (
        f'<div>{escape(title)}</div><div class="md-strip" aria-hidden="true">{lengths}</div>'
        f'<ul class="md-legend">{legend}</ul>'
    )


def meter_html(p_with_mask: float, min_confidence: float, words: str) -> str:
    """Where a mask probability lies between the ends that are sure enough for a verdict.

    Args:
        p_with_mask: 0 to 1, or NaN for none.
        min_confidence: how much of each end it takes, 0.5 to 1.
        words: the same as text.
    """
    end = 100 * (1 - min_confidence)
    at = "" if math.isnan(p_with_mask) else f"{98 * p_with_mask:.1f}"
    mark = f'<i class="md-at" style="left:{at}%"></i>' if at else ""
    return (
        f'<div class="md-meter" aria-hidden="true"><i class="md-low" style="width:{end:.0f}%"></i>'
        f'<i class="md-high" style="width:{end:.0f}%"></i>{mark}</div>'
        f'<div class="md-meter-words">{escape(words)}</div>'
    )


def flow_html(steps: Iterable[tuple[str, str]]) -> str:
    """A row of numbered steps joined by arrows; a column on a phone."""
    items = (f"<li><strong>{escape(head)}</strong>{escape(body)}</li>" for head, body in steps)
    return f'<ol class="md-flow">{"".join(items)}</ol>'


def plain(text: str, max_chars: int = 60) -> str:
    """Text of foreign origin, such as a file name, as Markdown that shows it literally."""
    if len(text) > max_chars:
        text = f"{text[: max_chars - 12]} … {text[-9:]}"
    one_line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "".join(c if c.isalnum() or c in " .," else f"&#{ord(c)};" for c in one_line)
