"""Who is seen when, with which verdict: intervals by person, counts by person and by second."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from maskdet_core.types import Verdict
from maskdet_core.video.events import EventKind, PersonEvent

MIN_INTERVAL_S: Final = 0.3
"""A shorter verdict between others is the time until a face is seen well, and counts as the next
one. Nobody takes a mask off and puts it on again in that time."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Time in which a person is seen with one verdict, s since the beginning."""

    start_s: float
    end_s: float
    verdict: Verdict

    @property
    def length_s(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Person:
    """One person.

    Attributes:
        number: from 1, in the order in which they became known.
        intervals: one or more, in order; gaps between them are times out of view.
    """

    number: int
    intervals: tuple[Interval, ...]

    @property
    def seen_s(self) -> float:
        """For how long the person is in view."""
        return sum(one.length_s for one in self.intervals)

    @property
    def verdict(self) -> Verdict:
        """The verdict of the longest time; of equal ones the first."""
        return max(Verdict, key=self.seconds_of)

    def seconds_of(self, verdict: Verdict) -> float:
        """For how long the person is seen with a verdict."""
        return sum(one.length_s for one in self.intervals if one.verdict is verdict)


@dataclass(frozen=True, slots=True)
class SecondCounts:
    """People seen during one second, each under the verdict of the longest part of it.

    Attributes:
        second: from 0.
        with_mask: people.
        worn_wrong: people.
        without_mask: people.
        not_sure: people.
    """

    second: int
    with_mask: int = 0
    worn_wrong: int = 0
    without_mask: int = 0
    not_sure: int = 0


class Timeline:
    """Collects the events of a `FaceWatcher`."""

    def __init__(self) -> None:
        """Begin without a person."""
        self._closed: dict[int, list[Interval]] = {}
        self._open: dict[int, tuple[float, Verdict]] = {}

    def add(self, event: PersonEvent) -> None:
        """Take the next event into account."""
        intervals = self._closed.setdefault(event.person, [])
        if event.person in self._open:
            start_s, verdict = self._open.pop(event.person)
            if event.at_s > start_s:
                intervals.append(Interval(start_s, event.at_s, verdict))
        if event.kind is not EventKind.LEFT:
            self._open[event.person] = (event.at_s, event.verdict)

    def people(self) -> tuple[Person, ...]:
        """People who have left, by number; people still in view count up to the last change."""
        return tuple(
            Person(number, tuple(_without_moments(intervals)))
            for number, intervals in sorted(self._closed.items())
            if intervals
        )


def count_by_verdict(people: Iterable[Person]) -> Counter[Verdict]:
    """People by the verdict of their longest time."""
    return Counter(person.verdict for person in people)


def count_by_second(people: Iterable[Person], length_s: float) -> list[SecondCounts]:
    """People by second, one entry for each second that begins before the end.

    Args:
        people: from `Timeline.people`.
        length_s: of the video.
    """
    n_seconds = max(1, math.ceil(length_s))
    counts: list[Counter[Verdict]] = [Counter() for _ in range(n_seconds)]
    for person in people:
        # a person's seconds, each with the time of each verdict in it
        parts: dict[int, Counter[Verdict]] = {}
        for one in person.intervals:
            for second in range(int(one.start_s), min(n_seconds, math.ceil(one.end_s))):
                inside_s = min(one.end_s, second + 1) - max(one.start_s, second)
                # milliseconds, since a counter counts
                parts.setdefault(second, Counter())[one.verdict] += round(1000 * inside_s)
        for second, shares in parts.items():
            counts[second][max(shares, key=lambda verdict: shares[verdict])] += 1
    return [
        SecondCounts(second, *(count[verdict] for verdict in _ORDER))
        for second, count in enumerate(counts)
    ]


_ORDER: Final = (
    Verdict.WITH_MASK,
    Verdict.WORN_WRONG,
    Verdict.WITHOUT_MASK,
    Verdict.NOT_SURE,
)


def _without_moments(intervals: list[Interval]) -> list[Interval]:
    """Merge what is too short into its neighbour in the same stay, and equal neighbours."""
    merged: list[Interval] = []
    for i, one in enumerate(intervals):
        follows = bool(merged) and merged[-1].end_s == one.start_s
        leads = i + 1 < len(intervals) and intervals[i + 1].start_s == one.end_s
        verdict = one.verdict
        if one.length_s < MIN_INTERVAL_S and (follows or leads):
            verdict = intervals[i + 1].verdict if leads else merged[-1].verdict
        if follows and merged[-1].verdict is verdict:
            merged[-1] = Interval(merged[-1].start_s, one.end_s, verdict)
        else:
            merged.append(Interval(one.start_s, one.end_s, verdict))
    return merged
