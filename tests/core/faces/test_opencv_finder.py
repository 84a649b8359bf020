from pathlib import Path

import numpy as np
import pytest

from maskdet_core import CascadeError, FaceBox
from maskdet_core.faces.opencv_finder import STOCK_CASCADE, OpenCvFaceFinder, reference_box
from maskdet_core.faces.pyramid import grey_image


def test_missing_cascade_is_an_error_at_load(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match=r"gone\.xml"):
        OpenCvFaceFinder(tmp_path / "gone.xml")


@pytest.mark.parametrize("content", [b"", b"not a cascade", b"<opencv_storage></opencv_storage>"])
def test_empty_or_wrong_cascade_is_an_error_at_load(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.xml"
    path.write_bytes(content)
    with pytest.raises(CascadeError, match=r"broken\.xml"):
        OpenCvFaceFinder(path)


def test_truncated_cascade_is_an_error_at_load(tmp_path: Path) -> None:
    path = tmp_path / "short.xml"
    path.write_bytes(STOCK_CASCADE.read_bytes()[:20_000])
    with pytest.raises(CascadeError, match=r"short\.xml"):
        OpenCvFaceFinder(path)


def test_another_cascade_has_another_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / STOCK_CASCADE.name
    path.write_bytes(STOCK_CASCADE.read_bytes())
    stock = OpenCvFaceFinder().fingerprint
    assert OpenCvFaceFinder(path).fingerprint == stock
    path.write_bytes(STOCK_CASCADE.read_bytes() + b"\n")
    assert OpenCvFaceFinder(path).fingerprint != stock


def test_grey_values_come_from_rgb_not_bgr() -> None:
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 0] = 255
    # ITU-R BT.601: 0.299 of red; the blue weight would give 29.
    assert np.all(grey_image(red) == 76)


def test_square_maps_to_the_reference_framing() -> None:
    # 0.816 x 1.114 sides; the centre at (150, 250) moves by (-0.2, 0.6) px
    assert reference_box(100, 200, 100, 5.0) == FaceBox(109, 195, 82, 111, 5.0)
    assert reference_box(0, 0, 1, 1.0).xywh[2:] == (1, 1)
