"""One worker for all viewers: served in turn, each with its newest frame, rarer under load.

Pictures are drawn elsewhere, by each stream's own thread. The worker steps back behind those
threads (a lower priority, where the system knows one), so that verdicts get rarer before the
picture gets choppy.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Final, Protocol

_LOG = logging.getLogger(__name__)

BUSY_MOST: Final = 0.7
"""Share of its time that the worker works; above it all viewers are served less often."""
BUSY_LEAST: Final = 0.5
"""Below it they are served more often again."""
OVERLOADED: Final = 2.5
"""From this backoff on looks become rarer too, and verdicts older: no viewer more, then."""
MAX_BACKOFF: Final = 8.0
"""Most by which the time between two rounds of a viewer is stretched."""
_STEP: Final = 1.2
_WINDOW_S: Final = 0.5
_NICER: Final = 5
_IDLE_S: Final = 1.0


class Viewer(Protocol):
    """A stream that wants to be looked at."""

    def due_at_s(self, backoff: float) -> float | None:
        """When its next round is due, times between rounds being stretched; None: no new frame."""
        ...

    def work(self, backoff: float) -> None:
        """Look at its newest frame. Raises nothing."""
        ...


class InferenceWorker:
    """The process's one worker. Safe to share by threads; `close` ends it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the worker.

        Args:
            clock: seconds, only ever rising; the same as that of the viewers.
        """
        self._clock = clock
        self._wake = threading.Condition()
        # weak: a viewer whose session is gone must not live on in here
        self._viewers: list[weakref.ref[Viewer]] = []
        self._closed = False
        self._backoff = 1.0
        self._busy_s, self._since_s = 0.0, clock()
        self._load = 0.0
        self._thread = threading.Thread(target=self._run, name="maskdet-live", daemon=True)
        self._thread.start()

    @property
    def backoff(self) -> float:
        """By how much the times between rounds are stretched now, 1 or more."""
        with self._wake:
            return self._backoff

    @property
    def overloaded(self) -> bool:
        """Whether one more viewer would be one too many."""
        with self._wake:
            return self._backoff >= OVERLOADED

    @property
    def load(self) -> float:
        """Share of the last half second that the worker worked, 0 to 1."""
        with self._wake:
            return self._load

    def register(self, viewer: Viewer) -> None:
        """Serve a viewer from now on; one that is served already is no error."""
        with self._wake:
            if all(known() is not viewer for known in self._viewers):
                self._viewers.append(weakref.ref(viewer))

    def unregister(self, viewer: Viewer) -> None:
        """Serve a viewer no longer; one that is not served is no error."""
        with self._wake:
            self._viewers = [known for known in self._viewers if known() is not viewer]

    def notify(self) -> None:
        """A viewer has a new frame."""
        with self._wake:
            self._wake.notify()

    def close(self) -> None:
        """End the worker after the round in work, and wait for it."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        _step_back()
        while True:
            viewer = self._next()
            if viewer is None:
                return
            started = self._clock()
            try:
                viewer.work(self._backoff)
            except Exception as error:
                # The worker serves everybody: no viewer may end it.
                _LOG.error("a viewer's round failed by %s", type(error).__name__)
            self._note(self._clock() - started)
            del viewer

    def _next(self) -> Viewer | None:
        """Wait for a viewer whose round is due, and put it last in the turn."""
        with self._wake:
            while not self._closed:
                now = self._clock()
                self._adapt(now)
                wait_s = _IDLE_S
                for known in list(self._viewers):
                    viewer = known()
                    if viewer is None:
                        self._viewers.remove(known)
                        continue
                    due = viewer.due_at_s(self._backoff)
                    if due is None:
                        continue
                    if due <= now:
                        self._viewers.remove(known)
                        self._viewers.append(known)
                        return viewer
                    wait_s = min(wait_s, due - now)
                self._wake.wait(wait_s)
            return None

    def _note(self, seconds: float) -> None:
        with self._wake:
            self._busy_s += seconds

    def _adapt(self, now: float) -> None:
        elapsed = now - self._since_s
        if elapsed < _WINDOW_S:
            return
        self._load = min(1.0, self._busy_s / elapsed)
        if self._load > BUSY_MOST:
            self._backoff = min(MAX_BACKOFF, self._backoff * _STEP)
        elif self._load < BUSY_LEAST:
            self._backoff = max(1.0, self._backoff / _STEP)
        self._busy_s, self._since_s = 0.0, now


def _step_back() -> None:
    """Lower this thread's priority, where threads have one of their own (Linux)."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICER)
        except OSError as error:
            _LOG.info("the worker keeps its priority: %s", error.strerror)
