from dataclasses import replace
from pathlib import Path

from maskdet_core.faces.finder import Fingerprint
from maskdet_core.types import FaceBox, RgbImage
from train.data.annotations.photos import read_photos
from train.data.negatives.doubtful_boxes import (
    DOUBTFUL_SCORE,
    doubtful_boxes,
    load_boxes,
    save_boxes,
)


class Finder:
    """Finds one labelled face and two others, one of which it is not sure of."""

    scores_are_log_odds = True
    fingerprint = Fingerprint(name="", definition={}, settings={})

    def find(self, image_rgb: RgbImage, *, min_face_px: int) -> list[FaceBox]:
        return [
            FaceBox(30, 40, 46, 60, 9.0),
            FaceBox(150, 90, 46, 60, DOUBTFUL_SCORE + 1),
            FaceBox(150, 10, 30, 40, DOUBTFUL_SCORE - 1),
        ]


def test_boxes_without_a_label_are_doubtful_where_labels_may_lack(
    labelled_set: Path, tmp_path: Path
) -> None:
    photos = [replace(photo, boxes=((30, 40, 46, 60),)) for photo in read_photos(labelled_set)]
    found = doubtful_boxes(photos, Finder())
    assert set(found) == {photo.path for photo in photos if not photo.complete}
    assert all(boxes.tolist() == [[150, 90, 46, 60]] for boxes in found.values())
    save_boxes(tmp_path / "boxes.json", found)
    read = load_boxes(tmp_path / "boxes.json")
    assert {path: boxes.tolist() for path, boxes in read.items()} == {
        path: boxes.tolist() for path, boxes in found.items()
    }
