import pytest

from maskdet_core import Verdict
from maskdet_core.video.events import EventKind, PersonEvent
from maskdet_core.video.timeline import (
    Interval,
    Person,
    SecondCounts,
    Timeline,
    count_by_second,
    count_by_verdict,
)

BARE, MASK, UNSURE = Verdict.WITHOUT_MASK, Verdict.WITH_MASK, Verdict.NOT_SURE


def timeline(*events: tuple[EventKind, int, float, Verdict]) -> Timeline:
    made = Timeline()
    for event in events:
        made.add(PersonEvent(*event))
    return made


def test_events_become_intervals() -> None:
    (person,) = timeline(
        (EventKind.APPEARED, 1, 1.0, BARE),
        (EventKind.VERDICT, 1, 2.0, MASK),
        (EventKind.LEFT, 1, 4.0, MASK),
        (EventKind.APPEARED, 1, 6.0, MASK),
        (EventKind.LEFT, 1, 7.0, MASK),
    ).people()
    assert person.intervals == (
        Interval(1.0, 2.0, BARE),
        Interval(2.0, 4.0, MASK),
        Interval(6.0, 7.0, MASK),
    )
    assert person.verdict is MASK
    assert person.seen_s == 4.0


def test_what_lasts_a_moment_counts_as_what_follows() -> None:
    (person,) = timeline(
        (EventKind.APPEARED, 1, 0.0, UNSURE),
        (EventKind.VERDICT, 1, 0.2, BARE),
        (EventKind.LEFT, 1, 3.0, BARE),
    ).people()
    assert person.intervals == (Interval(0.0, 3.0, BARE),)


def test_a_short_stay_of_its_own_remains() -> None:
    (person,) = timeline(
        (EventKind.APPEARED, 1, 1.0, BARE), (EventKind.LEFT, 1, 1.2, BARE)
    ).people()
    assert person.intervals == (Interval(1.0, 1.2, BARE),)


def test_counts_by_verdict_take_each_person_once() -> None:
    people = (
        Person(1, (Interval(0, 2, BARE), Interval(2, 9, MASK))),
        Person(2, (Interval(0, 2, BARE),)),
    )
    assert count_by_verdict(people) == {MASK: 1, BARE: 1}


def test_counts_by_second_take_each_person_once_a_second() -> None:
    people = (
        Person(1, (Interval(0.5, 1.2, BARE), Interval(1.2, 2.5, MASK))),
        Person(2, (Interval(1.0, 2.0, BARE),)),
    )
    assert count_by_second(people, 3.5) == [
        SecondCounts(0, without_mask=1),
        SecondCounts(1, with_mask=1, without_mask=1),
        SecondCounts(2, with_mask=1),
        SecondCounts(3),
    ]


@pytest.mark.parametrize("length_s", [0.0, 0.4])
def test_the_shortest_video_has_a_second(length_s: float) -> None:
    assert count_by_second((), length_s) == [SecondCounts(0)]
