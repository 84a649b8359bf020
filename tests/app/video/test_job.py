"""The check of a video in the background: progress, cancelling, who leaves, one at a time."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from maskdet_app.video import job as jobs
from maskdet_app.video.job import ABSENCE_S, State, VideoJob, patient
from maskdet_core.batch.videos.job import VideoJobOptions, VideoOutcome
from maskdet_core.errors import UnwantedError, VideoError
from maskdet_core.reasons import Problem, Reason

OPTIONS = VideoJobOptions(10**6, 60.0, 10**6)
OUTCOME = VideoOutcome({}, (), (), None)
WAIT_S = 20.0


class Check:
    """Stands for `check_in_process`: goes on until it is let."""

    def __init__(self) -> None:
        self.may_end, self.began = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def __call__(
        self,
        name: str,
        data: bytes,
        options: VideoJobOptions,
        is_wanted: Callable[[], bool],
        progress: Callable[[float, float | None], None],
    ) -> VideoOutcome:
        self.began.set()
        progress(15.0, 60.0)
        while not self.may_end.wait(0.01):
            if not is_wanted():
                raise UnwantedError
        if self.error is not None:
            raise self.error
        return OUTCOME


def job(check: Check, **options: Any) -> VideoJob:
    return VideoJob("film.mp4", b"data", OPTIONS, check=check, **options)


def test_progress_and_result() -> None:
    check, now_s = Check(), [100.0]
    made = job(check, clock=lambda: now_s[0])
    assert check.began.wait(WAIT_S)
    now_s[0] += 10.0
    while made.snapshot().share is None:
        time.sleep(0.01)
    assert made.snapshot() == (State.RUNNING, 0.25, 30.0)
    check.may_end.set()
    made.join(WAIT_S)
    assert (made.state, made.outcome) == (State.DONE, OUTCOME)


def test_cancelling_ends_it() -> None:
    made = job(Check())
    made.cancel()
    made.join(WAIT_S)
    assert (made.state, made.outcome) == (State.CANCELLED, None)


def test_it_ends_when_the_visitor_leaves() -> None:
    check, there = Check(), threading.Event()
    made = job(check, is_visited=lambda: not there.is_set())
    assert check.began.wait(WAIT_S)
    there.set()
    made.join(WAIT_S)
    assert made.state is State.CANCELLED


def test_a_short_absence_ends_nothing() -> None:
    now_s, there = [0.0], [True]
    is_visited = patient(lambda: there[0], clock=lambda: now_s[0])
    told = []
    for at_s, is_there in (
        (100.0, True),
        (100.1, False),
        (99.9 + ABSENCE_S, False),
        (100.0 + ABSENCE_S, True),
        (110.0 + ABSENCE_S, False),
        (99.9 + 2 * ABSENCE_S, False),
        (100.0 + 2 * ABSENCE_S, False),
    ):
        now_s[0], there[0] = at_s, is_there
        told.append(is_visited())
    assert told == [True] * 6 + [False]


def test_one_video_at_a_time_and_who_waits_may_leave() -> None:
    first, second, third = Check(), Check(), Check()
    running = job(first)
    assert first.began.wait(WAIT_S)
    leaving, waiting = job(second), job(third)
    leaving.cancel()
    leaving.join(WAIT_S)
    assert (leaving.state, second.began.is_set()) == (State.CANCELLED, False)
    assert waiting.state is State.WAITING
    first.may_end.set()
    assert third.began.wait(WAIT_S)
    assert running.state is State.DONE
    third.may_end.set()
    waiting.join(WAIT_S)
    assert waiting.state is State.DONE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (VideoError("no", Problem.NOT_A_VIDEO), Reason(Problem.NOT_A_VIDEO, "no")),
        (OSError(), Reason(Problem.FAILED, "OSError")),
    ],
)
def test_an_error_is_kept_and_the_next_video_is_checked(error: Exception, reason: Reason) -> None:
    check = Check()
    check.error = error
    check.may_end.set()
    made = job(check)
    made.join(WAIT_S)
    assert (made.state, made.reason) == (State.FAILED, reason)
    assert jobs._PLACES.acquire(timeout=WAIT_S)
    jobs._PLACES.release()
