"""How often somebody may do something: a token bucket for each."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

MAX_KEYS: Final = 10_000
"""Whoever was not seen for longest is forgotten first, so that memory stays bounded."""


class RateLimiter:
    """Lets each key do something ``burst`` times at once, and ``per_s`` times a second after that.

    Safe to share by threads.
    """

    def __init__(
        self, burst: int, per_s: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with full buckets.

        Raises:
            ValueError: a burst below 1 or a rate of 0 or less.
        """
        if burst < 1 or per_s <= 0:
            raise ValueError(f"expected burst >= 1 and per_s > 0, got {burst} and {per_s}")
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: Hashable) -> float:
        """Take a token; 0 where there was one, else the seconds until there will be one."""
        now = self._clock()
        with self._lock:
            tokens, at = self._buckets.pop(key, (float(self._burst), now))
            tokens = min(float(self._burst), tokens + (now - at) * self._per_s)
            wait_s = 0.0 if tokens >= 1 else (1 - tokens) / self._per_s
            self._buckets[key] = (tokens if wait_s else tokens - 1, now)
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
        return wait_s
