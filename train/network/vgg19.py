"""VGG19, at its own widths or slim, with a linear head; preprocessing is part of the network."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import WITH_MASK, WITHOUT_MASK
from train.data.faces.images import IMAGE_SIZE_PX
from train.errors import WeightsError
from train.network.config import (
    CONVOLUTIONS,
    HEAD_ONLY,
    IMAGENET_MEAN_RGB,
    SHIPPED,
    VGG19_WIDTHS,
    NetworkConfig,
)
from train.network.start_weights import FIRST_LAYER, HEAD_LAYER, read_npz

N_BLOCKS = len(CONVOLUTIONS)
"""Blocks of VGG19's convolutions."""


def build_model(start_weights: str = "none", network: NetworkConfig = SHIPPED) -> keras.Model:
    """Build the network: RGB 0-255 (N, 128, 128, 3) in, logits in `network.outputs` order out.

    Args:
        start_weights: "imagenet" for the full widths, "none" (He initialisation), the path of an
            `.npz` file (see `train.network.start_weights`), or that of a network trained by
            `train.network.fit`; layers that a file does not name stay He-initialised.
        network: preprocessing, head, outputs, depth and widths.

    Raises:
        WeightsError: the weights cannot be fetched, read, or do not fit.
    """
    inputs = keras.Input((IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3), name="rgb")
    centred = _preprocess(inputs, network)
    if network.widths == VGG19_WIDTHS:
        weights = "imagenet" if start_weights == "imagenet" else None
        features = _vgg19(weights, centred).get_layer(f"block{network.blocks}_pool").output
    else:
        features = _slim(centred, network)
    if network.head == "pooled":
        features = keras.layers.GlobalAveragePooling2D(name="pool")(features)
    else:
        features = keras.layers.Flatten(name="flatten")(features)
    logits = keras.layers.Dense(len(network.outputs), dtype="float32", name=HEAD_LAYER)(features)
    model = keras.Model(inputs, logits, name="maskdet_vgg19")
    if start_weights == "imagenet":
        _take_imagenet(model, network)
    else:
        _he_initialise(model)
        if start_weights.endswith(".keras"):
            _load_trained(model, Path(start_weights))
        elif start_weights != "none":
            _load_npz(model, Path(start_weights), network)
    return model


def _preprocess(inputs: keras.KerasTensor, network: NetworkConfig) -> keras.KerasTensor:
    if network.preprocessing == "unit_range":
        return keras.layers.Rescaling(1 / 255, name="unit")(inputs)
    offset = [-mean for mean in IMAGENET_MEAN_RGB]
    return keras.layers.Rescaling(1.0, offset=offset, name="centre")(inputs)


def preprocessed(rgb: NDArray[np.uint8], network: NetworkConfig) -> NDArray[np.float32]:
    """What the first convolution takes, for RGB (N, size, size, 3): as inside the network."""
    pixels = rgb.astype(np.float32)
    if network.preprocessing == "unit_range":
        return pixels / np.float32(255)
    return pixels - np.array(IMAGENET_MEAN_RGB, np.float32)


def blocks_given(start_weights: str) -> int:
    """Number of VGG19's first blocks whose start weights are complete; see `build_model`.

    Raises:
        WeightsError: the file cannot be read.
    """
    if start_weights == "none":
        return 0
    if not start_weights.endswith(".npz"):
        return N_BLOCKS
    held = read_npz(Path(start_weights)).kernels
    missing = [int(name[5]) for name, _ in SHIPPED.convolutions if name not in held]
    return min(missing, default=N_BLOCKS + 1) - 1


def train_from(model: keras.Model, block: int) -> None:
    """Train the blocks from this one (1 to 5) on and the head; compile the model again afterwards.

    Args:
        model: by `build_model`.
        block: `train.network.config.HEAD_ONLY` fixes all blocks.
    """
    for number in range(1, HEAD_ONLY):
        for layer in model.layers:
            if layer.name.startswith(f"block{number}_"):
                layer.trainable = number >= block


def _vgg19(weights: str | None, inputs: keras.KerasTensor | None = None) -> keras.Model:
    """Keras's own VGG19 without its head.

    Raises:
        WeightsError: the weights cannot be downloaded.
    """
    try:
        return keras.applications.VGG19(include_top=False, weights=weights, input_tensor=inputs)
    except Exception as error:  # Keras passes on whatever its download raised
        if weights is None:
            raise
        raise WeightsError(
            "cannot download the ImageNet weights of VGG19: connect to a network, or give a local "
            f"file with --weights FILE.npz, or train from nothing with --weights none ({error})"
        ) from error


def _slim(features: keras.KerasTensor, network: NetworkConfig) -> keras.KerasTensor:
    """VGG19's blocks with other widths, layers named as Keras names them."""
    for name, width in network.convolutions:
        block = name.partition("_")[0]
        if name.endswith("_conv1") and block != "block1":
            features = _halved(features, int(block[-1]) - 1)
        features = keras.layers.Conv2D(
            width,
            3,
            padding="same",
            activation="relu",
            name=name,
        )(features)
    return _halved(features, network.blocks)


def _halved(features: keras.KerasTensor, block: int) -> keras.KerasTensor:
    return keras.layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(features)


def _take_imagenet(model: keras.Model, network: NetworkConfig) -> None:
    """Turn the first kernel to RGB.

    Raises:
        WeightsError: the widths are not VGG19's.
    """
    if network.widths != VGG19_WIDTHS:
        raise WeightsError(
            "ImageNet weights fit VGG19's own widths only: make start weights of these widths "
            "with `train prune`, or give --weights none"
        )
    first = model.get_layer(FIRST_LAYER)
    kernel, bias = first.get_weights()
    # Keras ships kernels for BGR; the network is fed RGB, and no layer swaps channels
    first.set_weights([kernel[:, :, ::-1], bias])


def _he_initialise(model: keras.Model) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            initializer = keras.initializers.HeNormal(seed=keras.random.SeedGenerator())
            he = keras.ops.convert_to_numpy(initializer(kernel.shape))
            layer.set_weights([he, np.zeros_like(bias)])


def _load_trained(model: keras.Model, path: Path) -> None:
    try:
        trained = keras.models.load_model(path, compile=False)
        model.set_weights(trained.get_weights())
    # Keras passes on what it stumbles over in a damaged or foreign file
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"expected a network like the one to train at {path}: {error}"
        ) from error


def _load_npz(model: keras.Model, path: Path, network: NetworkConfig) -> None:
    held = read_npz(path)
    built = {layer.name for layer in model.layers}
    for name in held.layers:
        if re.match(r"block\d_conv\d$", name) and name not in built:
            continue  # a network with fewer blocks
        try:
            kernel, bias = held.kernels[name], held.biases[name]
            if name == HEAD_LAYER:
                names = held.outputs or network.outputs
                model.get_layer(name).set_weights(head_for(network.outputs, kernel, bias, names))
            else:
                model.get_layer(name).set_weights([kernel, bias])
        except (KeyError, ValueError) as error:
            raise WeightsError(f"{path}: layer {name} does not fit: {error}") from error


def head_for(
    outputs: Sequence[str],
    kernel: NDArray[np.float32],
    bias: NDArray[np.float32],
    names: Sequence[str],
) -> list[NDArray[np.float32]]:
    """Kernel and bias of a head with these outputs, from one with other outputs.

    An output that the old head has not lies between masked and bare: it begins as their mean.

    Args:
        outputs: names of the new head's logits.
        kernel: (features, n) of the old one.
        bias: (n,) of the old one.
        names: of the old one's logits.

    Raises:
        ValueError: the old head has no logits for masked and bare faces, or not as many as names.
    """
    known = list(names)
    if kernel.shape[-1:] != (len(known),) or not {WITH_MASK, WITHOUT_MASK} <= set(known):
        raise ValueError(
            f"expected logits for {WITH_MASK} and {WITHOUT_MASK}, got {kernel.shape[-1]} "
            f"named {', '.join(known)}"
        )
    faces = [known.index(WITH_MASK), known.index(WITHOUT_MASK)]
    columns = [[known.index(name)] if name in known else faces for name in outputs]
    return [
        np.stack([kernel[:, chosen].mean(axis=1) for chosen in columns], axis=1),
        np.stack([bias[chosen].mean() for chosen in columns]),
    ]
