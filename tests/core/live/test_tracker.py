"""Identities: kept while a face moves, given once, ended when it is gone."""

import numpy as np
import pytest

from maskdet_core import FaceBox
from maskdet_core.live.tracker import MISSES, UNSEEN_S, Tracks, match


def box(x: float, y: float = 100, side: float = 80, score: float = 1.0) -> FaceBox:
    return FaceBox(round(x), round(y), round(side), round(side), score)


def begun(*boxes: FaceBox) -> Tracks:
    tracks = Tracks()
    for one in boxes:
        tracks.begin(one, np.array(one.xywh, float), 0.0)
    return tracks


def test_pairs_go_by_most_overlap() -> None:
    then = {1: np.array([100.0, 100, 80, 80]), 2: np.array([150.0, 100, 80, 80])}
    near, far = box(145), box(400)
    matches, new = match(then, [far, near, box(112)])
    assert {k: v.x for k, v in matches.items()} == {1: 112, 2: 145}
    assert new == [far]


@pytest.mark.parametrize(("then", "found"), [({}, []), ({1: np.array([0.0, 0, 9, 9])}, [])])
def test_nothing_pairs_with_nothing(then: dict[int, object], found: list[FaceBox]) -> None:
    assert match(then, found) == ({}, [])  # type: ignore[arg-type]


def test_correction_keeps_the_motion_since_the_searched_frame() -> None:
    tracks = begun(box(100))
    then = tracks.boxes()
    track = next(iter(tracks))
    tracks.move({track.id: np.add(track.box, [30, 0, 0, 0])})
    matches, _ = match(then, [box(110, side=90)])
    tracks.correct(matches, then, 40, 1.0)
    # 30 px of motion, and most of the way by 10 px towards what was found
    assert 134 < track.box[0] < 140
    assert 84 < track.box[2] < 90
    assert track.seen_at_s == 1.0


def test_face_ends_after_several_searches_that_must_have_seen_it() -> None:
    tracks = begun(box(100))
    for n in range(1, MISSES + 1):
        assert len(tracks) == 1
        tracks.correct({}, tracks.boxes(), 40, UNSEEN_S * n / MISSES)
    assert len(tracks) == 0


def test_search_for_larger_faces_does_not_end_a_small_one() -> None:
    tracks = begun(box(100, side=50))
    for n in range(20):
        tracks.correct({}, tracks.boxes(), 80, float(n))
    assert len(tracks) == 1


def test_found_again_counts_as_never_missed() -> None:
    tracks = begun(box(100))
    for n in range(20):
        found = [box(100)] if n % 3 == 2 else []
        tracks.correct(match(tracks.boxes(), found)[0], tracks.boxes(), 40, n * 0.5)
    assert len(tracks) == 1


def test_identity_is_never_given_twice() -> None:
    tracks = begun(box(100))
    first = next(iter(tracks))
    tracks.end(first)
    tracks.end(first)
    again = tracks.begin(box(100), np.array([100.0, 100, 80, 80]), 1.0)
    assert again.id != first.id
    assert tracks.get(first.id) is None
    tracks.move({first.id: np.zeros(4)})
    assert len(tracks) == 1


def test_face_that_leaves_the_picture_ends() -> None:
    tracks = begun(box(-30), box(-60), box(590))
    tracks.end_outside(640, 480)
    assert [round(t.box[0]) for t in tracks] == [-30, 590]


def test_two_tracks_on_one_face_become_the_elder() -> None:
    tracks = begun(box(100), box(106), box(300))
    tracks.merge()
    assert [t.id for t in tracks] == [1, 3]
