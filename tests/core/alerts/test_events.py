"""Each person raises an event once, a flicker none, and "all masked" is true when it is told."""

import math

import pytest

from maskdet_core import Verdict
from maskdet_core.alerts.events import AlertKind, AlertRules, AlertTracker, PeopleCounts
from maskdet_core.video.events import EventKind, PersonEvent

BARE, MASK, WRONG = Verdict.WITHOUT_MASK, Verdict.WITH_MASK, Verdict.WORN_WRONG
NOT_SURE = Verdict.NOT_SURE
NO_MASK, WORN_WRONG, ALL_MASKED = AlertKind.NO_MASK, AlertKind.WORN_WRONG, AlertKind.ALL_MASKED
GONE = None


def told(
    *changes: tuple[float, int, Verdict | None], until_s: float = 30.0
) -> list[tuple[AlertKind, float, int | None]]:
    """Run people through a tracker, ten frames a second; kind, time and person of each alert."""
    return list(run(AlertTracker(), *changes, until_s=until_s))


def run(
    tracker: AlertTracker,
    *changes: tuple[float, int, Verdict | None],
    from_s: float = 0.0,
    until_s: float = 30.0,
) -> list[tuple[AlertKind, float, int | None]]:
    present: dict[int, Verdict] = {}
    waiting, alerts = list(changes), []
    for n in range(round((until_s - from_s) * 10)):
        at_s = round(from_s + n / 10, 1)
        events = []
        while waiting and waiting[0][0] <= at_s:
            when_s, person, verdict = waiting.pop(0)
            kind = EventKind.VERDICT if person in present else EventKind.APPEARED
            if verdict is None:
                kind, verdict = EventKind.LEFT, present.pop(person)
            else:
                present[person] = verdict
            events.append(PersonEvent(kind, person, when_s, verdict))
        alerts += [(one.kind, one.at_s, one.person) for one in tracker.update(at_s, events)]
    return alerts


def test_a_person_raises_an_event_once_however_long_it_lasts() -> None:
    assert told((1.0, 1, BARE)) == [(NO_MASK, 3.0, 1)]


def test_a_mask_worn_wrong_is_told_as_such() -> None:
    assert told((1.0, 1, WRONG)) == [(WORN_WRONG, 3.0, 1)]


@pytest.mark.parametrize("flicker", [BARE, WRONG, NOT_SURE])
def test_a_flicker_raises_nothing(flicker: Verdict) -> None:
    changes = [(float(n), 1, flicker if n % 2 else MASK) for n in range(21)]
    assert told(*changes) == []


def test_not_sure_in_between_does_not_add_up() -> None:
    changes = [(float(n), 1, BARE if n % 2 else NOT_SURE) for n in range(20)]
    assert told(*changes, (20.0, 1, NOT_SURE)) == []


def test_who_flickers_after_an_event_raises_no_other() -> None:
    changes = [(5.0 + n, 1, MASK if n % 2 else BARE) for n in range(9)]
    assert told((0.0, 1, BARE), *changes) == [(NO_MASK, 2.0, 1)]


def test_who_masks_and_stays_so_can_raise_it_again() -> None:
    alerts = told((0.0, 1, BARE), (5.0, 1, MASK), (12.0, 1, BARE))
    assert alerts == [(NO_MASK, 2.0, 1), (ALL_MASKED, 8.0, None), (NO_MASK, 14.0, 1)]


def test_a_change_between_bare_and_wrong_is_told_once_each() -> None:
    changes = [(5.0 * n, 1, WRONG if n % 2 else BARE) for n in range(6)]
    assert told(*changes) == [(NO_MASK, 2.0, 1), (WORN_WRONG, 7.0, 1)]


def test_each_person_raises_an_event_of_their_own() -> None:
    alerts = told((0.0, 1, BARE), (1.0, 2, BARE), (1.0, 3, MASK))
    assert alerts == [(NO_MASK, 2.0, 1), (NO_MASK, 3.0, 2)]


def test_all_masked_waits_for_everyone() -> None:
    alerts = told((0.0, 1, BARE), (0.0, 2, BARE), (5.0, 1, MASK), (15.0, 2, MASK))
    assert alerts[2:] == [(ALL_MASKED, 18.0, None)]


@pytest.mark.parametrize("other", [BARE, WRONG, NOT_SURE])
def test_all_masked_is_not_told_while_somebody_in_view_is_not(other: Verdict) -> None:
    # a moment before they raise an event of their own
    alerts = told((0.0, 1, BARE), (5.0, 1, MASK), (7.5, 2, other), (9.0, 2, MASK))
    assert alerts == [(NO_MASK, 2.0, 1), (ALL_MASKED, 9.0, None)]


def test_all_masked_is_never_told_first() -> None:
    assert told((0.0, 1, MASK), (5.0, 1, GONE)) == []


def test_who_leaves_is_forgotten_after_a_while() -> None:
    assert told((0.0, 1, BARE), (4.0, 1, GONE)) == [(NO_MASK, 2.0, 1), (ALL_MASKED, 10.0, None)]


def test_who_comes_back_soon_raises_nothing_again() -> None:
    alerts = told((0.0, 1, BARE), (4.0, 1, GONE), (6.0, 1, BARE))
    assert alerts == [(NO_MASK, 2.0, 1)]


def test_an_outage_is_no_evidence() -> None:
    tracker = AlertTracker()
    assert run(tracker, (0.0, 1, BARE), (4.0, 1, GONE), until_s=5.0) == [(NO_MASK, 2.0, 1)]
    # the same person, found again a moment after the picture is back
    assert run(tracker, (60.3, 1, BARE), from_s=60.0, until_s=70.0) == []


def test_who_is_only_known_to_have_left_after_an_outage_is_not_forgotten_at_once() -> None:
    tracker = AlertTracker()
    assert run(tracker, (0.0, 1, BARE), until_s=5.0) == [(NO_MASK, 2.0, 1)]
    left = PersonEvent(EventKind.LEFT, 1, 4.9, BARE)
    assert tracker.update(60.0, [left]) == ()
    assert run(tracker, (61.0, 1, BARE), from_s=60.1, until_s=70.0) == []


def test_what_would_have_lasted_during_an_outage_raises_nothing() -> None:
    tracker = AlertTracker()
    assert run(tracker, (0.0, 1, BARE), until_s=1.0) == []
    assert run(tracker, from_s=60.0, until_s=61.9) == []
    assert run(tracker, from_s=61.9, until_s=62.5) == [(NO_MASK, 62.0, 1)]


def test_an_alert_says_since_when_and_who_is_there() -> None:
    tracker = AlertTracker()
    events = [
        PersonEvent(EventKind.APPEARED, 1, 0.6, BARE),
        PersonEvent(EventKind.APPEARED, 2, 0.7, MASK),
    ]
    assert tracker.update(1.0, events) == ()
    (alert,) = tracker.update(2.7)
    assert (alert.since_s, alert.at_s, alert.n_alerting) == (0.6, 2.7, 1)
    assert alert.counts == PeopleCounts(with_mask=1, without_mask=1)
    assert tracker.n_alerting == 1


def test_events_that_come_all_at_once_count_by_their_times() -> None:
    events = [
        PersonEvent(EventKind.LEFT, 1, 5.0, BARE),
        PersonEvent(EventKind.APPEARED, 1, 1.0, BARE),
        PersonEvent(EventKind.APPEARED, 2, 2.0, BARE),
        PersonEvent(EventKind.LEFT, 2, 3.5, BARE),
    ]
    alerts = AlertTracker().update(5.5, events)
    assert [(one.kind, one.person) for one in alerts] == [(NO_MASK, 1)]


def test_memory_is_bounded_by_who_is_there() -> None:
    tracker = AlertTracker()
    for n in range(2000):
        at_s = n * 1.0
        tracker.update(at_s, [PersonEvent(EventKind.APPEARED, n, at_s, BARE)])
        tracker.update(at_s + 0.5, [PersonEvent(EventKind.LEFT, n, at_s + 0.4, BARE)])
    assert len(tracker._people) <= 8


def test_wrong_times_are_refused() -> None:
    tracker = AlertTracker()
    tracker.update(1.0)
    with pytest.raises(ValueError, match="later"):
        tracker.update(0.5)
    for wrong in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="hold_s"):
            AlertRules(hold_s=wrong)
