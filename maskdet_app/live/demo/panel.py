"""What the panel says while the demo plays: the counts of the moment that the film shows."""

import json
from html import escape
from typing import Final

import streamlit as st

from maskdet_app.live.demo import stage
from maskdet_app.live.demo.films import DemoFilm, Span
from maskdet_app.ui.browser.page_url import is_insecure
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Verdict

REFRESH_S: Final = 1.0
_NONE: Final = "no_face"
"""Kind of a span without a face."""


def show(film: DemoFilm, verdicts: tuple[Verdict, ...]) -> None:
    """Show counts and timeline of the film, or that it is being judged.

    Args:
        film: that the stage shows.
        verdicts: those that can be given.
    """
    heading, judging, judged, way_in = containers.reserve(4)
    heading.header(t("live.demo_heading"), anchor=False)
    if film.work is not None:
        with judging:
            st.fragment(_wait, run_every=REFRESH_S)(film)
    else:
        with judged:
            st.caption(t("live.demo" if film.spans else "live.demo_failed"))
            if film.spans:
                st.html(_html(film.spans, verdicts, stage.address(film)))
    way_in.caption(f"{t('live.idle_title')}. {way_to_start()}")


def way_to_start() -> str:
    """What has to be done for the camera to start, or that it will not start on this page."""
    return t("live.idle_insecure" if is_insecure(st.context.url) else "live.idle")


def _wait(film: DemoFilm) -> None:
    if film.work is not None and film.work.done():
        st.rerun(scope="app")
    st.caption(t("live.demo_judging"))


def _html(spans: tuple[Span, ...], verdicts: tuple[Verdict, ...], address: str | None) -> str:
    """The stage's script moves both with the film of this address: the server has no part in it."""
    possible = {verdict for span in spans for verdict, n in span.counts.items() if n}
    kinds = tuple(one for one in Verdict if one in possible or one in verdicts)
    tiles = theme.count_tiles_html(spans[0].counts, kinds, attribute="data-demo")
    strip = "".join(
        f'<i class="md-bar-{_kind(span)}" style="flex-grow:{span.to_s - span.from_s:.3f}"></i>'
        for span in spans
    )
    told = [
        {
            "from_s": round(span.from_s, 4),
            "to_s": round(span.to_s, 4),
            "counts": {verdict.value: n for verdict, n in span.counts.items()},
        }
        for span in spans
    ]
    return (
        f'<div class="md-demo" data-film="{escape(address or "")}" '
        f'data-spans="{escape(json.dumps(told))}">{tiles}'
        f'<div class="md-track" role="img" aria-label="{escape(_in_words(spans))}">'
        f'<div class="md-strip">{strip}</div><i class="md-at"></i></div>'
        f"<small>{escape(t('live.demo_track'))}</small></div>"
    )


def _kind(span: Span) -> str:
    """The verdict of most faces, for the bar's colour."""
    verdict = max(span.counts, key=lambda one: span.counts[one])
    return verdict.value if span.counts[verdict] else _NONE


def _word(span: Span) -> str:
    kind = _kind(span)
    return t("live.no_face") if kind == _NONE else t(f"verdict.{kind}")


def _in_words(spans: tuple[Span, ...]) -> str:
    parts = (
        t("live.demo_span", verdict=_word(span), start=span.from_s, end=span.to_s) for span in spans
    )
    return f"{t('live.demo_track')} {'; '.join(parts)}"
