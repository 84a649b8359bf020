"""What is decoded at full size, reduced or refused, and as which picture."""

import errno
import io
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from maskdet_core import ImageError, encode_jpeg, encode_png
from maskdet_core.errors import TransientImageError
from maskdet_core.pictures import avif_limits, decode, image_limits
from maskdet_core.pictures.decode import decode_image, decode_photo, read_image
from testbed.pictures import avif_files, hostile

LARGE = (6200, 4100)
"""Just above the number of pixels that are decoded at full size."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How Pillow turns an image upright, by EXIF's orientation."""


def gradient(width: int, height: int) -> np.ndarray:
    image = np.empty((height, width, 3), np.uint8)
    image[:, :, 0] = np.linspace(0, 255, width).astype(np.uint8)
    image[:, :, 1] = np.linspace(0, 255, height).astype(np.uint8)[:, None]
    image[:, :, 2] = 60
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_large_photo_is_halved_and_tells_its_size(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = gradient(LARGE[0] + 1, LARGE[1] + 1)
    options = {"compress_level": 1} if kind == "PNG" else {"method": 0} if kind == "WEBP" else {}
    photo = decode_photo(hostile.encoded(Image.fromarray(image), kind, exif=exif, **options))
    size = (6201, 4101)
    if orientation == 6:
        image, size = np.rot90(image, -1), size[::-1]
    assert (photo.width_px, photo.height_px) == size
    assert photo.is_reduced
    height, width = photo.image_rgb.shape[:2]
    # odd sides are rounded up, by OpenCV down
    assert abs(width - size[0] / 2) < 1
    assert abs(height - size[1] / 2) < 1
    expected = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    assert np.abs(photo.image_rgb.astype(int) - expected).mean() < 2


def test_photo_of_a_phone_keeps_its_size() -> None:
    image = np.full((4284, 5712, 3), 90, np.uint8)
    photo = decode_photo(encode_jpeg(image))
    assert photo.image_rgb.shape == image.shape
    assert not photo.is_reduced


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_webp_is_decoded_as_pillow_does(lossless: bool, orientation: int) -> None:
    rgba = np.random.default_rng(3).integers(0, 256, (40, 60, 4), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for picture in (Image.fromarray(rgba), Image.fromarray(rgba).convert("RGB")):
        data = hostile.encoded(picture, "WEBP", lossless=lossless, exif=exif)
        with Image.open(io.BytesIO(data)) as opened:
            opened = opened.convert("RGBA")
            blended = Image.alpha_composite(Image.new("RGBA", opened.size, "white"), opened)
        turn = TURNS.get(orientation)
        upright = blended if turn is None else blended.transpose(turn)
        expected = np.asarray(upright.convert("RGB"))
        assert np.array_equal(decode_image(data), expected)


def test_truncated_webp_is_refused() -> None:
    data = hostile.encoded(Image.fromarray(gradient(300, 200)), "WEBP", quality=90)
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(ImageError):
            decode_image(data[: int(len(data) * share)])


def test_avif_may_have_as_many_frames_as_layers() -> None:
    assert decode_image(avif_files.with_frames(avif_limits.MAX_FRAMES)).shape == (62, 64, 3)
    with pytest.raises(ImageError, match="at most 8 frames"):
        decode_image(avif_files.with_frames(avif_limits.MAX_FRAMES + 1))


def test_first_frame_of_an_avif_animation() -> None:
    frames = [Image.new("RGB", (200, 100), colour) for colour in ("red", "blue")]
    data = hostile.encoded(frames[0], "AVIF", save_all=True, append_images=frames[1:])
    assert np.abs(decode_image(data)[50, 50].astype(int) - (255, 0, 0)).max() < 12


def test_avif_is_refused_from_the_size_of_its_coded_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = avif_files.with_size(16, 16, 300)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="got 300 x 298"):
        decode_image(data, max_pixels=1000)


def test_scans_are_limited_by_their_pixels() -> None:
    assert decode_image(hostile.jpeg_with_scans(image_limits.MAX_JPEG_SCANS)).shape[:2] == (64, 64)
    with pytest.raises(ImageError, match="at most 100 scans"):
        decode_image(hostile.jpeg_with_scans(image_limits.MAX_JPEG_SCANS + 1))


def test_one_image_is_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_png(gradient(32, 32))
    n_inside, most = 0, 0
    convert = decode.picture_to_rgb

    def counted(picture: Image.Image, factor: int) -> np.ndarray:
        nonlocal n_inside, most
        n_inside += 1
        most = max(most, n_inside)
        threading.Event().wait(0.02)
        n_inside -= 1
        return convert(picture, factor)

    monkeypatch.setattr(decode, "picture_to_rgb", counted)
    threads = [threading.Thread(target=decode_image, args=(data,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("Memory allocation error: Unspecified"),
    ],
)
def test_short_memory_is_no_damaged_picture(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(decode, "picture_to_rgb", fail)
    with pytest.raises(TransientImageError, match="not enough memory") as raised:
        decode_image(encode_png(gradient(8, 8)))
    assert "damaged" not in str(raised.value)


def test_failed_read_is_transient_and_a_missing_file_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    with pytest.raises(ImageError) as raised:
        read_image(path)
    assert not isinstance(raised.value, TransientImageError)
    path.write_bytes(encode_png(gradient(8, 8)))

    def fail(self: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(TransientImageError, match="cannot read the file"):
        read_image(path)
