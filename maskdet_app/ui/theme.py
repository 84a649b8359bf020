"""Style that .streamlit/config.toml cannot express, and small HTML components.

Everything must work in the light and the dark theme: neutral tones derive from the text colour.
"""

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from maskdet_app.ui.i18n import verdict_label
from maskdet_core import Verdict

_LOGO: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 168 40">'
    '<rect x="2" y="4" width="32" height="32" rx="10" fill="#0072B2"/>'
    '<path d="M9 17q9-5 18 0v8q-9 8-18 0z" fill="#fff"/>'
    '<path d="M12 21h12M12 24.500h12" stroke="#0072B2" stroke-width="1.600"/>'
    '<text x="43" y="28" font-family="Source Sans, Segoe UI, Arial, sans-serif" font-weight="700" '
    'font-size="23" fill="{text_colour}">Maskdet</text></svg>'
)
_BADGES: Final = {
    Verdict.WITH_MASK: ("blue", ":material/masks:"),
    Verdict.WORN_WRONG: ("yellow", ":material/warning:"),
    Verdict.WITHOUT_MASK: ("orange", ":material/face:"),
    Verdict.NOT_SURE: ("gray", ":material/question_mark:"),
}
_TEXT_COLOURS: Final = {"light": "#14222E", "dark": "#E8EEF3"}

ICON: Final = str(Path(__file__).with_name("icon.png"))
"""A file: for a named symbol, Streamlit's front end asks a server of Google."""
_STYLE_SHEET: Final = Path(__file__).with_name("style.css")


def apply() -> None:
    """Set logo and style sheet; called by the entry script in every run."""
    st.logo(_LOGO.format(text_colour=text_colour()), size="large")
    st.html(_STYLE_SHEET)


def text_colour() -> str:
    """Text colour of the visitor's theme as hex, for pictures that no style sheet reaches."""
    return _TEXT_COLOURS.get(st.context.theme.type or "light", _TEXT_COLOURS["light"])


def tiles_html(tiles: Iterable[tuple[Verdict, str, str]]) -> str:
    """Tiles in the line style and colour of each verdict's frame.

    Args:
        tiles: verdict, large text and small text of each.
    """
    cells = (
        f'<div class="md-tile md-{verdict.value}" data-verdict="{verdict.value}">'
        f"<b>{escape(big)}</b><span>{escape(small)}</span></div>"
        for verdict, big, small in tiles
    )
    return f'<div class="md-tiles">{"".join(cells)}</div>'


def count_tiles_html(n_with: int, n_worn_wrong: int, n_without: int, n_not_sure: int) -> str:
    """A tile for each verdict with its number of faces; for masks worn wrong only above 0.

    A network without that class never finds one, and a tile with 0 would tell otherwise.
    """
    counts = {
        Verdict.WITH_MASK: n_with,
        Verdict.WORN_WRONG: n_worn_wrong,
        Verdict.WITHOUT_MASK: n_without,
        Verdict.NOT_SURE: n_not_sure,
    }
    return tiles_html(
        (verdict, str(n), verdict_label(verdict))
        for verdict, n in counts.items()
        if n or verdict is not Verdict.WORN_WRONG
    )


def readouts_html(readouts: Iterable[tuple[str, str, str]]) -> str:
    """Small numbers in a grid.

    Args:
        readouts: name, value, and an explanation that is shown as a tooltip.
    """
    cells = (
        f'<div title="{escape(explanation)}"><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>'
        for name, value, explanation in readouts
    )
    return f'<dl class="md-readouts">{"".join(cells)}</dl>'


def badge(verdict: Verdict, text: str) -> str:
    """A verdict's badge as Markdown, in the verdict's colour and with its icon."""
    colour, icon = _BADGES[verdict]
    return f":{colour}-badge[{icon} {text}]"


def stacked_bar_html(title: str, parts: Iterable[tuple[str, int, str]]) -> str:
    """A stacked bar with a legend.

    Args:
        title: above the bar.
        parts: kind (a class of the style sheet), number and label of each part.
    """
    parts = list(parts)
    segments = "".join(
        f'<i class="md-bar-{kind}" style="flex-grow:{n}"></i>' for kind, n, _ in parts
    )
    legend = "".join(
        f'<li><i class="md-bar-{kind}"></i><b>{n}</b> {escape(label)}</li>'
        for kind, n, label in parts
    )
    return (
        f'<div>{escape(title)}</div><div class="md-strip" aria-hidden="true">{segments}</div>'
        f'<ul class="md-legend">{legend}</ul>'
    )


def meter_html(p_with_mask: float, min_confidence: float, text: str) -> str:
    """A meter that shows a mask probability and the two ranges that give a verdict.

    Args:
        p_with_mask: 0 to 1, or NaN where the network failed.
        min_confidence: threshold, 0.5 to 1.
        text: the probability in words.
    """
    width = f"{100 * (1 - min_confidence):.0f}%"
    position = "" if math.isnan(p_with_mask) else f"{98 * p_with_mask:.1f}"
    mark = f'<i class="md-at" style="left:{position}%"></i>' if position else ""
    return (
        f'<div class="md-meter" aria-hidden="true"><i class="md-low" style="width:{width}"></i>'
        f'<i class="md-high" style="width:{width}"></i>{mark}</div>'
        f'<div class="md-meter-words">{escape(text)}</div>'
    )


def steps_html(steps: Iterable[tuple[str, str]]) -> str:
    """A row of numbered steps joined by arrows; a column on a narrow screen.

    Args:
        steps: head and body of each.
    """
    items = (f"<li><strong>{escape(head)}</strong>{escape(body)}</li>" for head, body in steps)
    return f'<ol class="md-flow">{"".join(items)}</ol>'


def escape_markdown(text: str, max_chars: int = 60) -> str:
    """Untrusted text, such as a file name, as Markdown that shows it literally.

    Args:
        text: may hold line breaks and control characters, which become spaces.
        max_chars: a longer text is shortened in the middle.
    """
    if len(text) > max_chars:
        text = f"{text[: max_chars - 12]} … {text[-9:]}"
    one_line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "".join(c if c.isalnum() or c in " .," else f"&#{ord(c)};" for c in one_line)
