"""A delivery is bounded, retries with growing waits, keeps its rate and counts what it drops."""

import threading
from collections.abc import Callable

import pytest

from maskdet_core.alerts.delivery import (
    Attempt,
    Delivery,
    DeliveryCounts,
    DeliveryLimits,
    Outcome,
    TokenBucket,
    backoff_s,
)
from tests.core.alerts.alerts import wait_for

FAST = DeliveryLimits(max_waiting=3, max_tries=3, first_wait_s=0.001, max_wait_s=0.002, every_s=0)
DONE, RETRY, REFUSED = (
    Attempt(Outcome.DONE),
    Attempt(Outcome.RETRY, "busy"),
    Attempt(Outcome.REFUSED, "no"),
)


class Receiver:
    """Answers as told, and notes what it got."""

    def __init__(self, *answers: Attempt) -> None:
        self._answers = list(answers)
        self.got: list[int] = []
        self.notes: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, message: int) -> Attempt:
        self.got.append(message)
        self.gate.wait(10)
        return self._answers.pop(0) if self._answers else DONE

    def delivery(self, limits: DeliveryLimits = FAST) -> Delivery[int]:
        return Delivery(self, limits, name="there", notify=self.notes.append)


def test_messages_arrive_in_order_each_once() -> None:
    receiver = Receiver()
    delivery = receiver.delivery(DeliveryLimits(every_s=0))
    for n in range(20):
        delivery.put(n)
    assert delivery.close() == DeliveryCounts(n_sent=20)
    assert receiver.got == list(range(20))
    assert receiver.notes == []


def test_what_fails_is_tried_again_and_told_once() -> None:
    receiver = Receiver(RETRY, RETRY, DONE)
    delivery = receiver.delivery()
    delivery.put(1)
    wait_for(lambda: delivery.counts.n_sent)
    assert delivery.close() == DeliveryCounts(n_sent=1, n_retries=2)
    assert receiver.got == [1, 1, 1]
    assert receiver.notes == [
        "alerts do not reach there: busy; trying again",
        "alerts reach there again",
    ]


@pytest.mark.parametrize(("answers", "n_tries"), [((RETRY,) * 3, 3), ((REFUSED,), 1)])
def test_what_is_refused_or_fails_too_often_is_given_up_and_the_next_goes_on(
    answers: tuple[Attempt, ...], n_tries: int
) -> None:
    receiver = Receiver(*answers)
    delivery = receiver.delivery()
    delivery.put(1)
    delivery.put(2)
    wait_for(lambda: delivery.counts.n_sent)
    assert receiver.got == [1] * n_tries + [2]
    counts = delivery.close()
    assert (counts.n_sent, counts.n_failed, counts.n_dropped) == (1, 1, 0)
    assert any("given up" in note for note in receiver.notes)


def test_the_oldest_is_dropped_and_counted_where_too_many_wait() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    delivery = receiver.delivery()
    delivery.put(0)
    wait_for(lambda: receiver.got)
    for n in range(1, 6):
        # returns at once though the receiver does not
        delivery.put(n)
    receiver.gate.set()
    assert delivery.close() == DeliveryCounts(n_sent=4, n_dropped=2)
    assert receiver.got == [0, 3, 4, 5]


def test_closing_waits_no_longer_than_told_and_counts_what_is_lost() -> None:
    receiver = Receiver()
    receiver.gate.clear()
    delivery = receiver.delivery()
    for n in range(3):
        delivery.put(n)
    wait_for(lambda: receiver.got)
    assert delivery.close(drain_s=0.05) == DeliveryCounts(n_dropped=3)
    receiver.gate.set()
    delivery.put(9)
    assert delivery.close() == DeliveryCounts(n_dropped=4)
    assert receiver.got == [0]


def test_the_bucket_lets_a_burst_through_and_then_one_at_a_time() -> None:
    bucket = TokenBucket(2, 10.0)

    def passes(now_s: float) -> bool:
        if bucket.wait_s(now_s) > 0:
            return False
        bucket.take()
        return True

    assert [passes(0.0) for _ in range(3)] == [True, True, False]
    assert bucket.wait_s(4.0) == pytest.approx(6.0)
    assert [passes(10.0), passes(10.0)] == [True, False]
    assert [passes(1000.0) for _ in range(3)] == [True, True, False]


def test_a_rate_holds_messages_back() -> None:
    receiver = Receiver()
    delivery = receiver.delivery(DeliveryLimits(burst=2, every_s=1000.0))
    for n in range(3):
        delivery.put(n)
    wait_for(lambda: delivery.counts.n_sent == 2)
    assert receiver.got == [0, 1]
    # the last are not held back any more when all ends
    assert delivery.close().n_sent == 3


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_waits_double_within_bounds(spread: float) -> None:
    waits = [backoff_s(n, 1.0, 60.0, spread) for n in (1, 2, 3, 7, 1000)]
    assert waits == [(0.5 + 0.5 * spread) * longest for longest in (1, 2, 4, 60, 60)]


def test_a_receiver_may_ask_for_more_time_but_not_for_any() -> None:
    waited: list[float] = []
    times = iter(range(0, 10_000, 100))
    clock: Callable[[], float] = lambda: next(times)  # noqa: E731

    def attempt(message: int) -> Attempt:
        waited.append(message)
        return Attempt(Outcome.RETRY, "busy", after_s=1e9) if len(waited) == 1 else DONE

    limits = DeliveryLimits(max_wait_s=60.0, every_s=0)
    delivery = Delivery(attempt, limits, name="there", notify=lambda _: None, clock=clock)
    delivery.put(1)
    wait_for(lambda: delivery.counts.n_sent)
    delivery.close()


def test_an_exception_refuses_its_message_and_the_next_goes_on() -> None:
    notes: list[str] = []

    def attempt(message: int) -> Attempt:
        if message == 1:
            raise UnicodeError("https://me:s3cret@host")
        return DONE

    delivery = Delivery(attempt, FAST, name="there", notify=notes.append)
    delivery.put(1)
    delivery.put(2)
    assert delivery.close() == DeliveryCounts(n_sent=1, n_failed=1)
    assert notes[0] == "an alert to there is given up: UnicodeError"


def test_nobody_who_can_be_told_stops_nothing() -> None:
    def notify(message: str) -> None:
        raise ValueError("I/O operation on closed file")

    delivery = Delivery(Receiver(REFUSED), FAST, name="there", notify=notify)
    delivery.put(1)
    delivery.put(2)
    assert delivery.close() == DeliveryCounts(n_sent=1, n_failed=1)


def test_a_message_that_was_counted_is_not_dropped_as_well() -> None:
    is_telling, gate = threading.Event(), threading.Event()

    def notify(message: str) -> None:
        is_telling.set()
        gate.wait(10)

    delivery = Delivery(Receiver(REFUSED), FAST, name="there", notify=notify)
    delivery.put(1)
    assert is_telling.wait(10)
    assert delivery.close(drain_s=0.01) == DeliveryCounts(n_failed=1)
    gate.set()
