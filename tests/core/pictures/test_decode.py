import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskdet_core import ImageError, encode_jpeg, encode_png, read_image
from maskdet_core.pictures.decode import MAX_BYTES, MAX_SIDE_PX, decode_image


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def quadrants(width: int = 48, height: int = 32) -> NDArray[np.uint8]:
    """Red, green, blue and white quarters: each rotation and reflection differs."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[: height // 2, : width // 2] = (255, 0, 0)
    image[: height // 2, width // 2 :] = (0, 255, 0)
    image[height // 2 :, : width // 2] = (0, 0, 255)
    image[height // 2 :, width // 2 :] = (255, 255, 255)
    return image


def png_header(width: int, height: int) -> bytes:
    """A small PNG file whose header states a size that its content does not have."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"this is a text renamed to .jpg",
        bytes(range(256)) * 8,
        b"\xff\xd8\xff" + b"\x00" * 50,
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    ],
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError):
        decode_image(data)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "EPS", "BMP", "PPM", "ICO", "TGA"])
def test_other_formats_are_refused_before_they_are_parsed(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(Image.fromarray(quadrants()), kind)

    def parse(*_: object, **__: object) -> None:
        pytest.fail(f"{kind} was handed to a parser")

    monkeypatch.setattr(Image, "open", parse)
    with pytest.raises(ImageError, match="JPEG, PNG, WebP, HEIC or AVIF"):
        decode_image(data)


def test_fits_is_refused() -> None:
    card = b"SIMPLE  =                    T".ljust(80) + b"END".ljust(80)
    with pytest.raises(ImageError, match="JPEG, PNG, WebP, HEIC or AVIF"):
        decode_image(card.ljust(2880))


def test_only_the_recognised_format_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real_open = Image.open

    def spy(stream: io.BytesIO, formats: object = None) -> Image.Image:
        asked.append(formats)
        return real_open(stream, formats=formats)  # type: ignore[arg-type]

    monkeypatch.setattr(Image, "open", spy)
    decode_image(encode_png(quadrants()))
    assert asked == [("PNG",)]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_jpeg_after_a_whole_one_is_refused(share: float) -> None:
    rng = np.random.default_rng(1)
    good = encode_jpeg(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8))
    assert decode_image(good).shape == (200, 300, 3)
    other = encode_jpeg(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8))
    with pytest.raises(ImageError, match="cut short"):
        decode_image(other[: int(len(other) * share)])


def test_truncated_png_is_refused() -> None:
    data = encode_png(np.random.default_rng(1).integers(0, 256, (90, 90, 3), dtype=np.uint8))
    with pytest.raises(ImageError):
        decode_image(data[: len(data) // 2])


@pytest.mark.parametrize("size", [(60_000, 60_000), (12_000, 9_000), (9_000, 8_000), (20_000, 1)])
def test_huge_size_is_refused_from_the_header(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object) -> None:
        pytest.fail("pixels were decoded")

    monkeypatch.setattr(Image.Image, "load", load)
    with pytest.raises(ImageError, match="expected at most"):
        decode_image(png_header(*size))


def test_pixel_limit_can_be_lowered() -> None:
    data = encode_png(quadrants(48, 32))
    assert decode_image(data, max_pixels=48 * 32).shape == (32, 48, 3)
    with pytest.raises(ImageError, match="got 48 x 32"):
        decode_image(data, max_pixels=48 * 32 - 1)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (19, 19), (MAX_SIDE_PX, 2)])
def test_odd_sizes_are_read(size: tuple[int, int]) -> None:
    width, height = size
    image = np.full((height, width, 3), 77, dtype=np.uint8)
    assert np.array_equal(decode_image(encode_png(image)), image)


def test_file_size_limit_is_exact() -> None:
    data = encode_jpeg(quadrants())
    at_limit = data + b"\0" * (MAX_BYTES - len(data))
    assert decode_image(at_limit).shape == (32, 48, 3)
    with pytest.raises(ImageError, match="at most 20 MB"):
        decode_image(at_limit + b"\0")


@pytest.mark.parametrize("kind", [str, Path])
def test_image_is_read_from_a_path(kind: type[str] | type[Path], tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode_png(quadrants()))
    assert np.array_equal(read_image(kind(path)), quadrants())


def test_unreadable_and_oversized_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot read the file"):
        read_image(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="cannot read the file"):
        read_image(str(tmp_path))
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ImageError, match="at most 20 MB"):
        read_image(large)


def test_png_round_trip_keeps_channel_order_in_a_writable_array() -> None:
    image = decode_image(encode_png(quadrants()))
    assert np.array_equal(image, quadrants())
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert image.flags.writeable


def test_grey_becomes_three_equal_channels() -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    image = decode_image(encoded(Image.fromarray(grey), "PNG"))
    assert np.array_equal(image, np.repeat(grey[:, :, None], 3, axis=2))


def test_palette_is_resolved() -> None:
    picture = Image.fromarray(quadrants()).quantize(4)
    assert picture.mode == "P"
    assert np.array_equal(decode_image(encoded(picture, "PNG")), quadrants())


def test_transparency_is_blended_over_white() -> None:
    rgba = np.zeros((4, 4, 4), dtype=np.uint8)
    rgba[:2] = (200, 0, 0, 255)
    image = decode_image(encoded(Image.fromarray(rgba, "RGBA"), "PNG"))
    assert image[0, 0].tolist() == [200, 0, 0]
    assert image[3, 3].tolist() == [255, 255, 255]


def test_transparent_palette_entry_is_white() -> None:
    picture = Image.fromarray(quadrants()).quantize(4)
    clear = int(np.asarray(picture)[0, 0])
    image = decode_image(encoded(picture, "PNG", transparency=clear))
    assert image[0, 0].tolist() == [255, 255, 255]
    assert image[0, -1].tolist() == [0, 255, 0]


def test_cmyk_is_converted() -> None:
    picture = Image.fromarray(quadrants()).convert("CMYK")
    image = decode_image(encoded(picture, "JPEG", quality=95))
    assert np.abs(image.astype(int) - quadrants()).mean() < 12


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    wide = np.array([[0, 257, 32_896, 65_535]], dtype=np.uint16)
    image = decode_image(encoded(Image.fromarray(wide), "PNG"))
    assert image[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    data = encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=100, lossless=True
    )
    assert decode_image(data)[5, 5].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(orientation: int) -> None:
    upright = Image.fromarray(quadrants())
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_image(encoded(stored, "PNG", exif=exif))
    assert np.array_equal(image, quadrants())
