"""The panel beside the demo film, and what the stage is told."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskdet_app.live.component import front_end
from maskdet_app.live.demo import films, panel
from maskdet_app.live.demo.films import DemoFilm, Span
from maskdet_app.ui.texts.i18n import catalogue, t
from maskdet_core import Verdict

NewApp = Callable[..., AppTest]
NONE = dict.fromkeys(Verdict, 0)
SPANS = (
    Span(0.0, 3.0, NONE | {Verdict.WITHOUT_MASK: 1}),
    Span(3.0, 6.5, NONE | {Verdict.WITH_MASK: 1}),
    Span(6.5, 7.0, NONE),
)


@pytest.fixture
def film(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[DemoFilm]]:
    """Holds the film that the page shows."""
    shown = [DemoFilm(films.FILM.read_bytes(), SPANS)]
    monkeypatch.setattr(films, "current", lambda *_, **__: shown[0])
    yield shown


def html(app: AppTest) -> str:
    return "".join(str(element.proto.body) for element in app.get("html"))


def captions(app: AppTest) -> str:
    return "\n".join(str(caption.value) for caption in app.caption)


def test_counts_are_of_the_film_and_no_camera_counts_zero(
    film: list[DemoFilm], component: dict[str, Any], new_app: NewApp
) -> None:
    app = new_app().run()
    assert not app.exception
    assert t("live.demo") in captions(app)
    assert t("live.idle") in captions(app)
    assert "data-verdict" not in html(app)
    assert html(app).count("data-demo=") >= 3
    address = component["translations"]["stage"]["film"]
    assert address.endswith(".mp4")
    assert f'data-film="{address}"' in html(app)


def test_nobody_is_told_to_start_what_cannot_start(
    film: list[DemoFilm],
    component: dict[str, Any],
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panel, "is_insecure", lambda _url: True)
    app = new_app().run()
    assert t("live.idle_insecure") in captions(app)
    assert t("live.idle") not in captions(app)


def test_a_running_camera_takes_the_demos_place(
    film: list[DemoFilm], component: dict[str, Any], new_app: NewApp
) -> None:
    component["state"].playing = True
    app = new_app().run()
    assert not app.exception
    assert "data-demo=" not in html(app)


def test_while_it_is_judged_the_page_says_so_and_then_shows_it(
    film: list[DemoFilm], component: dict[str, Any], new_app: NewApp
) -> None:
    work: Future[DemoFilm] = Future()
    film[0] = DemoFilm(films.FILM.read_bytes(), work=work)
    app = new_app().run()
    assert t("live.demo_judging") in captions(app)
    assert "data-demo=" not in html(app)
    before = component["translations"]["stage"]["film"]
    film[0] = DemoFilm(b"judged", SPANS)
    app.run()
    assert "data-demo=" in html(app)
    assert component["translations"]["stage"]["film"] != before


def test_a_film_without_verdicts_is_said_to_be_one(
    film: list[DemoFilm], component: dict[str, Any], new_app: NewApp
) -> None:
    film[0] = DemoFilm(films.FILM.read_bytes())
    app = new_app().run()
    assert t("live.demo_failed") in captions(app)
    assert "data-demo=" not in html(app)


def test_without_a_stage_there_is_no_panel_of_a_film(
    film: list[DemoFilm],
    component: dict[str, Any],
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front_end, "apply", lambda: False)
    app = new_app().run()
    assert not app.exception
    assert t("live.idle") in captions(app)
    assert "data-demo=" not in html(app)
    assert component["translations"]["stage"]["film"] is None


def test_embedded_pages_have_no_stage(
    film: list[DemoFilm],
    component: dict[str, Any],
    new_app: NewApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(st.context), "is_embedded", True)
    app = new_app().run()
    assert not app.exception
    assert "stage" not in component["translations"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_stages_words_are_the_visitors(
    language: str, film: list[DemoFilm], component: dict[str, Any], new_app: NewApp
) -> None:
    new_app(lang=language).run()
    told, words = component["translations"]["stage"], catalogue(language)["live"]
    assert told["alt"] == words["demo_alt"]
    assert told["watch"] == words["demo_watch"]
    assert told["privacy"] == words["privacy"]
    assert all(told.values())


def test_spans_and_their_words() -> None:
    shown = panel._html(SPANS, tuple(Verdict), "/film.mp4")
    told = json.loads(shown.split('data-spans="')[1].split('"')[0].replace("&quot;", '"'))
    assert [(span["from_s"], span["to_s"]) for span in told] == [(0, 3), (3, 6.5), (6.5, 7)]
    assert [span["counts"]["with_mask"] for span in told] == [0, 1, 0]
    assert f"3 to 6 s: {t('verdict.with_mask')}" in shown
    assert t("live.no_face") in shown
    assert "md-bar-no_face" in shown


def test_a_verdict_that_cannot_be_given_has_no_tile() -> None:
    two = (Verdict.WITH_MASK, Verdict.WITHOUT_MASK, Verdict.NOT_SURE)
    assert 'data-demo="worn_wrong"' not in panel._html(SPANS, two, None)
