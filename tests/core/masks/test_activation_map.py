"""Class activation maps, from the features before the last pooling."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, MaskDetector, ModelError, load_classifier, load_finder
from maskdet_core.litert import LiteRtNetwork
from maskdet_core.masks.classifier import FEATURES, HEAD_KERNEL, MaskClassifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.loading import WHOLE
from maskdet_core.masks.logits import logits_by_place
from maskdet_core.masks.manifest import CropFraming
from tests.core.faces.pictures import FACE
from train.network.start_weights import HEAD_LAYER
from train.network.tflite_weights import read_tflite
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
    assert maps.shape == (4, 8, 8)
    means, p = maps.mean(axis=(1, 2)), shipped.predict(crops).p_with_mask
    for mean, p_with_mask in zip(means, p, strict=True):
        if 0 < p_with_mask < 1:
            assert mean == pytest.approx(math.log(p_with_mask / (1 - p_with_mask)), abs=1e-6)


def test_features_and_head_add_up_to_the_logits_less_the_bias(
    shipped_manifest: Path, pair: NDArray[np.uint8]
) -> None:
    path = shipped_manifest.with_suffix(".tflite")
    network = LiteRtNetwork(path.read_bytes(), source="m", n_threads=1, error=ModelError)
    outputs = {output.name: output for output in network.outputs}
    features, kernel = outputs.pop(FEATURES), network.constant(outputs.pop(HEAD_KERNEL))
    (logits_output,) = outputs.values()
    for crop in pair:
        values, logits = network.run(crop[None], features, logits_output)
        maxima = values.reshape(1, 4, 2, 4, 2, -1).max(axis=(2, 4))
        bias = read_tflite(path).biases[HEAD_LAYER]
        # the network rounds its averages and logits to eight bits
        assert maxima.mean(axis=(1, 2)) @ kernel.T + bias == pytest.approx(logits, abs=0.5)
        assert np.ptp(logits) > 5


@pytest.mark.parametrize("is_pooled", [True, False])
def test_every_maximum_counts_where_it_came_from(is_pooled: bool) -> None:
    rng = np.random.default_rng(1)
    # few values, so that there are equal ones
    features = rng.integers(0, 4, (3, 4, 6, 5)).astype(np.float64)
    kernel, bias = rng.normal(size=(2, 5)), rng.normal(size=2)
    windows = features.reshape(3, 2, 2, 3, 2, 5)
    averaged = windows.max(axis=(2, 4)) if is_pooled else features
    logits = averaged.mean(axis=(1, 2)) @ kernel.T + bias
    by_place = logits_by_place(features, kernel, logits, is_pooled=is_pooled)
    assert by_place.mean(axis=(1, 2)) == pytest.approx(logits)
    assert by_place.shape == (3, 4, 6, 2)
    if not is_pooled:
        assert by_place == pytest.approx(features @ kernel.T + bias)
        return
    of_windows = by_place.reshape(3, 2, 2, 3, 2, 2).mean(axis=(2, 4))
    assert of_windows == pytest.approx(averaged @ kernel.T + bias)
    one = logits_by_place(
        np.array([[[[3.0], [1.0]], [[3.0], [2.0]]]]),
        np.ones((1, 1)),
        np.zeros((1, 1)),
        is_pooled=True,
    )
    assert one[0, :, :, 0] == pytest.approx(np.array([[6.0, 0.0], [6.0, 0.0]]) - 3.0)


def test_whole_network_has_the_map_of_its_last_layer(pair: NDArray[np.uint8]) -> None:
    maps = load_classifier(WHOLE).activation_map(pair)
    assert maps is not None and maps.shape == (2, 4, 4)


def test_activation_is_where_the_mask_is(shipped: MaskClassifier, pair: NDArray[np.uint8]) -> None:
    maps = shipped.activation_map(pair)
    assert maps is not None
    bare, masked = maps
    assert masked.mean() > 0 > bare.mean()
    gained = masked - bare
    # the drawn mask covers the lower half of the crop
    assert gained[4:].sum() > 2 * gained[:4].sum()
    # its middle; the corners below show neck and ground
    assert masked[4:6, 3:5].min() > masked[:2].max()


def test_no_crops_give_no_maps_and_other_shapes_are_refused(shipped: MaskClassifier) -> None:
    none = shipped.activation_map(np.empty((0, 128, 128, 3), np.uint8))
    assert none is not None and none.shape == (0, 8, 8)
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
