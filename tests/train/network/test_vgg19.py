"""The network, its start weights, and which blocks are trained."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.train.drawn import made_weights
from train.data.faces.datasets import OUTPUTS
from train.errors import WeightsError
from train.network.config import HEAD_ONLY, NetworkConfig
from train.network.start_weights import StartWeights, read_npz
from train.network.vgg19 import blocks_given, build_model, head_for, train_from

NARROW = NetworkConfig(widths=(8, 8, 8, 8, 8))
"""Where the widths do not matter: built in a fraction of the time."""
FIRST_BLOCK = NetworkConfig(widths=(64, 8, 8, 8, 8))
"""Its first block takes the start weights of a whole VGG19."""


def test_local_start_weights_are_turned_to_rgb(tmp_path: Path) -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 64)).astype(np.float32)
    bias = np.arange(64, dtype=np.float32)
    path = tmp_path / "part.npz"
    np.savez(path, **{"block1_conv1.kernel": kernel, "block1_conv1.bias": bias})
    model = build_model(str(path), FIRST_BLOCK)
    got_kernel, got_bias = model.get_layer("block1_conv1").get_weights()
    np.testing.assert_array_equal(got_kernel, kernel[:, :, ::-1])
    np.testing.assert_array_equal(got_bias, bias)


def test_start_weights_that_do_not_fit_name_the_layer(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, **{"block1_conv1.kernel": np.zeros((1, 1)), "block1_conv1.bias": np.zeros(1)})
    with pytest.raises(WeightsError, match="block1_conv1"):
        build_model(str(path), NARROW)


def test_missing_imagenet_weights_tell_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(keras.applications, "VGG19", refuse)
    with pytest.raises(WeightsError, match=r"--weights FILE\.npz"):
        build_model("imagenet")


@pytest.mark.parametrize(
    ("network", "shape", "features"),
    [
        (NetworkConfig(), (None, 4), 512),
        (NetworkConfig(worn_wrong=False), (None, 3), 512),
        (NetworkConfig(worn_wrong=False, no_face=False), (None, 2), 512),
        (NetworkConfig(head="flat"), (None, 4), 4 * 4 * 512),
        (NetworkConfig(head="flat", blocks=3), (None, 4), 16 * 16 * 256),
        (NetworkConfig(widths=(8, 8, 8, 8, 16)), (None, 4), 16),
    ],
)
def test_network_is_built_as_asked(
    network: NetworkConfig, shape: tuple[int | None, int], features: int
) -> None:
    model = build_model("none", network)
    assert model.output_shape == shape
    assert model.get_layer("logits").kernel.shape == (features, shape[1])


def test_unit_range_divides_and_mean_is_subtracted() -> None:
    rgb = np.full((1, 128, 128, 3), 255, np.float32)
    for network, layer, expected in (
        (replace(NARROW, preprocessing="unit_range"), "unit", 1.0),
        (NARROW, "centre", 255 - 123.68),
    ):
        model = build_model("none", network)
        out = keras.Model(model.input, model.get_layer(layer).output)(rgb)
        np.testing.assert_allclose(float(out[0, 0, 0, 0]), expected, rtol=1e-5)


@pytest.mark.parametrize(("block", "trained"), [(1, 16), (4, 8), (5, 4), (HEAD_ONLY, 0)])
def test_blocks_before_the_first_trained_one_are_fixed(block: int, trained: int) -> None:
    model = build_model("none", NARROW)
    train_from(model, block)
    convolutions = [layer for layer in model.layers if "_conv" in layer.name]
    assert [layer.trainable for layer in convolutions] == [False] * (16 - trained) + [
        True
    ] * trained
    assert model.get_layer("logits").trainable


def test_start_weights_tell_how_many_blocks_they_hold(tmp_path: Path) -> None:
    assert blocks_given("none") == 0
    assert blocks_given("imagenet") == 5
    path = tmp_path / "some.npz"
    layers = ("block1_conv1", "block1_conv2", "block2_conv1")
    np.savez(path, **{f"{name}.kernel": np.zeros(1) for name in layers})
    assert blocks_given(str(path)) == 1


def test_slim_network_has_the_layers_of_vgg19() -> None:
    whole = [layer.name for layer in build_model("none").layers]
    slim = build_model("none", NARROW)
    assert [layer.name for layer in slim.layers] == whole
    assert slim.output_shape == (None, 4)


def test_imagenet_weights_need_the_full_widths() -> None:
    with pytest.raises(WeightsError, match="train prune"):
        build_model("imagenet", NARROW)


def test_head_is_taken_by_the_names_of_its_logits() -> None:
    kernel = np.array([[1.0, 3.0, 7.0]], np.float32)
    bias = np.array([0.0, 2.0, 5.0], np.float32)
    names = ("with_mask", "without_mask", "no_face")
    new_kernel, new_bias = head_for(OUTPUTS, kernel, bias, names)
    # masks worn wrong begin half-way between masked and bare
    np.testing.assert_array_equal(new_kernel, [[1.0, 2.0, 3.0, 7.0]])
    np.testing.assert_array_equal(new_bias, [0.0, 1.0, 2.0, 5.0])
    with pytest.raises(ValueError, match="with_mask"):
        head_for(OUTPUTS, kernel, bias, ("a", "b", "c"))


def random_weights(path: Path, network: NetworkConfig) -> StartWeights:
    weights = made_weights(network)
    weights.save(path)
    return weights


def test_start_weights_are_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "start.npz"
    written, read = random_weights(path, NARROW), read_npz(path)
    assert read.outputs == NARROW.outputs
    for name in written.layers:
        np.testing.assert_array_equal(read.kernels[name], written.kernels[name])
        np.testing.assert_array_equal(read.biases[name], written.biases[name])


def test_earlier_run_gives_start_weights(tmp_path: Path) -> None:
    first = build_model("none", NARROW)
    path = tmp_path / "model.keras"
    first.save(path)
    second = build_model(str(path), NARROW)
    for expected, got in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)
    with pytest.raises(WeightsError, match=r"model\.keras"):
        build_model(str(path), replace(NARROW, no_face=False))
