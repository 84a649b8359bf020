"""Pruning: what stays computes the same, and a shipped network can be read back."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.files import models_folder
from maskdet_core.masks.classifier import MaskClassifier
from tests.train.drawn import draw_face, ground, made_weights
from train.errors import WeightsError
from train.network.config import NetworkConfig
from train.network.cost import layer_costs, parameters, products
from train.network.export import float_logits
from train.network.prune import _choose, _eliminate, prune
from train.network.sources import read_trained
from train.network.start_weights import StartWeights
from train.network.vgg19 import build_model

NETWORK = NetworkConfig(widths=(16, 16, 16, 16, 16))


def drawn_crops(n: int, size: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    crops = []
    for _ in range(n):
        grey = ground(rng, size, size)
        draw_face(grey, 0.2 * size, 0.1 * size, 0.6 * size, 0.8 * size)
        crops.append(np.stack([grey, np.roll(grey, 1, 0), grey], axis=-1))
    return np.stack(crops)


def logits_of(
    weights: StartWeights, network: NetworkConfig, crops: NDArray[np.uint8], folder: Path
) -> NDArray[np.float64]:
    weights.save(folder / "start.npz")
    return float_logits(build_model(str(folder / "start.npz"), network), crops)


def test_all_channels_kept_is_the_same_network(tmp_path: Path) -> None:
    crops, weights = drawn_crops(10, 128), made_weights(NETWORK)
    same, report = prune(weights, NETWORK, NETWORK.widths, crops)
    np.testing.assert_allclose(
        logits_of(same, NETWORK, crops, tmp_path),
        logits_of(weights, NETWORK, crops, tmp_path),
        rtol=1e-3,
        atol=1e-3,
    )
    assert max(layer.error for layer in report) < 1e-6
    assert all(layer.channels[0] == layer.channels[1] for layer in report)


def test_repeated_channels_go_at_little_loss(tmp_path: Path) -> None:
    crops, weights = drawn_crops(48, 128), made_weights(NETWORK, doubled=True)
    half = NetworkConfig(widths=(8, 8, 8, 8, 8))
    pruned, report = prune(weights, NETWORK, half.widths, crops)
    expected = logits_of(weights, NETWORK, crops, tmp_path)
    got = logits_of(pruned, half, crops, tmp_path)
    spread = expected - expected.mean(axis=0)
    assert ((got - expected) ** 2).sum() < 0.1 * (spread**2).sum()
    assert [layer.channels for layer in report[:2]] == [(16, 8), (16, 8)]
    assert pruned.outputs == NETWORK.outputs


def test_elimination_keeps_what_the_targets_are_made_of() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 6))
    gram = x.T @ x
    solution = np.array([[0.0, 3.0, 0.0, 0.0, 0.5, -2.0]]).T
    assert _eliminate(gram, solution, 3).tolist() == [1, 4, 5]
    assert _eliminate(gram, solution, 2).tolist() == [1, 5]


def test_one_of_two_equal_channels_goes() -> None:
    x = np.random.default_rng(1).normal(size=(200, 3))
    maps = np.concatenate([x, 0.5 * x], axis=1).astype(np.float32)
    stay = _choose(maps, np.ones(6), 3)
    assert sorted(i % 3 for i in stay) == [0, 1, 2]


@pytest.mark.parametrize("widths", [(8, 8, 8, 8), (32, 8, 8, 8, 8), (0, 8, 8, 8, 8)])
def test_widths_that_do_not_fit_are_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(WeightsError, match="five widths of 1 to 16, 16"):
        prune(made_weights(NETWORK), NETWORK, widths, drawn_crops(2, 64))


def test_cost_is_that_of_the_published_network() -> None:
    whole = NetworkConfig(worn_wrong=False)
    # VGG19's convolutions hold 20,024,384 parameters
    assert parameters(whole) == 20_024_384 + 3 * 513
    assert round(products(whole) / 1e9, 2) == 6.37
    quarter = NetworkConfig(widths=(16, 32, 64, 128, 128))
    assert round(products(quarter) / 1e9, 2) == 0.40
    assert [layer.name for layer in layer_costs(quarter)][-2:] == ["block5_conv4", "logits"]
    model = build_model("none", quarter)
    assert parameters(quarter) == model.count_params()


def test_shipped_network_is_read_back(tmp_path: Path) -> None:
    path = models_folder() / "maskdet-vgg19-int8.tflite"
    weights, network = read_trained(path)
    assert weights.outputs == network.outputs
    crops = drawn_crops(2, 128)
    expected = MaskClassifier.from_manifest(path.with_suffix(".json")).logits(crops)
    got = logits_of(weights, network, crops, tmp_path)
    # activations of eight bits
    np.testing.assert_allclose(got, expected, atol=1.5)
    assert np.ptp(expected) > 5


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("hello")
    with pytest.raises(WeightsError, match=r"other\.txt"):
        read_trained(tmp_path / "other.txt")
    (tmp_path / "cut.tflite").write_bytes(b"hello")
    with pytest.raises(WeightsError, match=r"cut\.tflite"):
        read_trained(tmp_path / "cut.tflite")
    manifest = models_folder() / "maskdet-vgg19-int8.json"
    (tmp_path / "cut.json").write_bytes(manifest.read_bytes())
    with pytest.raises(WeightsError, match=r"cut\.tflite"):
        read_trained(tmp_path / "cut.tflite")
