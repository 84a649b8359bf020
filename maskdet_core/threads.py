"""Daemon threads that are ended before the interpreter is."""

import atexit
import threading
import time
from collections.abc import Callable
from typing import Final

_LONGEST_S: Final = 5.0
"""Longest wait for all threads together: one network run or one drawn frame takes far less."""


class NativeThread(threading.Thread):
    """A daemon thread that calls native code, and is asked to stop at exit.

    While the interpreter ends, CPython before 3.14 unwinds each daemon thread that comes back from
    native code. The C++ frames of OpenCV on its stack do not let that pass, and the process aborts
    with "terminate called without an active exception".
    """

    def __init__(self, target: Callable[[], None], name: str, stop: Callable[[], None]) -> None:
        """Set it up; `start` begins.

        Args:
            target: what it runs.
            name: of the thread.
            stop: makes ``target`` return soon; called once at exit by another thread, must not
                wait.
        """
        super().__init__(target=target, name=name, daemon=True)
        self.stop: Callable[[], None] | None = stop

    def run(self) -> None:
        """Run the target; what it belongs to is not kept alive afterwards."""
        try:
            super().run()
        finally:
            self.stop = None


def _end_all() -> None:
    running = [one for one in threading.enumerate() if isinstance(one, NativeThread)]
    for thread in running:
        if (stop := thread.stop) is not None:
            stop()
    deadline_s = time.monotonic() + _LONGEST_S
    for thread in running:
        thread.join(max(0.0, deadline_s - time.monotonic()))


# called before daemon threads are unwound
atexit.register(_end_all)
