"""VGG19 with a linear head; preprocessing is part of the network."""

import re
import zipfile
from pathlib import Path

import keras
import numpy as np

from train.data.images import IMAGE_SIZE_PX
from train.errors import WeightsError
from train.network.config import HEAD_ONLY, SHIPPED, NetworkConfig
from train.network.start_weights import read_npz

IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
"""Mean of ImageNet's pictures, subtracted as `keras.applications.vgg19.preprocess_input` does."""

N_BLOCKS = 5
"""Blocks of VGG19's convolutions."""


def build_model(start_weights: str = "none", network: NetworkConfig = SHIPPED) -> keras.Model:
    """Build the network: RGB 0-255 (N, 128, 128, 3) in, logits in `network.outputs` order out.

    Args:
        start_weights: "imagenet", "none" (He initialisation), the path of an `.npz` file that
            holds `<layer>.kernel` (HWIO, for BGR input as Keras ships it) and `<layer>.bias`, or
            that of a network trained by `train.network.fit`; layers that a file does not name stay
            He-initialised.
        network: preprocessing, head, outputs and depth.

    Raises:
        WeightsError: the weights cannot be fetched, read, or do not fit.
    """
    inputs = keras.Input((IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3), name="rgb")
    weights = "imagenet" if start_weights == "imagenet" else None
    try:
        base = keras.applications.VGG19(
            include_top=False, weights=weights, input_tensor=_preprocess(inputs, network)
        )
    except Exception as error:  # Keras passes on whatever its download raised
        if weights is None:
            raise
        raise WeightsError(
            "cannot download the ImageNet weights of VGG19: connect to a network, or give a local "
            f"file with --weights FILE.npz, or train from nothing with --weights none ({error})"
        ) from error
    features = base.get_layer(f"block{network.blocks}_pool").output
    if network.head == "pooled":
        features = keras.layers.GlobalAveragePooling2D(name="pool")(features)
    else:
        features = keras.layers.Flatten(name="flatten")(features)
    logits = keras.layers.Dense(len(network.outputs), dtype="float32", name="logits")(features)
    model = keras.Model(inputs, logits, name="maskdet_vgg19")
    if weights is None:
        _he_initialise(model)
    if start_weights.endswith(".keras"):
        _load_trained(model, Path(start_weights))
    elif start_weights != "none":
        if weights is None:
            _load_npz(model, Path(start_weights))
        # Keras ships kernels for BGR; the network is fed RGB, and no layer has to swap channels
        first = model.get_layer("block1_conv1")
        kernel, bias = first.get_weights()
        first.set_weights([kernel[:, :, ::-1], bias])
    return model


def with_activation_map(model: keras.Model) -> keras.Model:
    """The network with its class activation map as a second output, logits (N, rows, columns, n).

    With global average pooling and a linear head the two commute (Zhou et al., CVPR 2016): the mean
    of the map over rows and columns is the first output. A network with the flat head, which has a
    weight for each position, is returned unchanged.
    """
    if not any(layer.name == "pool" for layer in model.layers):
        return model
    features = model.get_layer("pool").input
    dense = model.get_layer("logits")
    by_place = keras.layers.Conv2D(dense.units, 1, dtype="float32", name="logits_by_place")
    with_map = keras.Model(model.input, [model.output, by_place(features)], name=model.name)
    kernel, bias = dense.get_weights()
    by_place.set_weights([kernel[None, None], bias])
    return with_map


def _preprocess(inputs: keras.KerasTensor, network: NetworkConfig) -> keras.KerasTensor:
    if network.preprocessing == "unit_range":
        return keras.layers.Rescaling(1 / 255, name="unit")(inputs)
    offset = [-mean for mean in IMAGENET_MEAN_RGB]
    return keras.layers.Rescaling(1.0, offset=offset, name="centre")(inputs)


def blocks_given(start_weights: str) -> int:
    """Number of VGG19's first blocks whose start weights are complete; see `build_model`.

    Raises:
        WeightsError: the file cannot be read.
    """
    if start_weights == "none":
        return 0
    if not start_weights.endswith(".npz"):
        return N_BLOCKS
    held = read_npz(Path(start_weights))
    base = keras.applications.VGG19(include_top=False, weights=None)
    wanted = [layer.name for layer in base.layers if layer.weights]
    for block in range(1, N_BLOCKS + 1):
        if any(n.startswith(f"block{block}_") and f"{n}.kernel" not in held for n in wanted):
            return block - 1
    return N_BLOCKS


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


def _he_initialise(model: keras.Model) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            initializer = keras.initializers.HeNormal(seed=keras.random.SeedGenerator())
            layer.set_weights(
                [keras.ops.convert_to_numpy(initializer(kernel.shape)), np.zeros_like(bias)]
            )


def _load_trained(model: keras.Model, path: Path) -> None:
    try:
        trained = keras.models.load_model(path, compile=False)
        model.set_weights(trained.get_weights())
    # Keras passes on what it stumbles over in a damaged or foreign file
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"expected a network like the one to train at {path}: {error}"
        ) from error


def _load_npz(model: keras.Model, path: Path) -> None:
    values = read_npz(path)
    if not values:
        raise WeightsError(f"expected layers of VGG19 in {path}, found none")
    built = {layer.name for layer in model.layers}
    for name in sorted({key.rsplit(".", 1)[0] for key in values}):
        if re.match(r"block\d_conv\d$", name) and name not in built:
            continue  # a network with fewer blocks
        try:
            layer = model.get_layer(name)
            layer.set_weights([values[f"{name}.kernel"], values[f"{name}.bias"]])
        except (KeyError, ValueError) as error:
            raise WeightsError(f"{path}: layer {name} does not fit VGG19: {error}") from error
