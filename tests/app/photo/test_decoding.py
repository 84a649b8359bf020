"""Uploaded photos are decoded in the decoder process, as long as their visitor waits for them."""

import io
import zipfile
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from streamlit import runtime

from maskdet_app.photo import decoding, downloads
from maskdet_app.photo.batch import Photo, PhotoBatch
from maskdet_core import FaceBox, MaskDetector
from maskdet_core.errors import TransientImageError
from maskdet_core.pictures import decode
from maskdet_core.pictures.decode import DecodedPhoto
from tests.app.conftest import LABELS, MakePhoto, jpeg
from tests.core.conftest import StubClassifier, StubFinder


class LeftError(Exception):
    pass


class StubDecoder:
    """Decodes in this process; counts, and fails on demand."""

    def __init__(self) -> None:
        self.n_decoded = 0
        self.is_killed = False

    def decode_photo(self, data: bytes, while_waiting: Callable[[], None]) -> DecodedPhoto:
        while_waiting()
        if self.is_killed:
            raise TransientImageError("the decoder was stopped")
        self.n_decoded += 1
        return decode.decode_photo(data)


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> StubDecoder:
    stub = StubDecoder()
    monkeypatch.setattr(decoding, "DECODER", stub)
    return stub


@pytest.fixture
def detector() -> MaskDetector:
    return MaskDetector(StubFinder(FaceBox(20, 20, 40, 50, 2.0)), StubClassifier(0.97))


def checked(detector: MaskDetector) -> tuple[PhotoBatch, Photo]:
    batch = PhotoBatch()
    batch.add("a", "a", jpeg())
    batch.check_waiting(detector, "usual", 60, lambda photo, n: None)
    (photo,) = batch
    return batch, photo


def test_every_use_of_an_upload_decodes_in_the_process(
    decoder: StubDecoder, detector: MaskDetector
) -> None:
    batch, photo = checked(detector)
    assert photo.reason is None
    assert decoder.n_decoded == 1
    batch._detail_view = None
    batch.detail_view(detector, photo)
    assert decoder.n_decoded == 2
    downloads.annotated_photo(photo, LABELS, blurred=False)
    assert decoder.n_decoded == 3
    downloads.ZipBuilder([photo], LABELS, blurred=False).add_photos(60)
    assert decoder.n_decoded == 4


def test_stopped_decoder_is_no_damaged_photo(decoder: StubDecoder, detector: MaskDetector) -> None:
    decoder.is_killed = True
    _, photo = checked(detector)
    assert photo.reason is not None
    assert photo.reason.message == "the decoder was stopped"
    assert photo.detections is None


def test_zip_without_a_photo_that_cannot_be_decoded_now(
    decoder: StubDecoder, make_photo: MakePhoto
) -> None:
    decoder.is_killed = True
    builder = downloads.ZipBuilder([make_photo("a", 0.99)], LABELS, blurred=False)
    builder.add_photos(60)
    assert builder.content is not None
    with zipfile.ZipFile(io.BytesIO(builder.content)) as archive:
        assert archive.namelist() == ["faces.csv", "faces.json"]
        assert b"with_mask" in archive.read("faces.csv")


def test_visitor_who_left_stops_the_check_and_the_photo_still_waits(
    decoder: StubDecoder, detector: MaskDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = PhotoBatch()
    batch.add("a", "a", jpeg())

    def leave(*_: object) -> None:
        raise LeftError

    monkeypatch.setattr(decoder, "decode_photo", leave)
    with pytest.raises(LeftError):
        batch.check_waiting(detector, "usual", 60, lambda photo, n: None)
    assert len(batch.waiting("usual")) == 1
    monkeypatch.undo()
    assert decoding.with_decoded(jpeg(), lambda decoded: decoded.width_px) == 120


def test_waiting_for_a_place_can_be_stopped(decoder: StubDecoder) -> None:
    def leave() -> None:
        raise LeftError

    n_places = decoding._PLACES._value
    for _ in range(n_places):
        decoding._PLACES.acquire()
    with pytest.raises(LeftError):
        decoding.with_decoded(jpeg(), lambda decoded: None, leave)
    decoding._PLACES.release(n_places)
    assert decoder.n_decoded == 0


@pytest.mark.parametrize("error", [LeftError, KeyboardInterrupt])
def test_failed_work_gives_its_place_back(decoder: StubDecoder, error: type[BaseException]) -> None:
    def fail(decoded: DecodedPhoto) -> None:
        raise error

    n_places = decoding._PLACES._value
    with pytest.raises(error):
        decoding.with_decoded(jpeg(), fail)
    assert decoding._PLACES._value == n_places


def test_download_stops_when_its_visitor_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    active = {"here"}
    server = SimpleNamespace(is_active_session=lambda session_id: session_id in active)
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: server)
    monkeypatch.setattr(decoding, "get_script_run_ctx", lambda: SimpleNamespace(session_id="here"))
    stop = decoding.stop_after_visit()
    stop()
    active.clear()
    with pytest.raises(TransientImageError, match="left"):
        stop()
