"""VGG19 with a linear head on global average pooling; preprocessing is part of the network."""

from pathlib import Path

import keras
import numpy as np

from train.datasets import OUTPUTS
from train.errors import WeightsError
from train.pictures import IMAGE_SIZE_PX

IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
"""Mean of ImageNet's pictures, subtracted as `keras.applications.vgg19.preprocess_input` does."""

FROZEN_BLOCKS = ("block1", "block2", "block3")
"""Blocks that keep their start weights in the first phase."""


def build_model(start_weights: str = "none") -> keras.Model:
    """Build the network: RGB 0-255 (N, 128, 128, 3) in, three logits in `OUTPUTS` order out.

    Args:
        start_weights: "imagenet", "none" (He initialisation), or the path of an `.npz` file that
            holds `<layer>.kernel` (HWIO, for BGR input as Keras ships it) and `<layer>.bias`;
            layers that the file does not name stay He-initialised.

    Raises:
        WeightsError: the weights cannot be fetched, read, or do not fit.
    """
    inputs = keras.Input((IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3), name="rgb")
    offset = [-m for m in IMAGENET_MEAN_RGB]
    centred = keras.layers.Rescaling(1.0, offset=offset, name="centre")(inputs)
    weights = "imagenet" if start_weights == "imagenet" else None
    try:
        base = keras.applications.VGG19(include_top=False, weights=weights, input_tensor=centred)
    except Exception as error:  # Keras passes on whatever its download raised
        if weights is None:
            raise
        raise WeightsError(
            "cannot download the ImageNet weights of VGG19: connect to a network, or give a local "
            f"file with --weights FILE.npz, or train from nothing with --weights none ({error})"
        ) from error
    features = keras.layers.GlobalAveragePooling2D(name="pool")(base.output)
    logits = keras.layers.Dense(len(OUTPUTS), dtype="float32", name="logits")(features)
    model = keras.Model(inputs, logits, name="maskdet_vgg19")
    if weights is None:
        _he_initialise(model)
        if start_weights != "none":
            _load_npz(model, Path(start_weights))
    # Keras ships kernels for BGR; the network is fed RGB, so that no layer has to swap channels
    if start_weights != "none":
        first = model.get_layer("block1_conv1")
        kernel, bias = first.get_weights()
        first.set_weights([kernel[:, :, ::-1], bias])
    return model


def set_frozen(model: keras.Model, *, frozen: bool) -> None:
    """Keep blocks 1-3 fixed or train all 16 convolutions; compile the model anew afterwards."""
    for layer in model.layers:
        if layer.name.startswith(FROZEN_BLOCKS):
            layer.trainable = not frozen


def _he_initialise(model: keras.Model) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            initializer = keras.initializers.HeNormal(seed=keras.random.SeedGenerator())
            layer.set_weights(
                [keras.ops.convert_to_numpy(initializer(kernel.shape)), np.zeros_like(bias)]
            )


def _load_npz(model: keras.Model, path: Path) -> None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            values = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise WeightsError(f"expected a weights file (.npz) at {path}: {error}") from error
    for name in sorted({key.rsplit(".", 1)[0] for key in values}):
        try:
            layer = model.get_layer(name)
            layer.set_weights([values[f"{name}.kernel"], values[f"{name}.bias"]])
        except (KeyError, ValueError) as error:
            raise WeightsError(f"{path}: layer {name} does not fit VGG19: {error}") from error
