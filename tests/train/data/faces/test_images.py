"""Training crops are cut by the function that serving uses."""

from pathlib import Path

import numpy as np
import pytest

from maskdet_core.detector import MaskDetector
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import FaceBox, Predictions
from train.data.faces.datasets import FaceSample, read_dataset
from train.data.faces.images import FRAMING, IMAGE_SIZE_PX, face_box, plain_crop, read_rgb


class NoNetwork:
    """A classifier with the manifest that export writes, for cropping only."""

    manifest = ModelManifest(
        "m", "m.tflite", "0" * 64, 1, input_size_px=IMAGE_SIZE_PX, crop=FRAMING
    )

    def predict(self, crops: np.ndarray) -> Predictions:
        raise NotImplementedError

    def activation_map(self, crops: np.ndarray) -> None:
        raise NotImplementedError


@pytest.fixture
def detector() -> MaskDetector:
    return MaskDetector(OpenCvFaceFinder(), NoNetwork())


def sample_at(path: Path, box: tuple[float, float, float, float] | None) -> FaceSample:
    return FaceSample(path, 0, "photos", "train", box)


@pytest.mark.parametrize(
    "box",
    [
        (0.25, 0.25, 0.3, 0.4),  # enlarged
        (0.05, 0.02, 0.9, 0.93),  # shrunk
        (-0.1, -0.08, 0.35, 0.4),  # past the corner
        (0.8, 0.7, 0.333, 0.417),  # past the other corner
        (0.101, 0.203, 0.5, 0.64),  # the network's own size
        (0.5, 0.5, 0.001, 0.002),  # one pixel
        None,  # a face crop
    ],
)
def test_training_cuts_what_serving_cuts(
    box: tuple[float, float, float, float] | None, photo_set: Path, detector: MaskDetector
) -> None:
    sample = sample_at(photo_set / "Train" / "Mask" / "1.jpg", box)
    rgb = read_rgb(sample.path)
    height, width = rgb.shape[:2]
    x, y, w, h = box or (0.0, 0.0, 1.0, 1.0)
    served = FaceBox(
        round(x * width), round(y * height), max(1, round(w * width)), max(1, round(h * height))
    )
    assert face_box(sample, height, width) == served
    np.testing.assert_array_equal(plain_crop(sample), detector.crop(rgb, served))


def test_photo_crop_is_the_square_around_the_box(photo_set: Path) -> None:
    sample = read_dataset(photo_set)[0]
    whole = read_rgb(sample.path)
    # box of 60×80 px at (50, 50): the square of side 80 starts at (40, 50)
    expected = whole[50:130, 40:120].reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(plain_crop(sample).reshape(-1, 3).mean(axis=0), expected, atol=2)
