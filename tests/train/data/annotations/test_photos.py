import json
from pathlib import Path

import numpy as np
import pytest

from train.data.annotations.photos import DRAWN_SHIFT_Y, read_photos, windows_around
from train.errors import DataError


def test_photographs_are_read_with_boxes_labels_and_split(labelled_set: Path) -> None:
    photos = read_photos(labelled_set)
    assert [p.split for p in photos] == ["train", "train", "val", "train", "val", "test"]
    assert [p.complete for p in photos[:3]] == [True, True, False]
    assert photos[2].labels == ("worn_wrong",)
    assert photos[0].boxes_px().tolist() == [[30, 40, 46, 60]]
    assert photos[0].fractions(photos[0].boxes[0]) == (30 / 240, 40 / 180, 46 / 240, 60 / 180)
    assert all(p.path.is_file() for p in photos)


@pytest.mark.parametrize("content", ["", "[1]", '[{"file": "a.png"}]'])
def test_another_form_is_a_named_error(content: str, labelled_set: Path) -> None:
    (labelled_set / "photos.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"photographs with boxes in .*photos\.json"):
        read_photos(labelled_set)


def test_a_photograph_without_faces_has_an_empty_table(labelled_set: Path) -> None:
    raw = json.loads((labelled_set / "photos.json").read_text("utf-8"))
    raw[0]["faces"] = []
    (labelled_set / "photos.json").write_text(json.dumps(raw), encoding="utf-8")
    assert read_photos(labelled_set)[0].boxes_px().shape == (0, 4)


def test_boxes_of_one_source_are_moved_to_the_reference_framing(labelled_set: Path) -> None:
    first, _, third = read_photos(labelled_set)[:3]
    side = windows_around(first.boxes_px())[0, 2]
    moved = first.reference_boxes_px() - first.boxes_px()
    assert moved[0] == pytest.approx([0, DRAWN_SHIFT_Y["street-853"] * side, 0, 0])
    assert np.array_equal(third.reference_boxes_px(), third.boxes_px())


def test_windows_are_as_high_as_boxes_in_the_reference_framing() -> None:
    upright, wide, narrow = windows_around(
        np.array([[0, 0, 77, 100], [0, 0, 100, 100], [0, 0, 40, 100]], float)
    )
    assert upright == pytest.approx([38.5, 50, 100])
    assert wide == pytest.approx([50, 50, 50 + 50 / 0.77])
    # a face that is cut off stays as high as it is
    assert narrow[2] == pytest.approx(100)
