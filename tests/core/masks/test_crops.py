import numpy as np
import pytest

from maskdet_core import FaceBox
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.manifest import CropFraming


def gradient(height: int = 60, width: int = 80) -> np.ndarray:
    """Red counts columns, green rows."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[..., 0] = np.arange(width)[None, :]
    image[..., 1] = np.arange(height)[:, None]
    return image


def test_square_is_centred_on_the_box_by_its_longer_side() -> None:
    crop = square_crop(gradient(), FaceBox(30, 20, 10, 20, 1.0), CropFraming(), 20)
    assert crop[0, 0, :2].tolist() == [25, 20]
    assert crop[-1, -1, :2].tolist() == [44, 39]


def test_framing_scales_and_shifts() -> None:
    framing = CropFraming(scale=2.0, shift_y=0.25)
    crop = square_crop(gradient(), FaceBox(35, 20, 10, 10, 1.0), framing, 20)
    assert crop[0, 0, :2].tolist() == [30, 18]


def test_border_is_replicated() -> None:
    crop = square_crop(gradient(), FaceBox(-5, -5, 20, 20, 1.0), CropFraming(), 20)
    assert crop[:6, 0, 1].tolist() == [0] * 6
    assert crop[0, 4:8, 0].tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    "box",
    [
        FaceBox(79, 59, 40, 40, 1.0),
        FaceBox(-500, -500, 20, 20, 1.0),
        FaceBox(0, 0, 1, 1, 1.0),
        FaceBox(-100, -100, 400, 400, 1.0),
    ],
)
def test_crop_is_never_empty(box: FaceBox) -> None:
    image = np.full((60, 80, 3), 9, dtype=np.uint8)
    crop = square_crop(image, box, CropFraming(), 128)
    assert crop.shape == (128, 128, 3)
    assert crop.dtype == np.uint8
    assert np.all(crop == 9)


def test_shrinking_averages() -> None:
    image = np.zeros((64, 64, 3), dtype=np.uint8)
    image[:, ::2] = 200
    crop = square_crop(image, FaceBox(0, 0, 64, 64, 1.0), CropFraming(), 16)
    assert np.all(crop == 100)


def test_result_is_a_copy() -> None:
    image = gradient()
    crop = square_crop(image, FaceBox(10, 10, 20, 20, 1.0), CropFraming(), 20)
    crop[:] = 0
    assert np.array_equal(image, gradient())


@pytest.mark.parametrize("image", [np.zeros((5, 5)), np.zeros((5, 5, 4), np.uint8)])
def test_other_arrays_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected an image"):
        square_crop(image, FaceBox(0, 0, 2, 2, 1.0), CropFraming(), 8)
