"""One inference worker for all viewers: served in turn, each with its newest frame.

Frames are drawn elsewhere, by each stream's own thread. The worker runs at a lower priority than
those threads (where the system has thread priorities) and backs off under load, so that verdicts
become less frequent before the video becomes choppy.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Final, Protocol

from maskdet_core.cpu import lower_thread_priority
from maskdet_core.live.workload import Workload
from maskdet_core.threads import NativeThread

_LOG = logging.getLogger(__name__)

HIGH_LOAD: Final = 0.7
"""Share of its time that the worker may be busy; above it the backoff grows."""
LOW_LOAD: Final = 0.5
"""Below this load the backoff shrinks."""
OVERLOADED_BACKOFF: Final = 2.5
"""From this backoff on predictions become less frequent too, and no viewer more is admitted."""
MAX_BACKOFF: Final = 8.0
_BACKOFF_STEP: Final = 1.2
_WINDOW_S: Final = 0.5
_NICENESS: Final = 5
_IDLE_S: Final = 1.0


class Viewer(Protocol):
    """A stream that needs inference."""

    def due_at_s(self, backoff: float) -> float | None:
        """When its next inference is due; None while there is no new frame.

        Args:
            backoff: factor on the intervals between inferences, 1 or more.
        """
        ...

    def infer(self, backoff: float) -> None:
        """Run inference on its newest frame. Must not raise."""
        ...


class InferenceWorker:
    """A thread that runs the inference of all viewers, one at a time. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the thread, which `close` ends.

        Args:
            clock: monotonic seconds; the same as the viewers'.
        """
        self._clock = clock
        self._wake = threading.Condition()
        # weak: a viewer whose session is gone must not be kept alive from here
        self._viewers: list[weakref.ref[Viewer]] = []
        self._closed = False
        self._backoff = 1.0
        self._busy_s, self._since_s = 0.0, clock()
        self._load, self._began_s = 0.0, 0.0
        self._workload = Workload(clock())
        self._thread = NativeThread(self._run, "maskdet-live", self._stop)
        self._thread.start()

    @property
    def backoff(self) -> float:
        """Factor on the intervals between a viewer's inferences, 1 to `MAX_BACKOFF`."""
        with self._wake:
            return self._backoff

    @property
    def is_overloaded(self) -> bool:
        """Whether another viewer would be too many."""
        with self._wake:
            return self._backoff >= OVERLOADED_BACKOFF

    @property
    def load(self) -> float:
        """Share of the last half second that the worker was busy, 0 to 1."""
        with self._wake:
            return self._load

    @property
    def demand(self) -> float:
        """Share of its time that the worker needs for all looks due, over the last seconds.

        Looks that were due and not done count: above 1 the worker cannot do what is asked of it.
        """
        with self._wake:
            return self._workload.demand(self._clock())

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called: no inference runs any more."""
        with self._wake:
            return self._closed

    def register(self, viewer: Viewer) -> None:
        """Serve a viewer from now on; one that is served already is no error."""
        with self._wake:
            if all(known() is not viewer for known in self._viewers):
                self._viewers.append(weakref.ref(viewer))

    def unregister(self, viewer: Viewer) -> None:
        """Stop serving a viewer; one that is not served is no error."""
        with self._wake:
            self._viewers = [known for known in self._viewers if known() is not viewer]

    def notify(self, n_missed: int = 0) -> None:
        """A viewer has a new frame.

        Args:
            n_missed: looks at its faces, and runs of the finder, that were due and not done since
                its last frame.
        """
        with self._wake:
            self._workload.note_looks(0, n_missed, self._clock())
            self._wake.notify()

    def note_done(self, n_looks: int) -> None:
        """A viewer's inference did so many looks, a run of the finder included."""
        with self._wake:
            self._workload.note_looks(n_looks, 0, self._clock())

    def close(self) -> None:
        """End the thread after the inference in progress, and wait for it."""
        self._stop()
        # a viewer that owns its worker may be freed, and so close it, in the worker's own thread
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _stop(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()

    def _run(self) -> None:
        lower_thread_priority(_NICENESS)
        while True:
            viewer = self._next()
            if viewer is None:
                return
            self._note_begin()
            try:
                viewer.infer(self._backoff)
            except Exception as error:
                # The worker serves everybody: no viewer may end it.
                _LOG.error("the inference of a viewer failed by %s", type(error).__name__)
            self._note_end()
            del viewer

    def _next(self) -> Viewer | None:
        """Wait for a viewer that is due, and move it to the end of the queue."""
        with self._wake:
            while not self._closed:
                now_s = self._clock()
                self._adapt(now_s)
                viewer, wait_s = self._find_due(now_s)
                if viewer is not None:
                    return viewer
                self._wake.wait(wait_s)
            return None

    def _find_due(self, now_s: float) -> tuple[Viewer | None, float]:
        """The first viewer that is due, or else the seconds until one may be.

        A method of its own, so that nothing refers to a viewer during the wait.
        """
        wait_s = _IDLE_S
        for known in list(self._viewers):
            viewer = known()
            if viewer is None:
                self._viewers.remove(known)
                continue
            due_s = viewer.due_at_s(self._backoff)
            if due_s is None:
                continue
            if due_s <= now_s:
                self._viewers.remove(known)
                self._viewers.append(known)
                return viewer, 0.0
            wait_s = min(wait_s, due_s - now_s)
        return None, wait_s

    def _note_begin(self) -> None:
        with self._wake:
            self._began_s = self._clock()
            self._workload.begin(self._began_s)

    def _note_end(self) -> None:
        with self._wake:
            now_s = self._clock()
            self._busy_s += now_s - self._began_s
            self._workload.end(now_s)

    def _adapt(self, now_s: float) -> None:
        elapsed_s = now_s - self._since_s
        if elapsed_s < _WINDOW_S:
            return
        self._load = min(1.0, self._busy_s / elapsed_s)
        if self._load > HIGH_LOAD:
            self._backoff = min(MAX_BACKOFF, self._backoff * _BACKOFF_STEP)
        elif self._load < LOW_LOAD:
            self._backoff = max(1.0, self._backoff / _BACKOFF_STEP)
        self._busy_s, self._since_s = 0.0, now_s
