from collections.abc import Callable

import numpy as np
import pytest

from maskdet_app.photo import batch as desk_module
from maskdet_app.photo.batch import MAX_PHOTOS, Photo, PhotoBatch, least_px
from maskdet_core import FaceBox, MaskDetector, Verdict, encode_jpeg
from maskdet_core.decode import decode_image
from tests.app.conftest import LABELS, picture
from tests.core.conftest import StubClassifier, StubFinder


@pytest.fixture
def finder() -> StubFinder:
    return StubFinder(FaceBox(20, 20, 40, 50, 2.0))


@pytest.fixture
def detector(finder: StubFinder) -> MaskDetector:
    return MaskDetector(finder, StubClassifier(0.97), min_confidence=0.95)


def nothing(photo: Photo, n_before: int) -> None:
    """Tell nobody."""


def worked(desk: PhotoBatch, detector: MaskDetector) -> list[Photo]:
    desk.work(detector, "usual", 60, nothing)
    return list(desk)


def test_one_bad_file_never_stops_the_rest(detector: MaskDetector) -> None:
    desk = PhotoBatch()
    for key, data in (("a", picture()), ("b", b""), ("c", b"\xff\xd8\xffjunk"), ("d", picture())):
        assert desk.add(key, f"{key}.jpg", data)
    photos = worked(desk, detector)
    assert [photo.error is None for photo in photos] == [True, False, False, True]
    assert [len(photo.found or ()) for photo in photos] == [1, 0, 0, 1]
    assert desk.waiting("usual") == []


def test_work_stops_in_time_and_goes_on(detector: MaskDetector) -> None:
    desk = PhotoBatch()
    for number in range(3):
        desk.add(str(number), "x", picture(seed=number))
    told: list[tuple[str, int]] = []
    for left in (2, 1, 0):
        desk.work(detector, "usual", 0.0, lambda photo, n: told.append((photo.key, n)))
        assert len(desk.waiting("usual")) == left
    assert told == [("0", 0), ("1", 1), ("2", 2)]


def test_an_error_in_between_loses_nothing(detector: MaskDetector) -> None:
    """A click ends the page's run in the middle of it, by an exception."""
    desk = PhotoBatch()
    for number in range(3):
        desk.add(str(number), "x", picture(seed=number))

    def click(photo: Photo, n_before: int) -> None:
        if photo.key == "1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.work(detector, "usual", 60, click)
    assert [photo.found is not None for photo in desk] == [True, False, False]
    assert all(photo.found is not None for photo in worked(desk, detector))


def test_another_least_size_checks_anew(detector: MaskDetector, finder: StubFinder) -> None:
    desk = PhotoBatch()
    desk.add("a", "a", picture(1200, 900))
    worked(desk, detector)
    assert [photo.key for photo in desk.waiting("large")] == ["a"]
    desk.work(detector, "large", 60, nothing)
    desk.work(detector, "tiny", 60, nothing)
    assert finder.asked_px == [50, 150, 24]


@pytest.mark.parametrize(("size", "px"), [("tiny", 24), ("usual", 167), ("large", 500)])
def test_least_sizes_of_a_phones_photo(size: desk_module.Smallest, px: int) -> None:
    assert least_px(size, 4000, 3000) == px


def test_there_is_a_limit_and_what_is_there_already_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = PhotoBatch()
    assert all(desk.add(str(n), "x", b"1") for n in range(MAX_PHOTOS))
    assert not desk.add("one more", "x", b"1")
    assert desk.add("0", "x", b"1")
    assert len(desk) == MAX_PHOTOS
    monkeypatch.setattr(desk_module, "MAX_TOTAL_BYTES", 10)
    small = PhotoBatch()
    assert small.add("a", "x", bytes(10))
    assert not small.add("b", "x", b"1")
    small.remove("a", "never here")
    assert small.add("b", "x", b"1")


def test_threshold_changes_verdicts_without_another_search(
    detector: MaskDetector, finder: StubFinder
) -> None:
    desk = PhotoBatch()
    desk.add("a", "a", picture())
    (photo,) = worked(desk, detector)
    verdicts = [next(iter(photo.at(c).found or ())).verdict for c in (0.95, 0.99)]
    assert verdicts == [Verdict.WITH_MASK, Verdict.NOT_SURE]
    assert len(finder.asked_px) == 1


def test_preview_is_drawn_anew_only_where_a_verdict_changed(
    detector: MaskDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = PhotoBatch()
    desk.add("a", "a", picture(900, 600))
    (photo,) = worked(desk, detector)
    first = desk.preview(photo.at(0.95), LABELS)
    assert max(decode_image(first).shape) == 512
    assert desk.preview(photo.at(0.96), LABELS) is first
    assert desk.preview(photo.at(0.99), LABELS) != first
    with pytest.raises(ValueError, match="checked and read"):
        desk.preview(Photo("b", "b", b""), LABELS)


def test_close_up_shows_what_was_judged(detector: MaskDetector, finder: StubFinder) -> None:
    desk = PhotoBatch()
    rgb = np.random.default_rng(0).integers(0, 256, (200, 2000, 3), np.uint8)
    desk.add("a", "a", encode_jpeg(rgb))
    desk.add("b", "b", picture())
    first, second = worked(desk, detector)
    n_searches = len(finder.asked_px)
    assert desk.close_up(detector, second).crops[0].shape == (32, 32, 3)
    assert len(finder.asked_px) == n_searches, "the last one checked is still there"
    close_up = desk.close_up(detector, first)
    assert close_up.picture.shape == (160, 1600, 3)
    assert desk.close_up(detector, first) is close_up
    assert len(finder.asked_px) == n_searches, "its faces are known, and nothing is searched again"
    image = decode_image(first.data)
    assert np.array_equal(close_up.crops[0], detector.face_crops(image, detector.detect(image))[0])


def test_nothing_is_kept_of_what_was_removed(
    detector: MaskDetector, everything: Callable[[PhotoBatch], bytes]
) -> None:
    desk = PhotoBatch()
    for key in ("a", "b"):
        desk.add(key, key, picture())
    for photo in worked(desk, detector):
        desk.preview(photo, LABELS)
    desk.close_up(detector, next(iter(desk)))
    desk.remove("a")
    assert [photo.key for photo in desk] == ["b"]
    assert b"'a'" not in everything(desk)
    desk.clear()
    assert everything(desk) == everything(PhotoBatch())


@pytest.fixture
def everything() -> Callable[[PhotoBatch], bytes]:
    """All that a desk holds, as text."""
    return lambda desk: repr(vars(desk)).encode()
