"""Looks that the theme in .streamlit/config.toml cannot express, and small HTML pieces.

Everything here must work on light and dark: neutral tones are mixed from the text's own colour.
"""

from collections.abc import Iterable
from html import escape
from typing import Final

import streamlit as st

from maskdet_app import texts
from maskdet_core import Verdict

_LOGO: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 168 40">'
    '<rect x="2" y="4" width="32" height="32" rx="10" fill="#0072B2"/>'
    '<path d="M9 17q9-5 18 0v8q-9 8-18 0z" fill="#fff"/>'
    '<path d="M12 21h12M12 24.500h12" stroke="#0072B2" stroke-width="1.600"/>'
    '<text x="43" y="28" font-family="Source Sans, Segoe UI, Arial, sans-serif" font-weight="700" '
    'font-size="23" fill="{ink}">Maskdet</text></svg>'
)
_INK: Final = {"light": "#14222E", "dark": "#E8EEF3"}

_CSS: Final = """
<style>
.block-container { padding-top: 4.5rem; max-width: 76rem; }
h1 { letter-spacing: -0.015em; padding-bottom: 0.2rem; }
.md-tiles { display: flex; gap: 0.6rem; flex-wrap: wrap; }
.md-tile { flex: 1 1 5.2rem; padding: 0.55rem 0.8rem; border-radius: 10px; }
.md-tile b { display: block; font-size: 2rem; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
.md-tile span { font-size: 0.88rem; white-space: nowrap; }
.md-with_mask { border: 3px solid #0072B2; background: #0072b222; }
.md-without_mask { border: 6px double #D55E00; background: #d55e0022; padding: 0.37rem 0.62rem; }
.md-not_sure { border: 3px dashed #808A92; background: #808a9222; }
.md-readouts { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr));
  gap: 0.5rem 1rem; margin: 0.3rem 0 0; }
.stHtml .md-readouts, .stHtml .md-flow { padding: 0; }
.md-readouts div { margin: 0; padding: 0; }
.md-readouts dt { margin: 0; padding: 0; font-size: 0.82rem; font-weight: 400; opacity: 0.75; }
.md-readouts dd { margin: 0; padding: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.md-alert { background: #B04E00; color: #fff; font-weight: 600; padding: 0.7rem 1rem;
  border-radius: 10px; border: 3px double #fff; }
.st-key-alert-sound { display: none; }
.md-flow { display: flex; gap: 1.5rem; flex-wrap: wrap; padding: 0; margin: 0; list-style: none;
  counter-reset: step; }
.md-flow li { flex: 1 1 9.5rem; position: relative; padding: 0.8rem 0.9rem; border-radius: 10px;
  margin: 0; border: 1px solid color-mix(in srgb, currentColor 22%, transparent);
  counter-increment: step; font-size: 0.92rem; }
.md-flow li strong { display: block; font-size: 1.05rem; margin-bottom: 0.2rem; }
.md-flow li strong::before { content: counter(step) "  "; color: #3A94CE; }
.md-flow li:not(:last-child)::after { content: "→"; position: absolute; right: -1.3rem;
  top: calc(50% - 0.8rem); opacity: 0.6; }
@media (max-width: 640px) {
  .block-container { padding: 4.2rem 1rem 2rem; }
  .md-flow { flex-direction: column; }
  .md-flow li:not(:last-child)::after { content: "↓"; right: auto; left: 50%; top: auto;
    bottom: -1.45rem; }
}
</style>
"""


def apply() -> None:
    """Set logo and style sheet; called once a run by the entry script."""
    ink = _INK.get(st.context.theme.type or "light", _INK["light"])
    st.logo(_LOGO.format(ink=ink), size="large")
    st.html(_CSS)


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
    return tiles_html((v, str(n), texts.VERDICT_WORDS[v]) for v, n in numbers.items())


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
