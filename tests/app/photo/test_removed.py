"""How long removed photos can be brought back."""

import threading
from dataclasses import dataclass

import pytest

from maskdet_app.photo.removed import RemovedPhotos


@dataclass(frozen=True)
class Thing:
    key: str


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_photos_come_back_once_and_in_order() -> None:
    removed: RemovedPhotos[Thing] = RemovedPhotos(60.0)
    removed.put([Thing("b"), Thing("a")])
    assert "a" in removed and len(removed) == 2
    assert removed.take() == [Thing("b"), Thing("a")]
    assert removed.take() == []
    assert removed.seconds_left == 0


def test_photos_do_not_come_back_after_their_time() -> None:
    clock = Clock()
    removed: RemovedPhotos[Thing] = RemovedPhotos(60.0, clock=clock)
    removed.put([Thing("a")])
    clock.now_s += 59
    assert removed.seconds_left == 1
    clock.now_s += 1
    assert removed.seconds_left == 0
    assert removed.take() == []


class Timer(threading.Timer):
    """One whose time a test lets pass."""

    def start(self) -> None:
        """Wait for the test."""


def test_photos_are_deleted_without_anyone_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Timer", Timer)
    removed: RemovedPhotos[Thing] = RemovedPhotos(60.0)
    removed.put([Thing("a")])
    timer = removed._timer
    assert timer is not None and timer.interval == 60.0
    assert len(removed) == 1
    timer.function(*timer.args)
    assert len(removed) == 0


def test_newer_photos_outlive_the_timer_of_older_ones() -> None:
    removed: RemovedPhotos[Thing] = RemovedPhotos(60.0)
    removed.put([Thing("a")])
    first = dict(removed._photos)
    removed.put([Thing("b")])
    # the first timer's thread had begun before it was cancelled
    removed._expire(first)
    assert "a" not in removed and "b" in removed
    removed.discard()
    assert len(removed) == 0
