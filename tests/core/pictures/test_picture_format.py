"""Formats by their first bytes, and the files of other projects' bug reports."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maskdet_core import ImageError
from maskdet_core.errors import TransientImageError
from maskdet_core.pictures import decode
from maskdet_core.pictures.decode import decode_image, read_image
from maskdet_core.pictures.picture_format import picture_format
from testbed.repository import REPO_ROOT
from tests.core.cases import case


def box(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (4 + len(body)).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (box(b"heic", b"mif1"), "HEIF"),
        (box(b"heix"), "HEIF"),
        (box(b"msf1", b"mif1", b"heic", b"miaf"), "HEIF"),
        (box(b"mif1", b"mif1", b"miaf", b"heix"), "HEIF"),
        (box(b"mif1"), "HEIF"),
        (box(b"hevc", b"msf1"), "HEIF"),
        (box(b"MiHB", b"heic", b"mif1"), "HEIF"),
        (box(b"mif1", b"avif", b"heic"), "HEIF"),
        (box(b"avif", b"mif1", b"miaf"), "AVIF"),
        (box(b"avis", b"msf1"), "AVIF"),
        (box(b"mif1", b"avif", b"miaf"), "AVIF"),
        (box(b"isom", b"iso2", b"avc1", b"mp41"), None),
        (box(b"mp42", b"mp41"), None),
        (box(b"qt  "), None),
        (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00heic", None),
        (b"\xff\xff\xff\xffftypisom" + b"\x00" * 4 + b"mp41" * 200 + b"heic", None),
        (b"\x00\x00\x00\x00ftyp", None),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_format_by_first_bytes(data: bytes, expected: str | None) -> None:
    assert picture_format(data) == expected


@pytest.mark.parametrize(
    "name", ["chrome_saved.jfif", "camera.hif", "major_msf1.heic", "photo.avif"]
)
def test_case_of_a_report(name: str) -> None:
    image = read_image(case(f"reports/{name}"))
    assert image.ndim == 3 and image.std() > 20


def avif(size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(stream, "AVIF", speed=10, **options)
    return stream.getvalue()


def test_avif_is_read_and_turned() -> None:
    assert decode_image(avif()).shape == (48, 64, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(avif(exif=exif)).shape == (64, 48, 3)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_avif_is_refused(share: float) -> None:
    data = avif()
    with pytest.raises(ImageError):
        decode_image(data[: int(len(data) * share)])


def test_avif_size_is_validated_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = avif()
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="at most 1,000 pixels"):
        decode_image(data, max_pixels=1000)


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("error", [MemoryError(), OSError("out of memory when reading image file")])
def test_lack_of_memory_is_not_a_damaged_picture(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(self: object) -> None:
        raise error

    data = png()
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(TransientImageError, match="not enough memory"):
        decode_image(data)


def test_codec_that_hides_the_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: object) -> None:
        # libjpeg's and libwebp's plugins say the same for damage and for lack of memory
        raise OSError("broken data stream when reading image file")

    data = png()
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(ImageError, match="damaged or cut short") as caught:
        decode_image(data)
    assert not isinstance(caught.value, TransientImageError)
    monkeypatch.setattr(decode, "_DECODER_BYTES", 1 << 50)
    with pytest.raises(TransientImageError, match="not enough memory"):
        decode_image(data)


LOW_MEMORY = """
import resource, sys
from pathlib import Path
from maskdet_core.pictures.decode import decode_image
from maskdet_core.errors import TransientImageError

files = {path: Path(path).read_bytes() for path in sys.argv[1:]}
n_told = 0
for path, data in files.items():
    for spare_mb in (10, 40):
        used = 4096 * int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (used + spare_mb * 10**6, -1))
        try:
            decode_image(data)
        except TransientImageError:
            n_told += 1
        except Exception as error:
            print(path, spare_mb, type(error).__name__, error)
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
print(n_told)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on address space is Linux's")
def test_codecs_under_a_limit_on_memory(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8)
    picture = Image.fromarray(noise).resize((3000, 2500))
    for kind in ("JPEG", "PNG", "WEBP"):
        picture.save(tmp_path / kind, kind)
    done = subprocess.run(
        [sys.executable, "-c", LOW_MEMORY, *map(str, tmp_path.iterdir())],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    # a decoder may find room; none reports a damaged picture
    assert done.stdout.strip().isdecimal(), done.stdout
    assert int(done.stdout) >= 3
