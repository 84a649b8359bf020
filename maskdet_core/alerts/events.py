"""Which events people raise: each person once, until they mask and stay so; a flicker none.

Knows people and times, neither frames nor clocks.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from maskdet_core.types import Verdict
from maskdet_core.video.events import EventKind, PersonEvent
from maskdet_core.video.watcher import MAX_GAP_S

HOLD_S: Final = 2.0
"""A verdict has to last so long before it raises an event: a hand or a cup before the mouth passes
sooner, and a single wrong look is corrected within half a second."""
CLEAR_S: Final = 3.0
"""A person has to be masked so long before the next event can be about them."""
FORGET_S: Final = 6.0
"""Who left without a mask counts for so long: twice the time within which a person who comes back
is known to be the same person."""


class AlertKind(StrEnum):
    """What is told."""

    NO_MASK = "no_mask"
    WORN_WRONG = "worn_wrong"
    ALL_MASKED = "all_masked"


_RAISED_BY: Final = {
    Verdict.WITHOUT_MASK: AlertKind.NO_MASK,
    Verdict.WORN_WRONG: AlertKind.WORN_WRONG,
}


@dataclass(frozen=True, slots=True)
class AlertRules:
    """How long what has to last.

    Attributes:
        hold_s: a verdict, before it raises an event.
        clear_s: a mask, before its wearer can raise the same event again.
        forget_s: time after which a person who left without a mask no longer counts.
    """

    hold_s: float = HOLD_S
    clear_s: float = CLEAR_S
    forget_s: float = FORGET_S

    def __post_init__(self) -> None:
        """Validate the times.

        Raises:
            ValueError: one below 0, or not finite.
        """
        for name in ("hold_s", "clear_s", "forget_s"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"expected {name} of 0 s or more, got {value}")


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """People in view, by verdict."""

    with_mask: int = 0
    worn_wrong: int = 0
    without_mask: int = 0
    not_sure: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> "PeopleCounts":
        """Count verdicts, one a person."""
        counts = dict.fromkeys(Verdict, 0)
        for verdict in verdicts:
            counts[verdict] += 1
        return cls(**{verdict.value: n for verdict, n in counts.items()})


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to tell.

    Attributes:
        kind: what.
        at_s: when it was raised, by the stream's time.
        since_s: since when it has been so, by the same time.
        person: whom it is about; None for `AlertKind.ALL_MASKED`.
        counts: people in view at that moment.
        n_alerting: people who have raised an event and have neither masked nor left for good.
    """

    kind: AlertKind
    at_s: float
    since_s: float
    person: int | None
    counts: PeopleCounts
    n_alerting: int


@dataclass(slots=True)
class _Person:
    verdict: Verdict
    since_s: float
    left_s: float | None = None
    raised: set[AlertKind] = field(default_factory=set)


class AlertTracker:
    """Turns what happens to people into alerts. Not thread-safe.

    A person raises `NO_MASK` when the verdict "without a mask" has lasted `AlertRules.hold_s`, and
    `WORN_WRONG` likewise; each once until they have been masked for `AlertRules.clear_s`. "Not
    sure" interrupts both times. `ALL_MASKED` comes once after others, when nobody of those who
    raised them is left without a mask, and all people in view are masked; there may be none.
    """

    def __init__(self, rules: AlertRules | None = None) -> None:
        """Begin without people.

        Args:
            rules: None takes the defaults.
        """
        self._rules = AlertRules() if rules is None else rules
        self._people: dict[int, _Person] = {}
        self._is_alarmed = False
        self._newest_s: float | None = None
        self._seen_since_s = -math.inf

    @property
    def counts(self) -> PeopleCounts:
        """People in view."""
        return PeopleCounts.of(one.verdict for one in self._people.values() if one.left_s is None)

    @property
    def n_alerting(self) -> int:
        """People who have raised an event and have neither masked nor left for good."""
        return sum(bool(one.raised) for one in self._people.values())

    def update(self, at_s: float, events: Iterable[PersonEvent] = ()) -> tuple[Alert, ...]:
        """Take what became known at a frame.

        After a gap of more than `MAX_GAP_S` nothing counts that nobody saw: neither what would have
        lasted meanwhile, nor the time since a person left.

        Args:
            at_s: the frame's time, not before that of the last call.
            events: of the frame; their times may lie back.

        Raises:
            ValueError: a time before the newest.
        """
        newest_s = self._newest_s
        if newest_s is not None:
            if at_s < newest_s:
                raise ValueError(f"expected a time of {newest_s} s or later, got {at_s}")
            if at_s - newest_s > MAX_GAP_S:
                self._restart(at_s)
        self._newest_s = at_s
        alerts: list[Alert] = []
        for event in sorted(events, key=lambda one: one.at_s):
            # who is there only between two frames, as in a list of intervals, counts as well
            alerts += self._raised(event.at_s)
            self._note(event)
        alerts += self._raised(at_s)
        return tuple(alerts)

    def _restart(self, at_s: float) -> None:
        self._seen_since_s = at_s
        for one in self._people.values():
            one.since_s = at_s
            if one.left_s is not None:
                one.left_s = at_s

    def _note(self, event: PersonEvent) -> None:
        # an end before a gap is only known after it
        event_s = max(event.at_s, self._seen_since_s)
        one = self._people.get(event.person)
        if one is None:
            one = self._people[event.person] = _Person(event.verdict, event_s)
        if event.kind is EventKind.LEFT:
            one.left_s = event_s
            return
        if event.verdict is not one.verdict or one.left_s is not None:
            one.since_s = max(event_s, one.since_s)
        one.verdict, one.left_s = event.verdict, None

    def _raised(self, at_s: float) -> list[Alert]:
        alerts = []
        for number, one in sorted(self._people.items()):
            if one.left_s is not None:
                if at_s - one.left_s >= self._rules.forget_s:
                    del self._people[number]
                continue
            kind = _RAISED_BY.get(one.verdict)
            lasted_s = at_s - one.since_s
            if kind is not None and kind not in one.raised and lasted_s >= self._rules.hold_s:
                one.raised.add(kind)
                self._is_alarmed = True
                alerts.append(self._alert(kind, at_s, one.since_s, number))
            elif one.verdict is Verdict.WITH_MASK and lasted_s >= self._rules.clear_s:
                one.raised.clear()
        if self._is_alarmed and self._is_calm():
            self._is_alarmed = False
            alerts.append(self._alert(AlertKind.ALL_MASKED, at_s, at_s, None))
        return alerts

    def _is_calm(self) -> bool:
        return not self.n_alerting and all(
            one.verdict is Verdict.WITH_MASK for one in self._people.values() if one.left_s is None
        )

    def _alert(self, kind: AlertKind, at_s: float, since_s: float, person: int | None) -> Alert:
        return Alert(kind, at_s, since_s, person, self.counts, self.n_alerting)
