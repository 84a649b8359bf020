"""The network's spatial output: class activation maps."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, MaskDetector, load_finder
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.manifest import CropFraming
from tests.core.faces.pictures import FACE
from train.samples.portrait import draw_mask


@pytest.fixture(scope="module")
def shipped(shipped_manifest: Path) -> MaskClassifier:
    return MaskClassifier.from_manifest(shipped_manifest)


@pytest.fixture(scope="module")
def face() -> FaceBox:
    """The portrait's face at twice its size, 1024 x 1024."""
    return FaceBox(2 * FACE.x, 2 * FACE.y, 2 * FACE.w, 2 * FACE.h)


@pytest.fixture(scope="module")
def pair(portrait: NDArray[np.uint8], face: FaceBox) -> NDArray[np.uint8]:
    """The same face without and with a drawn mask, as the classifier sees them."""
    pictures = (np.repeat(np.repeat(portrait, 2, axis=0), 2, axis=1), draw_mask(portrait))
    return np.stack([square_crop(picture, face, CropFraming(), 128) for picture in pictures])


def test_mean_over_locations_is_the_log_odds(
    shipped: MaskClassifier, pair: NDArray[np.uint8]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), np.uint8)
    crops = np.concatenate([pair, noise])
    maps = shipped.activation_map(crops)
    assert maps is not None
    assert maps.shape == (4, 4, 4)
    means, p = maps.mean(axis=(1, 2)), shipped.predict(crops).p_with_mask
    for mean, p_with_mask in zip(means, p, strict=True):
        if 0 < p_with_mask < 1:
            # eight bits a location, over the range of all locations
            assert mean == pytest.approx(math.log(p_with_mask / (1 - p_with_mask)), abs=1.0)


def test_activation_is_where_the_mask_is(shipped: MaskClassifier, pair: NDArray[np.uint8]) -> None:
    maps = shipped.activation_map(pair)
    assert maps is not None
    bare, masked = maps
    assert masked.mean() > 0 > bare.mean()
    gained = masked - bare
    # the drawn mask covers the lower half of the crop
    assert gained[2:].sum() > 2 * gained[:2].sum()
    # in the middle; the corners below show neck and ground
    assert masked[2:, 1:3].min() > masked[0].max()


def test_no_crops_give_no_maps_and_other_shapes_are_refused(shipped: MaskClassifier) -> None:
    none = shipped.activation_map(np.empty((0, 128, 128, 3), np.uint8))
    assert none is not None and none.shape == (0, 4, 4)
    with pytest.raises(ValueError, match="shape"):
        shipped.activation_map(np.zeros((1, 64, 64, 3), np.uint8))


def test_activation_map_does_not_change_later_logits(
    shipped: MaskClassifier, pair: NDArray[np.uint8]
) -> None:
    before = shipped.logits(pair)
    shipped.activation_map(pair[::-1])
    assert np.array_equal(shipped.logits(pair), before)


def test_maps_of_the_detectors_crops_agree_with_its_probabilities(
    shipped: MaskClassifier, portrait: NDArray[np.uint8]
) -> None:
    detector = MaskDetector(load_finder("photo"), shipped)
    found = detector.detect(portrait)
    crops = detector.face_crops(portrait, found)
    maps = detector.classifier.activation_map(np.stack(crops))
    assert maps is not None
    for face, cam in zip(found, maps, strict=True):
        assert (cam.mean() > 0) == (face.p_with_mask > 0.5)
