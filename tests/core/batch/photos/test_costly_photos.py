"""Photos above the working size, and photos that may be readable at another try."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskdet_core import FaceBox, encode_jpeg
from maskdet_core.batch.photos.check import detect_in_photo
from maskdet_core.batch.photos.folder import COPIES, Results
from maskdet_core.detector import MaskDetector
from maskdet_core.pictures.decode import decode_image, decode_photo
from tests.core.batch.fakes import BOX, Stub, journal_rows, run

WIDTH, HEIGHT = 6200, 4100


@pytest.fixture(scope="module")
def large_photo() -> bytes:
    return encode_jpeg(np.full((HEIGHT, WIDTH, 3), 120, np.uint8))


def test_boxes_of_a_large_photo_are_in_its_own_pixels(
    stub: Stub, large_photo: bytes, out: Path, tmp_path: Path
) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(large_photo)
    run([path], Results(out, annotate=True))
    (row,) = journal_rows(out)
    assert (row["width"], row["height"]) == (WIDTH, HEIGHT)
    assert row["faces"][0]["box_xywh"] == [2 * BOX.x, 2 * BOX.y, 2 * BOX.w, 2 * BOX.h]
    copy = decode_image((out / COPIES / row["annotated"]).read_bytes())
    assert copy.shape == (HEIGHT // 2, WIDTH // 2, 3)


@pytest.mark.parametrize(("asked_px", "searched_px"), [(None, 129), (300, 150), (30, 24)])
def test_smallest_face_is_searched_in_pixels_of_the_photo(
    asked_px: int | None,
    searched_px: int,
    large_photo: bytes,
    stub_classifier: Any,
    stub_finder: Any,
) -> None:
    finder = stub_finder(BOX)
    detector = MaskDetector(finder, stub_classifier(0.9))
    detect_in_photo(detector, decode_photo(large_photo), min_face_px=asked_px)
    assert finder.asked_px == [searched_px]


def test_crops_of_a_large_photo_are_cut_again_exactly(
    large_photo: bytes, stub_classifier: Any, stub_finder: Any
) -> None:
    past_the_edge = FaceBox(-11, -7, 121, 133, 3.0)
    detector = MaskDetector(stub_finder(past_the_edge), stub_classifier(0.9))
    photo = decode_photo(large_photo)
    found = detect_in_photo(detector, photo)
    height, width = photo.image_rgb.shape[:2]
    assert found.resized(width, height).faces[0].crop_box == past_the_edge


def test_read_errors_and_short_memory_are_tried_again(
    stub: Stub, photos: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = {photos[0]: OSError(errno.EIO, "Input/output error"), photos[1]: MemoryError()}
    read = Path.read_bytes

    def unreliable(path: Path) -> bytes:
        if path in failing:
            raise failing.pop(path)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", unreliable)
    assert run(photos, Results(out)).n_unreadable == 3
    errors = {row["path"]: row["error"] for row in journal_rows(out)}
    assert errors[str(photos[0])] == "cannot read the file: Input/output error"
    assert errors[str(photos[1])].startswith("not enough memory")
    n_before = len(stub.finder.asked_px)
    counts = run(photos, Results(out))
    assert (counts.n_photos, counts.n_unreadable) == (4, 1)
    # the others are done, the text called .jpg too
    assert len(stub.finder.asked_px) == n_before + 2
    assert run(photos, Results(out)).n_unreadable == 1
    assert len(stub.finder.asked_px) == n_before + 2


def test_short_memory_of_the_finder_is_tried_again(
    stub: Stub, photos: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(image_rgb: Any, *, min_face_px: int) -> list[FaceBox]:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(stub.finder, "find", fail)
        assert run(photos, Results(out)).n_unreadable == 4
    assert run(photos, Results(out)).n_unreadable == 1
