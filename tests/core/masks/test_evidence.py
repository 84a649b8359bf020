"""The network's second output: what spoke for a verdict, by place."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, MaskDetector, load_finder
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.manifest import CropFraming
from train.samples.portrait import draw_mask


@pytest.fixture(scope="module")
def shipped(shipped_manifest: Path) -> MaskClassifier:
    return MaskClassifier.from_manifest(shipped_manifest)


@pytest.fixture(scope="module")
def face(portrait: NDArray[np.uint8]) -> FaceBox:
    """The portrait's face at twice its size, 1024 x 1024."""
    found = load_finder("photo").find(portrait, min_face_px=60)[0]
    return FaceBox(2 * found.x, 2 * found.y, 2 * found.w, 2 * found.h)


@pytest.fixture(scope="module")
def pair(portrait: NDArray[np.uint8], face: FaceBox) -> NDArray[np.uint8]:
    """The same face without and with a drawn mask, as the classifier sees them."""
    pictures = (np.repeat(np.repeat(portrait, 2, axis=0), 2, axis=1), draw_mask(portrait))
    return np.stack([square_crop(picture, face, CropFraming(), 128) for picture in pictures])


def test_mean_over_places_is_the_verdict(shipped: MaskClassifier, pair: NDArray[np.uint8]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), np.uint8)
    crops = np.concatenate([pair, noise])
    by_place = shipped.activation_map(crops)
    assert by_place is not None
    assert by_place.shape == (4, 4, 4)
    means, said = by_place.mean(axis=(1, 2)), shipped.predict(crops).p_with_mask
    for mean, p_with_mask in zip(means, said, strict=True):
        if 0 < p_with_mask < 1:
            # eight bits a place, over the range of all places
            assert mean == pytest.approx(math.log(p_with_mask / (1 - p_with_mask)), abs=1.0)


def test_the_masks_place_carries_the_evidence(
    shipped: MaskClassifier, pair: NDArray[np.uint8]
) -> None:
    by_place = shipped.activation_map(pair)
    assert by_place is not None
    bare, masked = by_place
    assert masked.mean() > 0 > bare.mean()
    gained = masked - bare
    # the drawn mask covers the lower half of the crop
    assert gained[2:].sum() > 2 * gained[:2].sum()
    assert masked[2:].min() > masked[0].max()


def test_no_crop_gives_no_map_and_another_shape_is_refused(shipped: MaskClassifier) -> None:
    nothing = shipped.activation_map(np.empty((0, 128, 128, 3), np.uint8))
    assert nothing is not None and nothing.shape == (0, 4, 4)
    with pytest.raises(ValueError, match="shape"):
        shipped.activation_map(np.zeros((1, 64, 64, 3), np.uint8))


def test_asking_changes_no_verdict(shipped: MaskClassifier, pair: NDArray[np.uint8]) -> None:
    before = shipped.logits(pair)
    shipped.activation_map(pair[::-1])
    assert np.array_equal(shipped.logits(pair), before)


def test_the_detector_hands_out_crops_that_can_be_explained(
    shipped: MaskClassifier, portrait: NDArray[np.uint8]
) -> None:
    detector = MaskDetector(load_finder("photo"), shipped)
    found = detector.detect(portrait)
    crops = detector.face_crops(portrait, found)
    by_place = detector.classifier.activation_map(np.stack(crops))
    assert by_place is not None
    for face, places in zip(found, by_place, strict=True):
        assert (places.mean() > 0) == (face.p_with_mask > 0.5)
