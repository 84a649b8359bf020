"""Deliver messages one after the other on a thread of its own: bounded, retried, rate-limited."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Generic, TypeVar

MAX_WAITING: Final = 64
"""Messages that wait at most; then the oldest is dropped, since newer ones say more."""
MAX_TRIES: Final = 8
"""With the waits between them about two minutes: the restart of a receiver."""
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 60.0
BURST: Final = 10
"""Messages that may follow each other at once, and ..."""
EVERY_S: Final = 2.0
"""... the time that each further one waits for."""
DRAIN_S: Final = 5.0
"""Time for what still waits when all ends."""

T = TypeVar("T")


class Outcome(Enum):
    """How a try ended."""

    DONE = auto()
    RETRY = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to deliver a message.

    Attributes:
        outcome: how it ended.
        reason: why it did not succeed, without secrets.
        after_s: time that the receiver asks to wait for; None where it asks for none.
    """

    outcome: Outcome
    reason: str = ""
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """Bounds of a delivery; see the constants of this module."""

    max_waiting: int = MAX_WAITING
    max_tries: int = MAX_TRIES
    first_wait_s: float = FIRST_WAIT_S
    max_wait_s: float = MAX_WAIT_S
    burst: int = BURST
    every_s: float = EVERY_S


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """What has become of the messages.

    Attributes:
        n_sent: delivered.
        n_failed: given up after refusal or too many tries.
        n_dropped: never delivered: too many were waiting, or all ended.
        n_retries: tries beyond the first.
    """

    n_sent: int = 0
    n_failed: int = 0
    n_dropped: int = 0
    n_retries: int = 0


class TokenBucket:
    """Lets ``burst`` through at once, and one more each ``every_s``. Not thread-safe."""

    def __init__(self, burst: int, every_s: float) -> None:
        """Begin full."""
        self._burst, self._every_s = burst, every_s
        self._tokens = float(burst)
        self._at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Time until the next may pass; 0 for now."""
        if self._every_s <= 0:
            return 0.0
        if self._at_s is not None:
            gained = (now_s - self._at_s) / self._every_s
            self._tokens = min(float(self._burst), self._tokens + gained)
        self._at_s = now_s
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) * self._every_s

    def take(self) -> None:
        """One passes."""
        self._tokens -= 1


def backoff_s(n_tries: int, first_s: float, max_s: float, spread: float) -> float:
    """Time to wait after a failed try: doubling, with jitter, so that many do not come at once.

    Args:
        n_tries: that have failed, 1 or more.
        first_s: longest time after the first.
        max_s: longest time after any.
        spread: 0 to 1, by chance: half the time is certain, the rest by this.
    """
    longest_s = min(max_s, first_s * 2.0 ** min(n_tries - 1, 30))
    return longest_s * (0.5 + 0.5 * spread)


def guarded(notify: Callable[[str], None]) -> Callable[[str], None]:
    """What tells as ``notify`` does, and raises nothing.

    A standard error that is closed would end the thread that tells, and with it all further alerts.
    """

    def tell(message: str) -> None:
        with suppress(Exception):
            notify(message)

    return tell


class Delivery(Generic[T]):
    """A queue with a thread that delivers. All methods may be called from any thread."""

    def __init__(
        self,
        attempt: Callable[[T], Attempt],
        limits: DeliveryLimits | None = None,
        *,
        name: str,
        notify: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread.

        Args:
            attempt: tries once, on the thread; an exception counts as a refusal.
            limits: None takes the defaults.
            name: of the receiver, for messages; without secrets.
            notify: is told of failures, and when they end.
            clock: monotonic seconds.
        """
        self._attempt = attempt
        self._limits = DeliveryLimits() if limits is None else limits
        self._name, self._notify, self._clock = name, guarded(notify), clock
        self._bucket = TokenBucket(self._limits.burst, self._limits.every_s)
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque()
        self._counts = DeliveryCounts()
        self._is_closing = self._is_stopped = self._is_failing = self._is_in_hand = False
        self._thread = threading.Thread(target=self._run, name="alert-delivery", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> DeliveryCounts:
        """What has become of the messages so far."""
        with self._changed:
            return self._counts

    def put(self, message: T) -> None:
        """Queue a message. Never waits; where too many wait, the oldest is dropped and counted."""
        with self._changed:
            if self._is_closing:
                self._count(n_dropped=1)
                return
            if len(self._waiting) >= self._limits.max_waiting:
                self._waiting.popleft()
                self._count(n_dropped=1)
            self._waiting.append(message)
            self._changed.notify_all()

    def close(self, drain_s: float = DRAIN_S) -> DeliveryCounts:
        """Deliver what waits, for a while, and end. May be called again.

        A try that is under way when the time is over is left to itself, and counted as dropped.

        Args:
            drain_s: time for it.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(drain_s)
        with self._changed:
            if not self._is_stopped:
                self._is_stopped = True
                self._count(n_dropped=len(self._waiting) + int(self._is_in_hand))
                self._waiting.clear()
                self._changed.notify_all()
            return self._counts

    def _run(self) -> None:
        while (message := self._next()) is not None:
            self._deliver(message)

    def _next(self) -> T | None:
        with self._changed:
            while not self._is_stopped:
                if not self._waiting:
                    if self._is_closing:
                        return None
                    self._changed.wait()
                    continue
                wait_s = self._bucket.wait_s(self._clock())
                if wait_s > 0 and not self._is_closing:
                    self._changed.wait(wait_s)
                    continue
                self._bucket.take()
                self._is_in_hand = True
                return self._waiting.popleft()
            return None

    def _deliver(self, message: T) -> None:
        for n_tries in range(1, self._limits.max_tries + 1):
            tried = self._tried(message)
            is_last = tried.outcome is not Outcome.RETRY or n_tries == self._limits.max_tries
            with self._changed:
                if self._is_stopped:
                    return
                if is_last:
                    self._is_in_hand = False
                    done = tried.outcome is Outcome.DONE
                    self._count(n_sent=int(done), n_failed=int(not done))
            self._tell(tried, given_up=is_last)
            if is_last or not self._wait_for_retry(n_tries, tried.after_s):
                return

    def _tried(self, message: T) -> Attempt:
        try:
            return self._attempt(message)
        except Exception as error:
            # the thread goes on with the next message; the error's text may hold secrets
            return Attempt(Outcome.REFUSED, type(error).__name__)

    def _wait_for_retry(self, n_tries: int, after_s: float | None) -> bool:
        """Whether there is another try."""
        limits = self._limits
        # jitter needs no secret randomness
        wait_s = backoff_s(n_tries, limits.first_wait_s, limits.max_wait_s, random.random())
        if after_s is not None:
            wait_s = min(max(wait_s, after_s), limits.max_wait_s)
        until_s = self._clock() + wait_s
        with self._changed:
            while not self._is_stopped and (left_s := until_s - self._clock()) > 0:
                self._changed.wait(left_s)
            if self._is_stopped:
                return False
            self._count(n_retries=1)
            return True

    def _tell(self, tried: Attempt, *, given_up: bool) -> None:
        """Once when failures begin, once when they end, and for each message given up."""
        if tried.outcome is Outcome.DONE:
            if self._is_failing:
                self._notify(f"alerts reach {self._name} again")
            self._is_failing = False
            return
        if given_up:
            self._notify(f"an alert to {self._name} is given up: {tried.reason}")
        elif not self._is_failing:
            self._notify(f"alerts do not reach {self._name}: {tried.reason}; trying again")
        self._is_failing = True

    def _count(
        self, n_sent: int = 0, n_failed: int = 0, n_dropped: int = 0, n_retries: int = 0
    ) -> None:
        counts = self._counts
        self._counts = replace(
            counts,
            n_sent=counts.n_sent + n_sent,
            n_failed=counts.n_failed + n_failed,
            n_dropped=counts.n_dropped + n_dropped,
            n_retries=counts.n_retries + n_retries,
        )
