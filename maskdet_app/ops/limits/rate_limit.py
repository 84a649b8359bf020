"""Rate limiting: one token bucket per key."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

MAX_KEYS: Final = 10_000
"""The least recently used key is dropped beyond this, so that memory stays bounded."""


class RateLimiter:
    """Allows each key a ``burst`` of actions at once and ``per_s`` actions a second after that.

    Thread-safe.
    """

    def __init__(
        self, burst: int, per_s: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with full buckets.

        Args:
            burst: capacity of a bucket, 1 or more.
            per_s: tokens added to a bucket each second, above 0.
            clock: monotonic time in seconds.

        Raises:
            ValueError: a burst below 1 or a rate of 0 or less.
        """
        if burst < 1 or per_s <= 0:
            raise ValueError(f"expected burst >= 1 and per_s > 0, got {burst} and {per_s}")
        self._burst, self._per_s, self._clock = burst, per_s, clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: Hashable, n: int = 1) -> float:
        """Take tokens of this key, all or none.

        Args:
            key: whose tokens.
            n: how many, 1 to ``burst``.

        Returns:
            0 if there were as many, else the seconds until there will be.
        """
        now = self._clock()
        with self._lock:
            tokens, updated_at = self._buckets.pop(key, (float(self._burst), now))
            tokens = min(float(self._burst), tokens + (now - updated_at) * self._per_s)
            wait_s = 0.0 if tokens >= n else (n - tokens) / self._per_s
            self._buckets[key] = (tokens if wait_s else tokens - n, now)
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
        return wait_s
