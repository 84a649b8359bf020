"""Batch normalisation around existing weights: begun with real statistics, folded at the end."""

from dataclasses import replace

import keras
import numpy as np
from numpy.typing import NDArray

from train.network.config import NetworkConfig
from train.network.start_weights import HEAD_LAYER
from train.network.vgg19 import build_model, norm_name, set_convolution


def standardise(model: keras.Model, network: NetworkConfig, crops: NDArray[np.generic]) -> None:
    """Give each normalisation the statistics of these crops; the network computes the same.

    Without it a pruned network with new normalisations would have mean 0 and variance 1 on record,
    and the first training step, which normalises by the batch, would compute something else. With
    mean and variance measured, and gamma and beta that undo them, both modes agree, so training
    begins where pruning ended, now with normalised gradients.

    Args:
        model: by `build_model` from start weights; changed in place.
        network: what it was built as; one without normalisation is left as it is.
        crops: RGB (N, size, size, 3), 0 to 255, some dozens.
    """
    if not network.batch_norm:
        return
    names = [name for name, _ in network.convolutions]
    outputs = [model.get_layer(name).output for name in names]
    measured = keras.Model(model.input, outputs)(crops.astype(np.float32), training=False)
    for name, output in zip(names, measured, strict=True):
        values = np.asarray(keras.ops.convert_to_numpy(output), np.float64)
        mean, variance = values.mean(axis=(0, 1, 2)), values.var(axis=(0, 1, 2))
        norm = model.get_layer(norm_name(name))
        scale, shift = _affine(norm)
        gamma = scale * np.sqrt(variance + norm.epsilon)
        norm.set_weights([gamma, shift + mean * scale, mean, variance])


def folded(model: keras.Model, network: NetworkConfig) -> keras.Model:
    """The network without normalisation that computes the same, in float32.

    Args:
        model: by `build_model`, in float32.
        network: what it was built as.
    """
    if not network.batch_norm:
        return model
    plain = build_model("none", plain_network(network))
    for name, _ in network.convolutions:
        kernel = model.get_layer(name).get_weights()[0].astype(np.float64)
        scale, shift = _affine(model.get_layer(norm_name(name)))
        set_convolution(plain, name, (kernel * scale).astype(np.float32), shift.astype(np.float32))
    plain.get_layer(HEAD_LAYER).set_weights(model.get_layer(HEAD_LAYER).get_weights())
    return plain


def plain_network(network: NetworkConfig) -> NetworkConfig:
    """What `folded` builds."""
    return replace(network, batch_norm=False)


def _affine(norm: keras.layers.Layer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift by channel, as the normalisation applies them outside training."""
    gamma, beta, mean, variance = (w.astype(np.float64) for w in norm.get_weights())
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return scale, beta - mean * scale
