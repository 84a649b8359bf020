"""People are followed, counted once each, and their times are right to a tenth of a second."""

import numpy as np
import pytest

from maskdet_core import Verdict
from maskdet_core.video.events import EventKind, PersonEvent
from maskdet_core.video.timeline import Person, Timeline
from maskdet_core.video.watcher import FaceWatcher, shrunk_face_px
from tests.core.video.painted import Painted, film, painted_detector, picture

BARE, MASK = Verdict.WITHOUT_MASK, Verdict.WITH_MASK
TENTH_S = pytest.approx


def people_of(frames: object) -> tuple[Person, ...]:
    timeline = Timeline()
    for event in FaceWatcher(painted_detector()).events(frames):  # type: ignore[arg-type]
        timeline.add(event)
    return timeline.people()


def near(seconds: float) -> object:
    return pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("from_s", [0.9, 1.0, 1.1, 1.2, 1.3])
def test_times_of_coming_and_going_are_right_to_a_tenth_of_a_second(from_s: float) -> None:
    def people_at(at_s: float) -> list[Painted]:
        return [(100, 80, "bare", 1)] if from_s <= at_s < from_s + 2.0 else []

    (person,) = people_of(film(5.0, people_at))
    (interval,) = person.intervals
    assert interval.verdict is BARE
    assert interval.start_s == near(from_s)
    assert interval.end_s == near(from_s + 2.0)


@pytest.mark.parametrize("changed_s", [1.5, 1.6, 1.7, 1.8])
def test_a_change_is_dated_back_to_when_it_happened(changed_s: float) -> None:
    frames = film(3.5, lambda at_s: [(100, 80, "bare" if at_s < changed_s else "mask", 1)])
    (person,) = people_of(frames)
    assert [one.verdict for one in person.intervals] == [BARE, MASK]
    assert person.intervals[0].end_s == near(changed_s)
    assert person.intervals[0].start_s == 0.0


def test_who_comes_back_soon_is_the_same_person_and_later_another() -> None:
    def people_at(at_s: float) -> list[Painted]:
        return [(100, 80, "bare", 1)] if at_s < 1.5 or 3.0 <= at_s < 4.5 or at_s >= 9.0 else []

    first, second = people_of(film(10.5, people_at))
    assert len(first.intervals) == 2
    assert len(second.intervals) == 1
    assert second.intervals[0].start_s == near(9.0)


def test_who_comes_to_the_same_place_and_looks_different_is_another_person() -> None:
    def people_at(at_s: float) -> list[Painted]:
        if at_s < 1.5:
            return [(100, 80, "bare", 1)]
        return [(110, 80, "bare", 2)] if at_s >= 3.0 else []

    assert len(people_of(film(5.0, people_at))) == 2


def test_people_beside_each_other_are_followed_apart_while_they_move() -> None:
    def people_at(at_s: float) -> list[Painted]:
        x = round(10 * at_s)
        return [(20 + x, 80, "bare", 1), (200 - x, 80, "mask", 2)]

    people = people_of(film(4.0, people_at))
    assert sorted(person.verdict for person in people) == [MASK, BARE]
    assert all(person.seen_s == near(3.9) for person in people)


def test_a_flash_is_nobody() -> None:
    frames = film(3.0, lambda at_s: [(100, 80, "bare", 1)] if at_s == 1.0 else [])
    assert people_of(frames) == ()


def test_a_cut_ends_all_and_another_size_too() -> None:
    watcher = FaceWatcher(painted_detector())
    events: list[PersonEvent] = []
    for n in range(10):
        events += watcher.add(n / 10, picture((100, 80, "bare", 1))).events
    cut = watcher.add(1.0, picture(background=77)).events
    assert [(one.kind, one.at_s) for one in cut] == [(EventKind.LEFT, 0.9)]
    assert watcher.add(1.1, np.zeros((120, 160, 3), np.uint8)).events == ()


def test_a_long_gap_ends_all_at_the_last_frame() -> None:
    watcher = FaceWatcher(painted_detector())
    for n in range(10):
        watcher.add(n / 10, picture((100, 80, "bare", 1)))
    (left,) = watcher.add(60.0, picture((100, 80, "bare", 1))).events
    assert (left.kind, left.at_s) == (EventKind.LEFT, 0.9)


def test_frames_say_who_each_face_is() -> None:
    watcher = FaceWatcher(painted_detector())
    frames = list(film(1.0, lambda _: [(100, 80, "bare", 1)]))
    watched = [watcher.add(*frame) for frame in frames]
    assert watched[0].people == (None,)
    assert watched[-1].people == (1,)
    assert watched[-1].track_ids == watched[0].track_ids
    assert watcher.n_people == 1


def test_nothing_is_looked_at_more_often_than_needed() -> None:
    detector = painted_detector()
    watcher = FaceWatcher(detector)
    for frame in film(6.0, lambda _: [(100, 80, "bare", 1)], fps=30.0):
        watcher.add(*frame)
    assert detector.finder.n_runs <= 6.0 / 0.5 + 2  # type: ignore[attr-defined]
    assert detector.classifier.n_crops <= 6.0 / 0.25 + 8  # type: ignore[attr-defined]


def test_wrong_frames_are_refused() -> None:
    watcher = FaceWatcher(painted_detector())
    watcher.add(1.0, picture())
    with pytest.raises(ValueError, match="later"):
        watcher.add(0.5, picture())
    with pytest.raises(ValueError, match="uint8"):
        watcher.add(2.0, picture().astype(float))  # type: ignore[arg-type]


def test_finish_without_a_frame_is_no_error_and_the_watcher_can_go_on() -> None:
    watcher = FaceWatcher(painted_detector())
    assert watcher.finish() == ()
    watcher.add(5.0, picture())
    watcher.finish()
    watcher.add(0.0, picture())


def test_the_smallest_face_shrinks_with_the_frame() -> None:
    assert shrunk_face_px(None, (1920, 1080), 960) is None
    assert shrunk_face_px(61, (1080, 1920), 960) == 30
    assert shrunk_face_px(61, (640, 480), 960) == 61
    assert shrunk_face_px(1, (1920, 1080), 960) == 1
