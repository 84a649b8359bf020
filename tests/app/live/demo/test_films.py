"""The demo film as pages get it: at once as it is, and judged as soon as that is done."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from typing import Any

import pytest

from maskdet_app.live.demo import films
from maskdet_core import MaskDetector, Verdict
from maskdet_core.draw.annotate import LABELS, LOOKING
from maskdet_core.live import FrameSnapshot
from maskdet_core.types import Detections
from testbed.repository import REPO_ROOT

WAIT_S = 240
"""The thread has a low priority: on a busy machine it waits for everybody."""


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    films._WORK.clear()
    yield
    films._WORK.clear()


def current(detector: MaskDetector, *, two_classes: bool = False) -> films.DemoFilm:
    return films.current(detector, LABELS, LOOKING, two_classes=two_classes)


def judged(detector: MaskDetector, *, two_classes: bool = False) -> films.DemoFilm:
    pending = current(detector, two_classes=two_classes)
    assert pending.work is not None
    assert pending.mp4 == films.FILM.read_bytes()
    assert not pending.spans
    assert wait([pending.work], WAIT_S).done
    return current(detector, two_classes=two_classes)


def test_it_is_judged_once_for_everybody(
    shipped_manifest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = judged(MaskDetector.load(preset="live"))
    assert film.work is None
    assert film.mp4 != films.FILM.read_bytes()
    shown = [max(span.counts, key=lambda verdict: span.counts[verdict]) for span in film.spans]
    assert shown == [
        Verdict.WITHOUT_MASK,
        Verdict.WITH_MASK,
        Verdict.WORN_WRONG,
        Verdict.WITHOUT_MASK,
    ]
    assert all(sum(span.counts.values()) == 1 for span in film.spans)
    # another visitor, whose detector was loaded from the same files
    monkeypatch.setattr(films, "_make", None)
    assert current(MaskDetector.load(preset="live")) is film


def test_a_server_that_stops_does_not_wait_for_a_film(
    monkeypatch: pytest.MonkeyPatch, shipped_manifest: Any
) -> None:
    seen: list[bool] = []

    def make(*_: Any, **__: Any) -> films.DemoFilm:
        seen.append(threading.current_thread().daemon)
        raise ValueError("damaged")

    monkeypatch.setattr(films, "_make", make)
    work = current(MaskDetector.load(preset="live")).work
    assert work is not None
    assert wait([work], WAIT_S).done
    assert seen == [True]


def test_process_ends_cleanly_while_a_film_is_judged() -> None:
    script = """
import time
from maskdet_app.live.demo import films
from maskdet_core import MaskDetector
from maskdet_core.draw.annotate import LABELS, LOOKING

films.current(MaskDetector.load(preset="live"), LABELS, LOOKING, two_classes=False)
time.sleep(0.5)
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_two_classes_and_three_are_two_films(
    shipped_manifest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def make(*_: Any, two_classes: bool) -> films.DemoFilm:
        asked.append(two_classes)
        return films.DemoFilm(b"judged")

    monkeypatch.setattr(films, "_make", make)
    detector = MaskDetector.load(preset="live")
    for two_classes in (False, True, False):
        work = current(detector, two_classes=two_classes).work
        assert work is None or wait([work], WAIT_S).done
    assert asked == [False, True]


def test_without_verdicts_it_is_shown_as_it_is_and_the_operator_told(
    shipped_manifest: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("a frame could not be judged")

    monkeypatch.setattr(films, "judge_film", fail)
    assert judged(MaskDetector.load(preset="live")) == films.DemoFilm(films.FILM.read_bytes())
    assert "the demo film cannot be judged: ValueError: a frame" in caplog.text


def test_spans_are_those_of_the_snapshots() -> None:
    shown = tuple(
        FrameSnapshot(100 + n, 10 + n / 4, Detections(64, 64, faces))
        for n, faces in enumerate([(), (), ()])
    )
    (span,) = films._spans(shown)
    assert (span.from_s, span.to_s) == (0, 0.75)
    assert set(span.counts.values()) == {0}
