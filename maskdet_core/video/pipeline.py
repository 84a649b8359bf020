"""Reading ahead and writing behind: two threads beside the one that looks at the frames.

Decoder, OpenCV, network and encoder all let go of the interpreter's lock, so that threads keep the
cores busy. What waits between them is bounded: frames are large.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

_T = TypeVar("_T")


class _Handover(Generic[_T]):
    """A bounded line of things between two threads, which either may end."""

    def __init__(self, n_most: int) -> None:
        self._n_most = n_most
        self._waiting: deque[_T] = deque()
        self._changed = threading.Condition()
        self._is_complete = self._is_refused = False

    def put(self, one: _T) -> bool:
        """Hand over, after a wait for room; False where nothing is taken any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_refused or len(self._waiting) < self._n_most)
            if self._is_refused:
                return False
            self._waiting.append(one)
            self._changed.notify_all()
            return True

    def complete(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._is_complete = True
            self._changed.notify_all()

    def refuse(self) -> None:
        """Nothing more is taken, not even what waits."""
        with self._changed:
            self._is_refused = True
            self._waiting.clear()
            self._changed.notify_all()

    def taken(self) -> Iterator[_T]:
        """What is handed over, until it is complete or refused."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: bool(self._waiting) or self._is_complete or self._is_refused
                )
                if not self._waiting:
                    return
                one = self._waiting.popleft()
                self._changed.notify_all()
            yield one


def read_ahead(items: Iterator[_T], n_most: int) -> Generator[_T, None, None]:
    """Take what an iterator gives in a thread of its own, before it is asked for.

    Close the generator to end the thread; that waits for the item it is at.

    Args:
        items: used by that thread alone until the generator has ended.
        n_most: items that wait at most, 1 or more.

    Yields:
        The items, in order.

    Raises:
        BaseException: whatever the iterator raises, after the items before it.
    """
    line: _Handover[_T] = _Handover(n_most)
    raised: list[BaseException] = []

    def read() -> None:
        try:
            for one in items:
                if not line.put(one):
                    break
        except BaseException as error:
            raised.append(error)
        finally:
            line.complete()

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        yield from line.taken()
        if raised:
            raise raised[0]
    finally:
        line.refuse()
        thread.join()


class WriteBehind(Generic[_T]):
    """Calls a function in a thread of its own, with one item after the other.

        with WriteBehind(write, n_most=4) as behind:
            for item in items:
                behind.add(item)
            behind.finish()

    The end of the block drops what still waits, as where an exception ends it.
    """

    def __init__(self, write: Callable[[_T], None], n_most: int) -> None:
        """Begin.

        Args:
            write: called by that thread alone.
            n_most: items that wait at most, 1 or more.
        """
        self._write = write
        self._line: _Handover[_T] = _Handover(n_most)
        self._raised: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="write-behind", daemon=True)
        self._thread.start()

    def add(self, item: _T) -> None:
        """Hand over an item, after a wait for room.

        Raises:
            BaseException: what the function raised for an item before.
        """
        if not self._line.put(item):
            self.finish()

    def finish(self) -> None:
        """Wait until all is written; no more can be added.

        Raises:
            BaseException: what the function raised.
        """
        self._line.complete()
        self._thread.join()
        if self._raised is not None:
            raise self._raised

    def __enter__(self) -> Self:
        """The writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread, after the item it is at."""
        self._line.refuse()
        self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._line.taken():
                self._write(item)
        except BaseException as error:
            self._raised = error
            self._line.refuse()
