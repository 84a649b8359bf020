"""Who may be watched over live: as many at once as this machine can serve well."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from maskdet_core.cpu import n_cores as usable_cores

LEASE_S: Final = 5.0
"""A place without frames for so long is free again, whatever became of its viewer."""
UNMEASURED_PER_CORE: Final = 3
"""Viewers a core, as long as none has been measured."""
BUSY_MOST: Final = 0.85
"""Share of the machine's processor time that viewers may take up."""
_SETTLE_S: Final = 3.0
"""A newcomer's cost shows only after a while: no other is let in before, once measured."""
_SAMPLE_S: Final = 1.0
_SAMPLES: Final = 6


class AdmissionControl:
    """Places of live viewers, given first come, first served. Safe to share by threads.

    How many there are is a limit set from outside, or what the processor time of the viewers who
    are there says about one more, as long as the worker is not overloaded.
    """

    def __init__(
        self,
        limit: int | None = None,
        *,
        overloaded: Callable[[], bool] = lambda: False,
        n_cores: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.process_time,
    ) -> None:
        """All places are free.

        Args:
            limit: most viewers at once; None goes by what is measured.
            overloaded: whether the worker is at its limit, which nobody is added to; asked only
                where no limit is set.
            n_cores: None takes those that this process may use.
            clock: seconds, only ever rising.
            cpu_clock: processor seconds used by this process.

        Raises:
            ValueError: a limit below 1.
        """
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be 1 or more, got {limit}")
        self._limit = limit
        self._overloaded = overloaded
        self._n_cores = n_cores or usable_cores()
        self._clock, self._cpu_clock = clock, cpu_clock
        self._lock = threading.Lock()
        self._leases: dict[object, float] = {}
        self._samples: deque[tuple[float, float]] = deque(maxlen=_SAMPLES)
        self._changed_s = clock()

    def acquire(self, who: object) -> bool:
        """Take a place or renew it, which each frame does; False while there is none."""
        with self._lock:
            now = self._clock()
            self._sample(now)
            self._expire(now)
            if who not in self._leases:
                if not self._has_capacity(now):
                    return False
                self._note_change(now)
            self._leases[who] = now
            return True

    def release(self, who: object) -> None:
        """Give a place back; who has none is no error."""
        with self._lock:
            if self._leases.pop(who, None) is not None:
                self._note_change(self._clock())

    def holds(self, who: object) -> bool:
        """Whether who has a place now."""
        with self._lock:
            self._expire(self._clock())
            return who in self._leases

    @property
    def has_capacity(self) -> bool:
        """Whether one more would be let in now."""
        with self._lock:
            now = self._clock()
            self._expire(now)
            return self._has_capacity(now)

    @property
    def n_active(self) -> int:
        """Viewers now."""
        with self._lock:
            self._expire(self._clock())
            return len(self._leases)

    @property
    def capacity(self) -> int:
        """Viewers that can be served at once, by the limit or by what is measured."""
        with self._lock:
            return self._capacity()

    @property
    def load(self) -> float:
        """Share of the machine's processor time that this process takes, 0 to 1."""
        with self._lock:
            self._sample(self._clock())
            return min(1.0, self._cores_used() / self._n_cores)

    def _has_capacity(self, now: float) -> bool:
        n = len(self._leases)
        if n == 0:
            return True
        if self._limit is None and now - self._changed_s < _SETTLE_S:
            # several at once may come in before the first has been measured
            return n < self._n_cores
        return n < self._capacity()

    def _capacity(self) -> int:
        if self._limit is not None:
            return self._limit
        n, used = len(self._leases), self._cores_used()
        if n and self._overloaded():
            return n
        if n == 0 or used <= 0:
            return max(n, UNMEASURED_PER_CORE * self._n_cores)
        return max(n, int(BUSY_MOST * self._n_cores / (used / n)))

    def _expire(self, now: float) -> None:
        gone = [who for who, at in self._leases.items() if now - at > LEASE_S]
        for who in gone:
            del self._leases[who]
        if gone:
            self._note_change(now)

    def _note_change(self, now: float) -> None:
        self._changed_s = now
        self._samples.clear()

    def _sample(self, now: float) -> None:
        if not self._samples or now - self._samples[-1][0] >= _SAMPLE_S:
            self._samples.append((now, self._cpu_clock()))

    def _cores_used(self) -> float:
        """Cores' worth of processor time over the last samples; 0 before there are two."""
        if len(self._samples) < 2:
            return 0.0
        (from_s, cpu_from), (to_s, cpu_to) = self._samples[0], self._samples[-1]
        return (cpu_to - cpu_from) / (to_s - from_s)
