"""The demo film: judged once by this server's own models, kept in memory, the same for everybody.

`python -m train demo-film` makes the film. A visitor costs nothing but its transfer: it is judged
and drawn in the background when it is first needed, and browsers play it as an ordinary video.
"""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from maskdet_app.ops.observability import operator_log
from maskdet_core import MaskDetector, Verdict
from maskdet_core.cpu import work_in_background
from maskdet_core.draw.annotate import Labels
from maskdet_core.live import FrameSnapshot
from maskdet_core.live.film import draw_film, judge_film
from maskdet_core.threads import NativeThread

FILM: Final = Path(__file__).with_name("film.mp4")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the film in which the counts stay.

    Attributes:
        from_s: since the film's beginning.
        to_s: likewise.
        counts: faces by verdict.
    """

    from_s: float
    to_s: float
    counts: dict[Verdict, int]


@dataclass(frozen=True, slots=True)
class DemoFilm:
    """What can be shown of the film just now.

    Attributes:
        mp4: the film, with its verdicts drawn once it is judged.
        spans: what was judged; empty before that, or where it failed.
        work: what judges it; None once that was done or has failed.
    """

    mp4: bytes
    spans: tuple[Span, ...] = ()
    work: "Future[DemoFilm] | None" = None


_Order = tuple["Future[DemoFilm]", Callable[[], "DemoFilm"]]

_QUEUE: Final[SimpleQueue[_Order | None]] = SimpleQueue()
"""None ends the thread that makes them."""
_STOPPED: Final = threading.Event()
_LOCK: Final = threading.Lock()
_WORK: Final[dict[Hashable, Future[DemoFilm]]] = {}
_MOST: Final = 16
"""Of languages, rules and networks, each a few hundred KB."""


def current(detector: MaskDetector, labels: Labels, looking: str, *, two_classes: bool) -> DemoFilm:
    """The film as it can be shown now; the first call has it judged in the background.

    Args:
        detector: judges it.
        labels: see `annotate`.
        looking: see `annotate`.
        two_classes: whether a mask worn wrong counts as no mask.
    """
    finder = detector.finder.fingerprint
    key = (
        repr(detector.classifier.manifest),
        repr(finder),
        tuple(labels.items()),
        looking,
        two_classes,
    )
    with _LOCK:
        work = _WORK.get(key)
        if work is None:
            if len(_WORK) >= _MOST:
                _WORK.clear()
            work = _submit(partial(_make, detector, labels, looking, two_classes=two_classes))
            _WORK[key] = work
    if not work.done():
        return DemoFilm(_plain(), work=work)
    error = work.exception()
    if error is None:
        return work.result()
    # the film without verdicts is better than none
    operator_log.log_once(f"the demo film cannot be judged: {type(error).__name__}: {error}")
    return DemoFilm(_plain())


def _submit(make: Callable[[], DemoFilm]) -> Future[DemoFilm]:
    """Make a film after those that were asked for before."""
    _start_worker()
    work: Future[DemoFilm] = Future()
    _QUEUE.put((work, make))
    return work


@cache
def _start_worker() -> None:
    # unlike the threads of an executor: a server that stops waits for a frame, not for a film
    NativeThread(_work, "maskdet-demo", _stop).start()


def _stop() -> None:
    _STOPPED.set()
    _QUEUE.put(None)


def _is_wanted() -> bool:
    return not _STOPPED.is_set()


def _work() -> None:
    # The first visitors to a server come while it judges: on a slow processor its time would
    # otherwise look like theirs, and turn the second one away.
    work_in_background()
    while (order := _QUEUE.get()) is not None:
        work, make = order
        try:
            work.set_result(make())
        except Exception as error:
            work.set_exception(error)
        # what waits for the next must not keep a detector alive
        del order, work, make


@cache
def _plain() -> bytes:
    return FILM.read_bytes()


def _make(detector: MaskDetector, labels: Labels, looking: str, *, two_classes: bool) -> DemoFilm:
    shown = judge_film(FILM, detector, two_classes=two_classes, is_wanted=_is_wanted)
    drawn = draw_film(FILM, shown, labels, looking, is_wanted=_is_wanted)
    return DemoFilm(drawn, _spans(shown))


def _spans(shown: tuple[FrameSnapshot, ...]) -> tuple[Span, ...]:
    interval_s = shown[1].received_s - shown[0].received_s
    began_s = shown[0].received_s

    def counts(frame: FrameSnapshot) -> dict[Verdict, int]:
        return {verdict: frame.count(verdict) for verdict in Verdict}

    spans = []
    for same, group in groupby(shown, counts):
        frames = list(group)
        from_s, last_s = (one.received_s - began_s for one in (frames[0], frames[-1]))
        spans.append(Span(from_s, last_s + interval_s, same))
    return tuple(spans)
