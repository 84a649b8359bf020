"""Admission control for live viewers: as many at once as this machine can serve well."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from maskdet_core.cpu import foreground_cpu_s
from maskdet_core.cpu import n_cores as usable_cores

LEASE_S: Final = 5.0
"""A slot without frames for so long is released, whatever became of its viewer."""
UNMEASURED_VIEWERS_PER_CORE: Final = 3
"""Capacity per core before any viewer's cost has been measured."""
MAX_CPU_SHARE: Final = 0.85
"""Share of the machine's processor time that viewers may use."""
_SETTLE_S: Final = 3.0
"""A new viewer's cost shows only after a while: until then no other is admitted by measurement."""
_SAMPLE_INTERVAL_S: Final = 1.0
_MAX_SAMPLES: Final = 6


class AdmissionControl:
    """Slots for live viewers, first come, first served. Thread-safe.

    The capacity is a fixed limit, or what the measured processor time of the current viewers
    allows, while the worker is not overloaded.
    """

    def __init__(
        self,
        limit: int | None = None,
        *,
        is_overloaded: Callable[[], bool] = lambda: False,
        demand: Callable[[], float] = lambda: 0.0,
        n_cores: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = foreground_cpu_s,
    ) -> None:
        """Begin with all slots free.

        Args:
            limit: most viewers at once; None measures.
            is_overloaded: whether the worker is at its limit, so that no viewer is added; called
                only without a limit.
            demand: share of its time that the worker needs for all that is due; may be above 1.
            n_cores: None takes those that this process may use.
            clock: monotonic seconds.
            cpu_clock: processor seconds that this process has used for its viewers.

        Raises:
            ValueError: a limit below 1.
        """
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be 1 or more, got {limit}")
        self._limit = limit
        self._is_overloaded = is_overloaded
        self._demand = demand
        self._n_cores = n_cores or usable_cores()
        self._clock, self._cpu_clock = clock, cpu_clock
        self._lock = threading.Lock()
        self._leases: dict[object, float] = {}
        self._samples: deque[tuple[float, float]] = deque(maxlen=_MAX_SAMPLES)
        self._changed_s = clock()

    def acquire(self, viewer: object) -> bool:
        """Acquire a slot or renew it, for each frame; False while none is free."""
        with self._lock:
            now_s = self._clock()
            self._sample(now_s)
            self._expire(now_s)
            if viewer not in self._leases:
                if not self._has_capacity(now_s):
                    return False
                self._note_change(now_s)
            self._leases[viewer] = now_s
            return True

    def release(self, viewer: object) -> None:
        """Release a viewer's slot; one that has none is no error."""
        with self._lock:
            if self._leases.pop(viewer, None) is not None:
                self._note_change(self._clock())

    def holds(self, viewer: object) -> bool:
        """Whether a viewer has a slot now."""
        with self._lock:
            self._expire(self._clock())
            return viewer in self._leases

    @property
    def has_capacity(self) -> bool:
        """Whether another viewer would be admitted now."""
        with self._lock:
            now_s = self._clock()
            self._expire(now_s)
            return self._has_capacity(now_s)

    @property
    def n_active(self) -> int:
        """Viewers with a slot now."""
        with self._lock:
            self._expire(self._clock())
            return len(self._leases)

    @property
    def capacity(self) -> int:
        """Viewers that can be served at once, by the limit or by measurement."""
        with self._lock:
            return self._capacity()

    @property
    def load(self) -> float:
        """What is asked of this machine as a share of what it can do; above 1 looks are missed.

        The larger of the share of processor time that this process uses and the worker's demand.
        Where other programs use the processor, the first is low while faces wait.
        """
        with self._lock:
            self._sample(self._clock())
            return max(min(1.0, self._cores_used() / self._n_cores), self._demand())

    def _has_capacity(self, now_s: float) -> bool:
        n = len(self._leases)
        if n == 0:
            return True
        if self._limit is None and now_s - self._changed_s < _SETTLE_S:
            # one a core is admitted before the first has been measured
            return n < self._n_cores
        return n < self._capacity()

    def _capacity(self) -> int:
        if self._limit is not None:
            return self._limit
        n, cores = len(self._leases), self._cores_used()
        if n and self._is_overloaded():
            return n
        if n == 0 or cores <= 0:
            return max(n, UNMEASURED_VIEWERS_PER_CORE * self._n_cores)
        return max(n, int(MAX_CPU_SHARE * self._n_cores / (cores / n)))

    def _expire(self, now_s: float) -> None:
        expired = [viewer for viewer, at_s in self._leases.items() if now_s - at_s > LEASE_S]
        for viewer in expired:
            del self._leases[viewer]
        if expired:
            self._note_change(now_s)

    def _note_change(self, now_s: float) -> None:
        self._changed_s = now_s
        self._samples.clear()

    def _sample(self, now_s: float) -> None:
        if not self._samples or now_s - self._samples[-1][0] >= _SAMPLE_INTERVAL_S:
            self._samples.append((now_s, self._cpu_clock()))

    def _cores_used(self) -> float:
        """Cores' worth of processor time over the last samples; 0 before there are two."""
        if len(self._samples) < 2:
            return 0.0
        (from_s, cpu_from_s), (to_s, cpu_to_s) = self._samples[0], self._samples[-1]
        return (cpu_to_s - cpu_from_s) / (to_s - from_s)
