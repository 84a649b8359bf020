"""Noted poses are read as they were written, and belong to faces that exist."""

import json
from collections import Counter
from pathlib import Path

import pytest

from train.data.annotations.photos import read_photos
from train.data.annotations.poses import POSES, face_poses, photo_poses
from train.errors import DataError

FACE = {"photo": "a.jpg", "box_xywh": [1, 2, 30, 40.5], "pose": "profile"}


def written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_a_pose_is_noted_by_photograph_and_box(tmp_path: Path) -> None:
    noted = face_poses(written(tmp_path / "poses.json", [FACE]))
    assert noted == {("a.jpg", (1.0, 2.0, 30.0, 40.5)): "profile"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([FACE, FACE], "each face once"),
        ([FACE | {"pose": "tilted"}], "frontal, three_quarter, .* got \\['tilted'\\]"),
        ([{"photo": "a.jpg", "pose": "profile"}], "expected photo, box_xywh and pose"),
        ([FACE | {"box_xywh": [1, 2, 3]}], "expected photo, box_xywh and pose"),
    ],
)
def test_other_notes_are_refused(rows: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        face_poses(written(tmp_path / "poses.json", rows))


def test_a_photograph_has_one_pose(tmp_path: Path) -> None:
    path = written(tmp_path / "poses.json", {"turned": ["a", "b"], "frontal": ["c"]})
    assert photo_poses(path) == {"a": "turned", "b": "turned", "c": "frontal"}
    with pytest.raises(DataError, match="each face once"):
        photo_poses(written(tmp_path / "poses.json", {"turned": ["a"], "frontal": ["a"]}))


def test_the_notes_of_the_repository_can_be_read() -> None:
    counts = Counter(face_poses().values())
    assert set(counts) == set(POSES)
    assert min(counts.values()) >= 30
    assert {"frontal", "turned", "tilted"} == set(photo_poses().values())


def test_each_noted_face_is_a_drawn_one_that_nothing_was_learned_from(shared_data: Path) -> None:
    held = {
        (photo.path.name, box)
        for photo in read_photos(shared_data / "street-photos")
        if photo.split != "train"
        for box in photo.boxes
        if max(box[2:]) >= 24
    }
    assert face_poses().keys() <= held
