"""One visitor's video and its check, in the background. Kept in memory, never on disk."""

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from maskdet_core.batch.videos.job import VideoJobOptions, VideoOutcome
from maskdet_core.batch.videos.process import POLL_S, check_in_process
from maskdet_core.errors import UnwantedError, VideoError
from maskdet_core.reasons import Problem, Reason

MAX_BYTES: Final = 100_000_000
"""Largest video that is taken: a minute or more of a phone's. The server holds it in memory, once
for the browser to play and once in the process that checks it."""
MAX_LENGTH_S: Final = 600.0
"""Longest video that is taken; the command line takes longer ones."""
MAX_PIXELS: Final = 4096 * 2304
"""Of a frame: what phones record."""
ABSENCE_S: Final = 30.0
"""A visitor who is away for longer has left. A phone that changes networks, or a laptop that wakes,
is back before; Streamlit keeps the session for longer."""
_PLACES: Final = threading.BoundedSemaphore(1)
"""Videos that are checked at once, over all visitors: one keeps the cores busy."""


class State(Enum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Snapshot(NamedTuple):
    """A job at one moment.

    Attributes:
        state: where it stands.
        share: part that is done, 0 to 1; None where it is not known.
        left_s: time left, s; None where it is not known yet.
    """

    state: State
    share: float | None
    left_s: float | None


def patient(
    is_there: Callable[[], bool], *, clock: Callable[[], float] = time.monotonic
) -> Callable[[], bool]:
    """A function that is False only once a visitor has been away for `ABSENCE_S`.

    Args:
        is_there: whether the visitor is connected now.
        clock: monotonic seconds.
    """
    seen_s = clock()

    def is_visited() -> bool:
        nonlocal seen_s
        if is_there():
            seen_s = clock()
        return clock() - seen_s < ABSENCE_S

    return is_visited


class VideoJob:
    """The check of a video, in a thread that waits for a process. Thread-safe."""

    def __init__(
        self,
        name: str,
        data: bytes,
        options: VideoJobOptions,
        is_visited: Callable[[], bool] = lambda: True,
        *,
        check: Callable[..., VideoOutcome] = check_in_process,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin, or wait for another video's end.

        Args:
            name: file name on the visitor's device; untrusted.
            data: content of the file.
            options: how it is checked.
            is_visited: whether the visitor is still there; when not, the job ends.
            check: see `check_in_process`.
            clock: monotonic seconds.
        """
        self.name, self.options = name, options
        self.outcome: VideoOutcome | None = None
        self.reason: Reason | None = None
        self._is_visited, self._check, self._clock = is_visited, check, clock
        self._state = State.WAITING
        self._cancelled = threading.Event()
        self._began_s = clock()
        self._at_s = 0.0
        self._length_s: float | None = None
        self._thread = threading.Thread(
            target=self._run, args=(data,), name="video-job", daemon=True
        )
        self._thread.start()

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    def snapshot(self) -> Snapshot:
        """State and progress now."""
        if not self._length_s:
            return Snapshot(self._state, None, None)
        share = min(1.0, self._at_s / self._length_s)
        took_s = self._clock() - self._began_s
        left_s = took_s * (1 - share) / share if share > 0 else None
        return Snapshot(self._state, share, left_s)

    def cancel(self) -> None:
        """End it; what was found is lost. May be called again, and after its end."""
        self._cancelled.set()

    def join(self, timeout_s: float) -> None:
        """Wait for its end."""
        self._thread.join(timeout_s)

    def _is_wanted(self) -> bool:
        return not self._cancelled.is_set() and self._is_visited()

    def _run(self, data: bytes) -> None:
        while not _PLACES.acquire(timeout=POLL_S):
            if not self._is_wanted():
                self._state = State.CANCELLED
                return
        try:
            self._began_s, self._state = self._clock(), State.RUNNING
            self.outcome = self._check(
                self.name, data, self.options, self._is_wanted, self._note_progress
            )
            self._state = State.DONE
        except UnwantedError:
            self._state = State.CANCELLED
        except VideoError as error:
            self.reason, self._state = error.reason, State.FAILED
        except Exception as error:
            # nobody would see what ends a thread, and the page would wait for ever
            self.reason = Reason(Problem.FAILED, type(error).__name__)
            self._state = State.FAILED
        finally:
            _PLACES.release()

    def _note_progress(self, at_s: float, length_s: float | None) -> None:
        self._at_s, self._length_s = at_s, length_s
