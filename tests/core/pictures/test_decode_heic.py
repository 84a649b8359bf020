"""HEIC, the format of phones; the files are encoded here by pillow-heif."""

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from maskdet_core import ImageError, encode_jpeg
from maskdet_core.pictures.decode import decode_image
from testbed.processes.interpreter import run_python

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 180, 40), (30, 40, 200), (250, 250, 250)


def quarters(width: int = 320, height: int = 192) -> Image.Image:
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = BLUE, WHITE
    return Image.fromarray(image)


def heic(picture: Image.Image, **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    picture.save(stream, "HEIF", quality=95, **options)
    return stream.getvalue()


def corners(data: bytes) -> list[tuple[int, ...]]:
    image = decode_image(data)
    at = (image[10, 10], image[10, -10], image[-10, 10], image[-10, -10])
    known = (RED, GREEN, BLUE, WHITE)
    return [min(known, key=lambda colour: np.abs(pixel - np.array(colour)).sum()) for pixel in at]


def test_pixels_are_rgb_in_a_writable_array() -> None:
    image = decode_image(heic(quarters()))
    assert (image.shape, image.dtype) == ((192, 320, 3), np.uint8)
    assert image.flags.c_contiguous and image.flags.owndata
    assert np.abs(image[40, 60].astype(int) - RED).max() < 12


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_exif_orientation_is_applied_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    as_jpeg = io.BytesIO()
    quarters().save(as_jpeg, "JPEG", exif=exif)
    assert corners(heic(quarters(), exif=exif.tobytes())) == corners(as_jpeg.getvalue())


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_truncated_file_is_refused(share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    data = heic(Image.fromarray(noise))
    with pytest.raises(ImageError):
        decode_image(data[: int(len(data) * share)])


def test_size_is_validated_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(quarters())

    def load(self: object) -> None:
        pytest.fail("decoded in spite of its size")

    monkeypatch.setattr(pillow_heif.HeifImageFile, "load", load)
    with pytest.raises(ImageError, match="at most 1,000 pixels"):
        decode_image(data, max_pixels=1000)


def test_video_with_the_same_container_is_refused() -> None:
    with pytest.raises(ImageError, match="something else"):
        decode_image(b"\x00\x00\x00\x20ftypisom" + bytes(200))
    with pytest.raises(ImageError):
        decode_image(b"\x00\x00\x00\x20ftypheic" + bytes(200))


def test_jpeg_with_a_heic_header_is_refused() -> None:
    data = encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ImageError):
        decode_image(b"\x00\x00\x00\x20ftypheic" + data)


def test_heif_libraries_are_imported_at_the_first_heic_file() -> None:
    code = (
        "import io, sys; from PIL import Image;"
        "from maskdet_core.pictures.decode import decode_image;"
        "b = io.BytesIO(); Image.new('RGB', (9, 9)).save(b, 'PNG'); decode_image(b.getvalue());"
        "print('pillow_heif' in sys.modules)"
    )
    assert run_python(code) == "False"
