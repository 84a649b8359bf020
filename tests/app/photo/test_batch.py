from collections.abc import Callable

import numpy as np
import pytest

from maskdet_app.photo import batch as batch_module
from maskdet_app.photo import decoding
from maskdet_app.photo.batch import MAX_PHOTOS, FaceSize, Photo, PhotoBatch, min_face_px
from maskdet_app.photo.downloads import annotated_photo
from maskdet_core import Detections, FaceBox, MaskDetector, Verdict, encode_jpeg
from maskdet_core.pictures.decode import decode_image
from tests.app.conftest import LABELS, jpeg
from tests.core.conftest import StubClassifier, StubFinder


class RecordingMeter:
    """Keeps the number of faces of each checked photo, None for one that cannot be read."""

    def __init__(self) -> None:
        self.n_faces: list[int | None] = []

    def photo_checked(self, detections: Detections | None) -> None:
        self.n_faces.append(None if detections is None else len(detections))


@pytest.fixture
def finder() -> StubFinder:
    return StubFinder(FaceBox(20, 20, 40, 50, 2.0))


@pytest.fixture
def classifier() -> StubClassifier:
    return StubClassifier(0.97)


@pytest.fixture
def detector(finder: StubFinder, classifier: StubClassifier) -> MaskDetector:
    return MaskDetector(finder, classifier, min_confidence=0.95)


def ignore(photo: Photo, n_checked: int) -> None:
    """Show no progress."""


def check_all(batch: PhotoBatch, detector: MaskDetector) -> list[Photo]:
    batch.check_waiting(detector, "usual", 60, ignore)
    return list(batch)


def test_photo_that_is_removed_while_it_is_checked_does_not_come_back(
    detector: MaskDetector,
) -> None:
    # a run of the page before a reload may still be checking it
    batch = PhotoBatch()
    batch.add("a", "a.jpg", jpeg())
    batch.check_waiting(detector, "usual", 60, lambda *_: batch.remove("a"))
    assert list(batch) == []


def test_bad_files_do_not_stop_the_rest(detector: MaskDetector) -> None:
    meter = RecordingMeter()
    batch = PhotoBatch(meter)
    for key, data in (("a", jpeg()), ("b", b""), ("c", b"\xff\xd8\xffjunk"), ("d", jpeg())):
        assert batch.add(key, f"{key}.jpg", data)
    photos = check_all(batch, detector)
    assert [photo.reason is None for photo in photos] == [True, False, False, True]
    assert [len(photo.detections or ()) for photo in photos] == [1, 0, 0, 1]
    assert batch.waiting("usual") == []
    assert meter.n_faces == [1, None, None, 1]


def test_checking_stops_after_its_time_and_can_continue(detector: MaskDetector) -> None:
    batch = PhotoBatch()
    for number in range(3):
        batch.add(str(number), "x", jpeg(seed=number))
    progress: list[tuple[str, int]] = []
    for n_left in (2, 1, 0):
        batch.check_waiting(detector, "usual", 0.0, lambda p, n: progress.append((p.key, n)))
        assert len(batch.waiting("usual")) == n_left
    assert progress == [("0", 0), ("1", 1), ("2", 2)]


def test_interrupted_check_keeps_its_results(detector: MaskDetector) -> None:
    """A click interrupts the run of the page with an exception."""
    batch = PhotoBatch()
    for number in range(3):
        batch.add(str(number), "x", jpeg(seed=number))

    def click(photo: Photo, n_checked: int) -> None:
        if photo.key == "1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.check_waiting(detector, "usual", 60, click)
    assert [photo.detections is not None for photo in batch] == [True, False, False]
    assert all(photo.detections is not None for photo in check_all(batch, detector))


def test_another_face_size_checks_again(detector: MaskDetector, finder: StubFinder) -> None:
    batch = PhotoBatch()
    batch.add("a", "a", jpeg(1200, 900))
    check_all(batch, detector)
    assert [photo.key for photo in batch.waiting("large")] == ["a"]
    batch.check_waiting(detector, "large", 60, ignore)
    batch.check_waiting(detector, "tiny", 60, ignore)
    assert finder.asked_px == [50, 150, 24]


@pytest.mark.parametrize(("face_size", "px"), [("tiny", 24), ("usual", 167), ("large", 500)])
def test_least_face_heights_in_a_phone_photo(face_size: FaceSize, px: int) -> None:
    assert min_face_px(face_size, 4000, 3000) == px


def test_limits_refuse_new_photos_and_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = PhotoBatch()
    assert all(batch.add(str(n), "x", b"1") for n in range(MAX_PHOTOS))
    assert not batch.add("one more", "x", b"1")
    assert batch.add("0", "x", b"1")
    assert len(batch) == MAX_PHOTOS
    monkeypatch.setattr(batch_module, "MAX_TOTAL_BYTES", 10)
    small = PhotoBatch()
    assert small.add("a", "x", bytes(10))
    assert not small.add("b", "x", b"1")
    small.remove("a", "unknown key")
    assert small.add("b", "x", b"1")


def test_another_threshold_changes_verdicts_without_another_search(
    detector: MaskDetector, finder: StubFinder
) -> None:
    batch = PhotoBatch()
    batch.add("a", "a", jpeg())
    (photo,) = check_all(batch, detector)
    verdicts = [
        next(iter(photo.with_min_confidence(c).detections or ())).verdict for c in (0.95, 0.99)
    ]
    assert verdicts == [Verdict.WITH_MASK, Verdict.NOT_SURE]
    assert len(finder.asked_px) == 1


def test_preview_is_cached_until_a_verdict_changes(detector: MaskDetector) -> None:
    batch = PhotoBatch()
    batch.add("a", "a", jpeg(900, 600))
    (photo,) = check_all(batch, detector)
    first = batch.preview(photo.with_min_confidence(0.95), LABELS)
    assert max(decode_image(first).shape) == 512
    assert batch.preview(photo.with_min_confidence(0.96), LABELS) is first
    assert batch.preview(photo.with_min_confidence(0.99), LABELS) != first
    with pytest.raises(ValueError, match="checked and read"):
        batch.preview(Photo("b", "b", b""), LABELS)


def test_detail_view_runs_neither_finder_nor_network(
    detector: MaskDetector, finder: StubFinder, classifier: StubClassifier
) -> None:
    finder.boxes = (FaceBox(-10, 20, 40, 50, 2.0),)
    batch = PhotoBatch()
    rgb = np.random.default_rng(0).integers(0, 256, (200, 2000, 3), np.uint8)
    batch.add("a", "a", encode_jpeg(rgb))
    batch.add("b", "b", jpeg())
    first, second = check_all(batch, detector)
    n_searches, classified = len(finder.asked_px), list(classifier.seen)
    assert (n_searches, len(classified)) == (2, 2)
    assert batch.detail_view(detector, second).crops[0].shape == (32, 32, 3)
    view = batch.detail_view(detector, first)
    assert view.image_rgb.shape == (160, 1600, 3)
    assert batch.detail_view(detector, first) is view
    assert len(finder.asked_px) == n_searches
    assert len(classifier.seen) == len(classified)
    # The face reaches past the edge: its crop must be cut around the unclipped box.
    assert np.array_equal(view.crops[0], classified[0][0])


def test_detail_view_of_the_last_checked_photo_is_not_decoded_again(
    detector: MaskDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = PhotoBatch()
    batch.add("a", "a", jpeg())
    (photo,) = check_all(batch, detector)

    def fail(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(decoding, "with_decoded", fail)
    assert len(batch.detail_view(detector, photo).crops) == 1


def test_nothing_is_kept_of_removed_photos(
    detector: MaskDetector, content: Callable[[PhotoBatch], bytes]
) -> None:
    batch = PhotoBatch()
    for key in ("a", "b"):
        batch.add(key, key, jpeg())
    for photo in check_all(batch, detector):
        batch.preview(photo, LABELS)
    batch.detail_view(detector, next(iter(batch)))
    batch.remove("a")
    assert [photo.key for photo in batch] == ["b"]
    assert b"'a'" not in content(batch)
    batch.remove_all()
    assert b"'b'" not in content(batch)
    batch.discard_removed()
    assert not batch.removed


def test_removal_can_be_undone_with_the_verdicts(detector: MaskDetector) -> None:
    batch = PhotoBatch()
    for key in ("a", "b"):
        batch.add(key, key, jpeg())
    checked = check_all(batch, detector)
    batch.remove_all()
    assert len(batch) == 0
    # memory still holds it, so the quota must count it
    assert "a" in batch
    assert batch.undo_remove_all()
    assert list(batch) == checked
    assert not batch.removed
    assert not batch.undo_remove_all()


def test_next_photo_makes_a_removal_final() -> None:
    batch = PhotoBatch()
    batch.add("a", "a", jpeg())
    batch.remove_all()
    batch.add("b", "b", jpeg())
    assert "a" not in batch
    assert not batch.undo_remove_all()
    assert [photo.key for photo in batch] == ["b"]


@pytest.fixture
def content() -> Callable[[PhotoBatch], bytes]:
    """Everything that a batch holds, as text."""
    return lambda batch: repr(vars(batch)).encode()


def test_large_photo_is_shown_and_reported_in_its_own_pixels(detector: MaskDetector) -> None:
    batch = PhotoBatch()
    batch.add("a", "a", encode_jpeg(np.full((4100, 6200, 3), 120, np.uint8)))
    (photo,) = check_all(batch, detector)
    assert photo.detections is not None
    assert (photo.detections.width_px, photo.detections.height_px) == (6200, 4100)
    first = batch.detail_view(detector, photo)
    batch._detail_view = None
    again = batch.detail_view(detector, photo)
    assert len(first.crops) == len(photo.detections.faces)
    assert all(map(np.array_equal, first.crops, again.crops))
    copy = decode_image(annotated_photo(photo, LABELS, blurred=True))
    assert copy.shape == (2050, 3100, 3)
