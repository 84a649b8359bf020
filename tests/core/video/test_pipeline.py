"""Reading ahead and writing behind keep order and bounds, and hand on what goes wrong."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from maskdet_core.video.pipeline import WriteBehind, read_ahead

PATIENCE_S = 10.0


def test_all_items_come_in_order() -> None:
    assert list(read_ahead(iter(range(100)), 3)) == list(range(100))


def test_no_more_than_allowed_wait() -> None:
    taken: list[int] = []
    is_full = threading.Event()

    def items() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            if n == 4:
                is_full.set()
            yield n

    with closing(read_ahead(items(), 3)) as ahead:
        assert next(ahead) == 0
        # one that was given, three that wait and one that finds no room
        assert is_full.wait(PATIENCE_S)
    assert taken == [0, 1, 2, 3, 4]


def test_closing_ends_the_thread() -> None:
    before = threading.active_count()
    with closing(read_ahead(iter(range(100)), 2)) as ahead:
        next(ahead)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_what_the_source_raises_comes_after_its_items() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    ahead = read_ahead(items(), 5)
    assert next(ahead) == 1
    with pytest.raises(KeyError, match="broken"):
        next(ahead)


def test_all_is_written_in_order() -> None:
    written: list[int] = []
    with WriteBehind(written.append, 3) as behind:
        for n in range(100):
            behind.add(n)
        behind.finish()
    assert written == list(range(100))


def test_what_the_writer_raises_ends_the_work() -> None:
    def write(n: int) -> None:
        if n == 5:
            raise OSError("disk full")

    with WriteBehind(write, 2) as behind, pytest.raises(OSError, match="disk full"):
        for n in range(100):
            behind.add(n)


def test_the_last_item_is_not_lost_silently() -> None:
    def write(n: int) -> None:
        raise OSError("disk full")

    with WriteBehind(write, 2) as behind:
        behind.add(0)
        with pytest.raises(OSError, match="disk full"):
            behind.finish()


def test_leaving_ends_the_thread() -> None:
    before = threading.active_count()
    with WriteBehind(lambda n: None, 5) as behind:
        behind.add(0)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
