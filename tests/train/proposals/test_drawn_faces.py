"""What proposals of the street learn from: hand-drawn faces in the reference framing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.train.drawn import write_labelled
from train.data.annotations.photos import LabelledPhoto, read_photos, windows_around
from train.proposals.drawn_faces import HELD_SHARE, drawn_faces, drawn_scenes, held_out

SIZE = [240, 180, 240, 180]


@pytest.fixture
def photos(tmp_path: Path) -> list[LabelledPhoto]:
    return read_photos(write_labelled(tmp_path / "street", 18))


def test_each_photograph_is_learned_from_or_held_out(photos: list[LabelledPhoto]) -> None:
    learn, held = held_out(photos)
    assert sorted(p.path for p in (*learn, *held)) == sorted(p.path for p in photos)
    assert len(held) == -(-len(photos) // HELD_SHARE)


def test_faces_are_framed_as_windows_are(photos: list[LabelledPhoto]) -> None:
    faces = drawn_faces(photos[:3])
    for face, photo in zip(faces, photos, strict=False):
        assert face.path == photo.path and face.in_photo
        expected = windows_around(photo.reference_boxes_px())[0]
        assert face.square(240, 180) == pytest.approx(tuple(expected), rel=0.01)
    # no mask is to be painted over one that is worn wrongly
    assert [face.masked for face in faces] == [True, False, True]


def test_tiny_faces_are_none_to_learn_from(photos: list[LabelledPhoto]) -> None:
    tiny = replace(photos[0], boxes=((5, 5, 12, 15),), labels=("with_mask",))
    assert drawn_faces([tiny]) == []
    (scene,) = drawn_scenes([tiny], {})
    assert len(scene.boxes) == 1, "and no windows without a face either"


def test_what_may_be_a_face_is_not_mined(photos: list[LabelledPhoto]) -> None:
    doubtful = np.array([[100.0, 20.0, 23.0, 30.0]])
    first, second = drawn_scenes(photos[:2], {photos[1].path: doubtful})
    assert len(first.boxes) == 1
    assert np.array(second.boxes) * SIZE == pytest.approx(
        np.vstack([photos[1].reference_boxes_px(), doubtful])
    )
