from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from maskdet_core.types import FaceBox
from tests.train.conftest import write_picture
from train.augment.faces import AugmentConfig
from train.data.annotations.seen_boxes import SeenBoxes
from train.data.faces.datasets import OUTPUTS, FaceSample, read_dataset
from train.data.negatives import hard_negatives
from train.data.negatives.loose_boxes import ENLARGED, MAX_IOU, draw_loose_box, loose_box_samples
from train.errors import RunError

FACE = FaceBox(50, 50, 60, 80, 5.0)
SHIRT = FaceBox(60, 140, 40, 50, 1.0)


class Finder:
    """Finds the face and a shirt; its proposals hold a corner as well."""

    fingerprint: ClassVar = {"name": "fake"}

    def __init__(self) -> None:
        self.n_searched = 0

    def find(self, image: np.ndarray, *, min_face_px: int) -> list[FaceBox]:
        self.n_searched += 1
        return [FACE, SHIRT]

    def propose(self, image: np.ndarray, *, min_face_px: int) -> tuple[np.ndarray, np.ndarray]:
        return np.array([FACE.xywh, (0, 0, 30, 40)], float), np.array([3.0, 1.0])


@pytest.fixture
def found(photo_set: Path) -> list[FaceSample]:
    samples = read_dataset(photo_set)
    return hard_negatives.find_hard_negatives(samples, Finder(), seed=1)  # type: ignore[arg-type]


def test_false_positives_and_random_boxes_are_taken_but_no_face(
    found: list[FaceSample],
) -> None:
    assert {OUTPUTS[sample.label] for sample in found} == {"no_face"}
    assert {sample.origin for sample in found} == {"false_alarm"}
    by_photo: dict[Path, list[tuple[int, ...]]] = {}
    for sample in found:
        assert sample.box is not None
        places = by_photo.setdefault(sample.path, [])
        places.append(tuple(round(200 * side) for side in sample.box))
    assert len(by_photo) == 4
    for places in by_photo.values():
        assert SHIRT.xywh in places
        assert (0, 0, 30, 40) in places
        assert 2 <= len(places) <= 5
        assert all(FaceBox(*place).iou(FACE) < 0.1 for place in places)


def test_boxes_that_were_seen_are_negatives_only_where_they_show_no_face(
    photo_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = read_dataset(photo_set)
    seen = SeenBoxes(no_face=(SHIRT.xywh,), unclear=((62, 142, 38, 48),))
    monkeypatch.setattr(hard_negatives, "seen_boxes", lambda path: seen)
    found = hard_negatives.find_hard_negatives(samples, Finder(), seed=1)  # type: ignore[arg-type]
    for sample in found:
        assert sample.box is not None
        assert FaceBox(*(round(200 * side) for side in sample.box)).iou(SHIRT) < 0.1
    confirmed = hard_negatives.confirmed_samples(samples)
    assert {sample.path for sample in confirmed} == {sample.path for sample in samples}
    assert {(sample.origin, OUTPUTS[sample.label]) for sample in confirmed} == {
        ("confirmed", "no_face")
    }
    assert {sample.box for sample in confirmed} == {(0.3, 0.7, 0.2, 0.25)}


def test_sure_finds_without_a_box_may_be_faces_that_nobody_labelled(photo_set: Path) -> None:
    class Sure(Finder):
        def find(self, image: np.ndarray, *, min_face_px: int) -> list[FaceBox]:
            return [FACE, replace(SHIRT, score=hard_negatives.SURE_SCORE)]

    samples = read_dataset(photo_set)
    found = hard_negatives.find_hard_negatives(samples, Sure(), seed=1)  # type: ignore[arg-type]
    assert found
    places = {tuple(round(200 * side) for side in sample.box or ()) for sample in found}
    assert SHIRT.xywh not in places


def test_boxes_are_kept_for_a_resumed_run(
    found: list[FaceSample], photo_set: Path, tmp_path: Path
) -> None:
    path = tmp_path / "no_faces.json"
    hard_negatives.save(path, found)
    assert hard_negatives.load(path, read_dataset(photo_set)) == found
    with pytest.raises(RunError, match=r"no_faces\.json"):
        hard_negatives.load(path, [])
    with pytest.raises(RunError, match=r"none\.json"):
        hard_negatives.load(tmp_path / "none.json", [])


def test_face_crops_give_no_hard_negatives(crop_set: Path) -> None:
    assert hard_negatives.find_hard_negatives(read_dataset(crop_set), Finder(), seed=1) == []  # type: ignore[arg-type]


def search(
    samples: list[FaceSample], finder: Finder, cache: Path, seed: int = 1
) -> list[FaceSample]:
    return hard_negatives.find_hard_negatives(samples, finder, seed, cache)  # type: ignore[arg-type]


def test_runs_share_what_was_found(photo_set: Path, tmp_path: Path) -> None:
    samples, cache = read_dataset(photo_set), tmp_path / "new" / "cache.json"
    half = search(samples[:2], Finder(), cache)
    finder = Finder()
    whole = search(samples, finder, cache)
    assert finder.n_searched == 2
    assert set(half) < set(whole)
    assert whole == hard_negatives.find_hard_negatives(samples, Finder(), seed=1)  # type: ignore[arg-type]
    again = Finder()
    assert search(samples, again, cache) == whole
    assert again.n_searched == 0


def test_another_picture_finder_or_seed_is_searched_again(photo_set: Path, tmp_path: Path) -> None:
    samples, cache = read_dataset(photo_set), tmp_path / "cache.json"
    search(samples, Finder(), cache)
    other = Finder()
    other.fingerprint = {"name": "another"}  # type: ignore[misc]
    reseeded, changed = Finder(), Finder()
    search(samples, other, cache)
    search(samples, reseeded, cache, seed=2)
    write_picture(samples[0].path, 1, 200)
    search(samples, changed, cache)
    assert [f.n_searched for f in (other, reseeded, changed)] == [4, 4, 1]


def test_file_of_another_kind_is_named(photo_set: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("[1]")
    with pytest.raises(RunError, match=r"other\.json"):
        search(read_dataset(photo_set), Finder(), path)


def test_small_finds_in_hand_labelled_photos_may_be_faces(street_photos: Path) -> None:
    class Small(Finder):
        def find(self, image: np.ndarray, *, min_face_px: int) -> list[FaceBox]:
            return [FaceBox(2, 2, 15, 19, 1.0), FaceBox(2, 150, 16, 20, 1.0)]

    samples = read_dataset(street_photos)
    found = hard_negatives.find_hard_negatives(samples, Small(), seed=1)  # type: ignore[arg-type]
    assert len({sample.path for sample in found}) == 6
    boxes = [tuple(round(200 * v) for v in sample.box or ()) for sample in found]
    assert (2, 150, 16, 20) in boxes
    assert (2, 2, 15, 19) not in boxes


FACES = [FaceBox(500, 400, 60, 80), FaceBox(210, 310, 100, 130), FaceBox(510, 530, 80, 104)]


@pytest.mark.parametrize("face", FACES)
def test_loose_boxes_frame_nobody_well(face: FaceBox) -> None:
    others = [one for one in FACES if one != face]
    rng = np.random.default_rng(3)
    boxes = [draw_loose_box(face, others, (1200, 1000), rng) for _ in range(300)]
    sides = []
    for box in boxes:
        assert box is not None
        assert max(box.iou(one) for one in FACES) <= 0.45
        sides.append(box.h / face.h)
    assert min(sides) < 0.6 and max(sides) > 3
    # what a face's own jitter reaches is never drawn around it
    around = [b for b in boxes if b is not None and covers(b, face)]
    assert len(around) > 60
    assert min(b.h / face.h for b in around) > 1.45
    middles = np.array([b.y + b.h / 2 - face.y - face.h / 2 for b in boxes if b is not None])
    assert (middles > 0).sum() > 1.5 * (middles < 0).sum() > 0


def covers(box: FaceBox, face: FaceBox) -> bool:
    return (
        box.x <= face.x + 1
        and box.y <= face.y + 1
        and box.x + box.w >= face.x + face.w - 1
        and box.y + box.h >= face.y + face.h - 1
    )


def test_jitter_of_a_face_stays_apart_from_loose_boxes() -> None:
    side = 100
    for scale in (np.exp(AugmentConfig().zoom), np.exp(-AugmentConfig().zoom)):
        new = round(side * scale)
        corner = 500 + (side - new) / 2 + AugmentConfig().shift * side
        jittered = FaceBox(round(corner), round((side - new) / 2 + 500), new, new)
        assert jittered.iou(FaceBox(500, 500, side, side)) > MAX_IOU["enlarged"] + 0.02
    assert ENLARGED[0] > np.exp(AugmentConfig().zoom) + 0.1


def test_loose_boxes_are_for_faces_in_photographs(
    photo_set: Path, crop_set: Path, wild: Path, found: list[FaceSample]
) -> None:
    photos = read_dataset(photo_set)
    samples = [*photos, *read_dataset(crop_set), *read_dataset(wild), *found]
    loose = loose_box_samples(samples)
    assert [replace(s, label=0, origin="labelled") for s in loose] == [
        replace(s, label=0) for s in photos
    ]
    assert {(OUTPUTS[s.label], s.origin) for s in loose} == {("no_face", "loose_box")}


def test_repeated_border_is_not_the_sign_of_a_loose_box() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        box = draw_loose_box(FaceBox(250, 150, 60, 80), [], (640, 480), rng)
        assert box is not None
        left, top = box.x + box.w / 2 - box.h / 2, box.y
        across = min(640, left + box.h) - max(0, left)
        down = min(480, top + box.h) - max(0, top)
        assert across * down >= 0.74 * box.h**2
    # where the face fills the photograph, a part of it is left
    assert draw_loose_box(FaceBox(0, 0, 640, 480), [], (640, 480), rng) is not None


def test_crowd_without_room_gives_none() -> None:
    face = FaceBox(0, 0, 10, 10)
    everywhere = [
        FaceBox(x, y, s, s)
        for s in (5, 10, 20, 30)
        for x in range(-60, 60, 2)
        for y in range(-60, 60, 2)
    ]
    assert draw_loose_box(face, everywhere, (640, 480), np.random.default_rng(1)) is None
