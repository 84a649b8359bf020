"""Track identities: kept while a face moves, never reused, ended when it has left."""

import numpy as np
import pytest

from maskdet_core import FaceBox
from maskdet_core.live.track import MAX_MISSES, MIN_UNSEEN_S, Tracks, match


def box(x: float, y: float = 100, side: float = 80, score: float = 1.0) -> FaceBox:
    return FaceBox(round(x), round(y), round(side), round(side), score)


def started(*boxes: FaceBox) -> Tracks:
    tracks = Tracks()
    for one in boxes:
        tracks.start(np.array(one.xywh, float), one.score, 0.0)
    return tracks


def test_boxes_are_matched_by_largest_overlap() -> None:
    boxes = {1: np.array([100.0, 100, 80, 80]), 2: np.array([150.0, 100, 80, 80])}
    near, far = box(145), box(400)
    matches, new = match(boxes, [far, near, box(112)])
    assert {track_id: found.x for track_id, found in matches.items()} == {1: 112, 2: 145}
    assert new == [far]


@pytest.mark.parametrize(("boxes", "found"), [({}, []), ({1: np.array([0.0, 0, 9, 9])}, [])])
def test_nothing_matches_nothing(boxes: dict[int, object], found: list[FaceBox]) -> None:
    assert match(boxes, found) == ({}, [])  # type: ignore[arg-type]


def test_correction_keeps_the_motion_since_the_frame_that_the_finder_ran_on() -> None:
    tracks = started(box(100))
    then = tracks.boxes()
    track = next(iter(tracks))
    tracks.move({track.id: np.add(track.box, [30, 0, 0, 0])})
    matches, _ = match(then, [box(110, side=90)])
    tracks.correct(matches, then, 40, 1.0)
    # 30 px of motion, and most of the 10 px towards the box found
    assert 134 < track.box[0] < 140
    assert 84 < track.box[2] < 90
    assert track.found_at_s == 1.0


def test_track_ends_after_several_runs_of_the_finder_that_should_have_found_it() -> None:
    tracks = started(box(100))
    for n in range(1, MAX_MISSES + 1):
        assert len(tracks) == 1
        tracks.correct({}, tracks.boxes(), 40, MIN_UNSEEN_S * n / MAX_MISSES)
    assert len(tracks) == 0


def test_finder_run_for_larger_faces_does_not_end_a_small_one() -> None:
    tracks = started(box(100, side=50))
    for n in range(20):
        tracks.correct({}, tracks.boxes(), 80, float(n))
    assert len(tracks) == 1


def test_face_found_again_resets_the_misses() -> None:
    tracks = started(box(100))
    for n in range(20):
        found = [box(100)] if n % 3 == 2 else []
        tracks.correct(match(tracks.boxes(), found)[0], tracks.boxes(), 40, n * 0.5)
    assert len(tracks) == 1


def test_ids_are_never_reused() -> None:
    tracks = started(box(100))
    first = next(iter(tracks))
    tracks.end(first)
    tracks.end(first)
    again = tracks.start(np.array([100.0, 100, 80, 80]), 1.0, 1.0)
    assert again.id != first.id
    assert tracks.get(first.id) is None
    tracks.move({first.id: np.zeros(4)})
    assert len(tracks) == 1


def test_track_that_leaves_the_frame_ends() -> None:
    tracks = started(box(-30), box(-60), box(590))
    tracks.end_outside(640, 480)
    assert [round(t.box[0]) for t in tracks] == [-30, 590]


def test_of_two_tracks_on_one_face_the_older_stays() -> None:
    tracks = started(box(100), box(106, score=9.0), box(300))
    tracks.merge_duplicates()
    assert [t.id for t in tracks] == [1, 3]


@pytest.mark.parametrize("loose_first", [True, False])
@pytest.mark.parametrize(("loose_score", "kept_side"), [(2.0, 80), (8.0, 200)])
def test_of_a_face_and_a_box_around_it_the_surer_stays(
    loose_first: bool, loose_score: float, kept_side: int
) -> None:
    face, loose = box(100, score=5.0), box(40, y=80, side=200, score=loose_score)
    tracks = started(*([loose, face] if loose_first else [face, loose]), box(400))
    tracks.merge_duplicates()
    assert sorted(round(t.box[2]) for t in tracks) == sorted([kept_side, 80])


def test_the_newest_score_decides_between_nested_boxes() -> None:
    tracks = started(box(40, y=80, side=200, score=9.0))
    then = tracks.boxes()
    tracks.correct(match(then, [box(40, y=80, side=200, score=2.0)])[0], then, 40, 1.0)
    tracks.start(np.array([100.0, 100, 80, 80]), 5.0, 1.0)
    tracks.merge_duplicates()
    assert [round(t.box[2]) for t in tracks] == [80]


@pytest.mark.parametrize("ear_first", [True, False])
def test_a_track_in_the_head_of_a_surer_face_ends(ear_first: bool) -> None:
    face, ear = box(100, score=5.0), box(170, y=120, side=25, score=1.0)
    tracks = started(*([ear, face] if ear_first else [face, ear]))
    tracks.merge_duplicates()
    assert [round(t.box[2]) for t in tracks] == [80]


def test_faces_side_by_side_are_two() -> None:
    tracks = started(box(100), box(160))
    tracks.merge_duplicates()
    assert len(tracks) == 2


def test_overlapping_more_than_two_faces_do_is_one() -> None:
    tracks = started(box(100), box(136))
    tracks.merge_duplicates()
    assert [t.id for t in tracks] == [1]
