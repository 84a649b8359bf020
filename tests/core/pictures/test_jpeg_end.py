"""JPEGs without their end marker: read if all pixels are there, refused if any is missing."""

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskdet_core import ImageError
from maskdet_core.pictures.decode import decode_image
from maskdet_core.pictures.jpeg_end import END, with_end_marker
from tests.core.cases import case

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restart after each block": {"restart_marker_blocks": 1},
    "restart after each row": {"restart_marker_rows": 1},
    "progressive with restarts": {"progressive": True, "restart_marker_blocks": 3},
    "no subsampling": {"subsampling": 0, "quality": 95},
}


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", **options)
    return stream.getvalue()


@pytest.fixture(params=["colour", "grey", "odd size", "one colour"])
def picture(request: pytest.FixtureRequest, portrait: NDArray[np.uint8]) -> Image.Image:
    small = Image.fromarray(portrait).resize((160, 160))
    return {
        "colour": small,
        "grey": small.convert("L"),
        "odd size": small.crop((0, 0, 117, 91)),
        "one colour": Image.new("RGB", (64, 64), (9, 200, 30)),
    }[request.param]


def cuts(size: int) -> Iterable[int]:
    """Bytes missing beside the marker: each near the end, and steps towards the beginning."""
    return [*range(1, 120), *range(120, size - 10, max(1, size // 40))]


@pytest.mark.parametrize("kind", KINDS)
def test_missing_marker_is_completed_and_cuts_are_refused(kind: str, picture: Image.Image) -> None:
    whole = jpeg(picture, **KINDS[kind])
    assert whole.endswith(END)
    expected = decode_image(whole)
    assert np.array_equal(decode_image(whole[:-2]), expected)
    assert np.array_equal(decode_image(whole[:-1]), expected)
    n_refused = 0
    for n in cuts(len(whole)):
        try:
            image = decode_image(whole[: -2 - n])
        except ImageError as error:
            assert "cut short" in str(error) or "damaged" in str(error)
            n_refused += 1
        else:
            # bytes that change no pixel may be missing, as in a last pass over a plain picture
            assert np.array_equal(image, expected), f"{n} bytes missing"
    assert n_refused > len(list(cuts(len(whole)))) / 3


def test_missing_scan_is_refused(portrait: NDArray[np.uint8]) -> None:
    whole = jpeg(Image.fromarray(portrait).resize((160, 160)), progressive=True)
    scans = [i for i in range(len(whole)) if whole[i : i + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for start in scans[1:]:
        # each scan is introduced by its own Huffman table
        table = whole.rfind(b"\xff\xc4", 0, start)
        for end in (table, start):
            assert with_end_marker(whole[:end]) is None


def test_complete_file_is_left_alone() -> None:
    whole = jpeg(Image.new("RGB", (16, 16)))
    assert with_end_marker(whole) is None
    assert with_end_marker(whole + bytes(100)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xda\x00\x02",
        b"\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12",
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 100_000,
        b"\xff\xd8" + b"\xff\xc0\x00\x02" + b"\xff\xda\x00\x0c\x09" + bytes(20),
    ],
)
def test_damaged_structure_is_refused_without_decoding(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("decoded"))
    assert with_end_marker(data) is None


def test_case_of_a_report() -> None:
    assert decode_image(case("reports/no_eoi.jpg").read_bytes()).ndim == 3
