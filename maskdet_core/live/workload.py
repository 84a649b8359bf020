"""How much is asked of the inference worker, what it leaves out included."""

from collections import deque
from typing import Final

WINDOW_S: Final = 3.0
"""Time over which demand is taken: several inferences of a slow machine."""


class Workload:
    """Measures busy time, and looks done and missed, over the last `WINDOW_S`. Not thread-safe.

    A look is a run of the finder or the prediction of one face. It is missed when the next one was
    due before it was done.
    """

    def __init__(self, now_s: float) -> None:
        """Begin idle.

        Args:
            now_s: monotonic seconds, as in all methods.
        """
        self._since_s = now_s
        self._began_s: float | None = None
        self._busy: deque[tuple[float, float]] = deque()
        self._looks: deque[tuple[float, int, int]] = deque()

    def begin(self, now_s: float) -> None:
        """An inference begins."""
        self._began_s = now_s

    def end(self, now_s: float) -> None:
        """The inference has ended."""
        if self._began_s is not None:
            self._busy.append((self._began_s, now_s))
        self._began_s = None
        self._expire(now_s)

    def note_looks(self, n_done: int, n_missed: int, now_s: float) -> None:
        """Looks were done or missed."""
        if n_done or n_missed:
            self._looks.append((now_s, n_done, n_missed))
        self._expire(now_s)

    def demand(self, now_s: float) -> float:
        """Busy share of the time that all looks due would take; above 1 they cannot all be done."""
        self._expire(now_s)
        from_s = max(self._since_s, now_s - WINDOW_S)
        if now_s <= from_s:
            return 0.0
        spans = [*self._busy, *([] if self._began_s is None else [(self._began_s, now_s)])]
        busy_s = sum(end_s - max(began_s, from_s) for began_s, end_s in spans)
        n_done = sum(done for _, done, _ in self._looks)
        n_missed = sum(missed for _, _, missed in self._looks)
        # while an inference takes the whole window, none is done and many are missed
        missed_for_each = n_missed / max(1, n_done)
        return busy_s / (now_s - from_s) * (1.0 + missed_for_each)

    def _expire(self, now_s: float) -> None:
        from_s = now_s - WINDOW_S
        while self._busy and self._busy[0][1] <= from_s:
            self._busy.popleft()
        while self._looks and self._looks[0][0] <= from_s:
            self._looks.popleft()
