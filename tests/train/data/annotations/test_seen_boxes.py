import json
from pathlib import Path

import pytest

from train.data.annotations.seen_boxes import NOTHING_SEEN, SEEN_BOXES_FILE, SeenBoxes, seen_boxes
from train.errors import DataError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "seen.json"
    boxes = {"set/Train/a.jpg": {"face": [[1, 2, 3, 4]], "no_face": [[5, 6, 7, 8]]}}
    path.write_text(json.dumps(boxes), encoding="utf-8")
    return path


def test_a_picture_is_known_by_the_end_of_its_path(file: Path) -> None:
    seen = seen_boxes(Path("/data/set/Train/a.jpg"), file)
    assert seen == SeenBoxes(face=((1, 2, 3, 4),), no_face=((5, 6, 7, 8),))
    assert seen.possible_faces_px().tolist() == [[1, 2, 3, 4]]
    assert seen.no_faces_px().tolist() == [[5, 6, 7, 8]]


def test_of_other_pictures_nothing_is_known(file: Path) -> None:
    for picture in ("/data/set/Test/a.jpg", "a.jpg"):
        assert seen_boxes(Path(picture), file) == NOTHING_SEEN
    assert NOTHING_SEEN.faces_px().shape == (0, 4)


@pytest.mark.parametrize("boxes", [{"a": {"hand": [[1, 2, 3, 4]]}}, {"a": {"face": [1]}}, {"a": 1}])
def test_another_form_is_an_error(tmp_path: Path, boxes: object) -> None:
    path = tmp_path / "seen.json"
    path.write_text(json.dumps(boxes), encoding="utf-8")
    with pytest.raises(DataError, match="expected boxes by picture and kind"):
        seen_boxes(Path("a"), path)


def test_the_boxes_that_ship_are_whole() -> None:
    by_picture = json.loads(SEEN_BOXES_FILE.read_text(encoding="utf-8"))
    seen = [seen_boxes(Path(name)) for name in by_picture]
    assert sum(len(boxes.no_face) for boxes in seen) > 1000
    every = [box for boxes in seen for box in (*boxes.face, *boxes.no_face, *boxes.unclear)]
    assert all(w > 0 and h > 0 for _, _, w, h in every)
