"""Style that .streamlit/config.toml cannot express, and small HTML components.

Everything must work in the light and the dark theme: neutral tones derive from the text colour.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from maskdet_app.ui.texts.i18n import verdict_label
from maskdet_core import Verdict

_BADGE_COLOURS: Final = {
    Verdict.WITH_MASK: "blue",
    Verdict.WORN_WRONG: "yellow",
    Verdict.WITHOUT_MASK: "orange",
    Verdict.NOT_SURE: "gray",
}
ICONS: Final[dict[str, str]] = {
    "with_mask": "masks",
    "worn_wrong": "priority_high",
    "without_mask": "face",
    "not_sure": "question_mark",
    "looking": "hourglass_top",
    "no_face": "search_off",
    "unread": "broken_image",
    "no_picture": "videocam_off",
}
"""Names in Material Symbols, the font that Streamlit brings along, by verdict or kind of photo."""
_TEXT_COLOURS: Final = {"light": "#14222E", "dark": "#E8EEF3"}

ICON: Final = str(Path(__file__).with_name("icon.png"))
"""A file: for a named symbol, Streamlit's front end asks a server of Google."""
_LOGO: Final = Path(__file__).with_name("logo.svg")
"""The name as outlines of the page's typeface: no font of a page reaches the text of a picture."""
_STYLE_SHEET: Final = Path(__file__).with_name("style.css")


class _Served:
    """Whether the server writes the style sheet into its HTML page."""

    is_in_page = False


def apply() -> None:
    """Set logo and style sheet; called by the entry script in every run."""
    st.logo(logo_svg(text_colour()), size="large")
    if not _Served.is_in_page:
        st.html(_STYLE_SHEET)


def note_in_page() -> None:
    """Note that this server's HTML page has the style sheet, so that runs need not bring it.

    With a run, it comes after what it is to style, which then moves.
    """
    _Served.is_in_page = True


@cache
def style_element() -> str:
    """The style sheet as an HTML element. Its rules win over equal ones that stand before it."""
    return f"<style>{_STYLE_SHEET.read_text(encoding='utf-8')}</style>"


@cache
def logo_svg(colour: str) -> str:
    """The logo with the name beside it, in a colour of a style sheet."""
    return _LOGO.read_text(encoding="utf-8").replace("currentColor", colour)


def text_colour() -> str:
    """Text colour of the visitor's theme as hex, for pictures that no style sheet reaches."""
    return _TEXT_COLOURS.get(st.context.theme.type or "light", _TEXT_COLOURS["light"])


def icon_html(kind: str) -> str:
    """The icon of a verdict or a kind of photo; screen readers skip it."""
    return f'<i class="md-icon" aria-hidden="true">{ICONS[kind]}</i>'


def count_tiles_html(
    counts: Mapping[Verdict, int | None],
    verdicts: Iterable[Verdict],
    *,
    frame_number: int | None = None,
    attribute: str = "data-verdict",
) -> str:
    """Tiles with the number of faces, in the line style and colour of each verdict's frame.

    Args:
        counts: number of faces of each verdict; None where nothing was counted yet.
        verdicts: those that can be given. Another one has a tile only where it was given.
        frame_number: of the frame of a live video that the counts are of; kept in ``data-frame``.
        attribute: of a tile, with its verdict.
    """
    possible = set(verdicts)
    cells = (
        f'<div class="md-tile md-{verdict.value}"{"" if n else " data-none"}'
        f' {attribute}="{verdict.value}">'
        f"<b>{'–' if n is None else n}</b>"
        f"<span>{icon_html(verdict)} {escape(verdict_label(verdict))}</span></div>"
        for verdict, n in counts.items()
        if n or verdict in possible
    )
    frame = "" if frame_number is None else f' data-frame="{frame_number}"'
    return f'<div class="md-tiles"{frame}>{"".join(cells)}</div>'


def legend_html(entries: Iterable[tuple[str, str, str, str]]) -> str:
    """What each kind of frame means and how it looks, in that look.

    Args:
        entries: kind (in `ICONS`, and a class of the style sheet), label, meaning and look of each.
    """
    items = (
        f'<li class="md-tile md-{kind}" data-legend="{kind}">'
        f"<strong>{icon_html(kind)} {escape(label)}</strong>"
        f"<p>{escape(meaning)}</p><p>{escape(look)}</p></li>"
        for kind, label, meaning, look in entries
    )
    return f'<ul class="md-tiles md-verdicts">{"".join(items)}</ul>'


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
    return f":{_BADGE_COLOURS[verdict]}-badge[:material/{ICONS[verdict]}: {text}]"


def stacked_bar_html(title: str, parts: Iterable[tuple[str, int, str]]) -> str:
    """A stacked bar with a legend.

    Args:
        title: above the bar.
        parts: kind (in `ICONS`, and a class of the style sheet), number and label of each part.
    """
    parts = list(parts)
    segments = "".join(
        f'<i class="md-bar-{kind}" style="flex-grow:{n}"></i>' for kind, n, _ in parts
    )
    legend = "".join(
        f'<li><i class="md-bar-{kind}"></i>{icon_html(kind)} <b>{n}</b> {escape(label)}</li>'
        for kind, n, label in parts
    )
    return (
        f'<div>{escape(title)}</div><div class="md-strip" aria-hidden="true">{segments}</div>'
        f'<ul class="md-legend">{legend}</ul>'
    )


def probabilities_html(
    probabilities: Iterable[tuple[Verdict, float, str]],
    min_confidence: float,
    *,
    name: str,
    threshold: str,
) -> str:
    """A labelled bar for each probability, with a mark at the threshold.

    Args:
        probabilities: verdict, value from 0 to 1, and the value in words.
        min_confidence: threshold, 0.5 to 1.
        name: of whose probabilities these are, for screen readers.
        threshold: words for the mark, below the bars.
    """
    rows = (
        f"<div><dt>{escape(verdict_label(verdict))}</dt><dd>{escape(text)}"
        f'<i class="md-meter" aria-hidden="true">'
        f'<i class="md-bar-{verdict.value}" style="width:{100 * p:.1f}%"></i>'
        f'<i class="md-at" style="left:{100 * min_confidence:.0f}%"></i></i></dd></div>'
        for verdict, p, text in probabilities
    )
    return (
        f'<div role="group" aria-label="{escape(name)}">'
        f'<dl class="md-probabilities">{"".join(rows)}</dl>'
        f'<div class="md-needed" style="width:{100 * min_confidence:.0f}%">'
        f"{escape(threshold)}</div></div>"
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


def drop_words_html(icon: str, words: str, touch_words: str, details: str) -> str:
    """What a drop area says; the uploader's label says the same to screen readers.

    Args:
        icon: name of a Material Symbol.
        words: what to do.
        touch_words: the same where nothing can be dropped, on a phone.
        details: which files are taken.
    """
    return (
        f'<div class="md-drop" aria-hidden="true"><i class="md-icon">{icon}</i>'
        f'<strong class="md-with-mouse">{escape(words)}</strong>'
        f'<strong class="md-with-touch">{escape(touch_words)}</strong>'
        f"<span>{escape(details)}</span></div>"
    )
