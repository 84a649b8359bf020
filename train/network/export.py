"""Trained networks: loaded in float32, run in float32, converted to int8 LiteRT."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train.data.faces.datasets import FaceSample
from train.data.faces.images import IMAGE_SIZE_PX, plain_crop
from train.errors import RunError
from train.network.config import NetworkConfig
from train.network.map_outputs import with_map_outputs
from train.network.run_folder import RunFolder
from train.network.start_weights import HEAD_LAYER
from train.network.vgg19 import build_model


def load_trained(run: Path) -> keras.Model:
    """The trained network of a run, in float32 whatever precision it was trained in.

    Raises:
        RunError: the run has not finished, or is of another network than this version trains.
    """
    final = RunFolder(run).final
    if not final.exists():
        raise RunError(f"expected a finished run, {final} does not exist")
    trained = keras.models.load_model(final, compile=False)
    keras.mixed_precision.set_global_policy("float32")
    # built again in float32: a loaded layer keeps the precision it was trained in
    model = build_model("none", network_of(run))
    if trained.output_shape != model.output_shape:
        raise RunError(
            f"expected a network of {model.output_shape[-1]} outputs in {run}, got "
            f"{trained.output_shape[-1]}: train a new one"
        )
    model.set_weights(trained.get_weights())
    return model


def network_of(run: Path) -> NetworkConfig:
    """What a run built around VGG19's convolutions.

    Raises:
        RunError: no run there, or one by another version.
    """
    config = RunFolder(run).read()["config"]
    try:
        # runs from before there was such an output do not name it
        return NetworkConfig(**{"worn_wrong": False, **config.get("network", {})})
    except TypeError as error:
        raise RunError(f"expected a run by this version in {run}: {error}") from error


def float_logits(model: keras.Model, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Logits (N, n_outputs) of the float network, for uint8 RGB crops (N, 128, 128, 3)."""
    parts = [
        keras.ops.convert_to_numpy(model(crops[i : i + 32].astype(np.float32), training=False))
        for i in range(0, len(crops), 32)
    ]
    return np.concatenate(parts).astype(np.float64)


def add_offsets(model: keras.Model, offsets: Sequence[float]) -> None:
    """Add to the logits of a network, by the biases of its last layer.

    Args:
        model: by `load_trained`.
        offsets: one an output, see `train.evaluate.calibration.fit_offsets`.
    """
    layer = model.get_layer(HEAD_LAYER)
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias + np.array(offsets, bias.dtype)])


def to_int8(model: keras.Model, calibration: Sequence[FaceSample]) -> bytes:
    """The network in full-integer int8 LiteRT, with the outputs for class activation maps.

    Args:
        model: by `load_trained`.
        calibration: faces whose activations set the int8 ranges.
    """
    import tensorflow as tf

    def calibration_crops() -> Iterator[list[NDArray[np.float32]]]:
        for sample in calibration:
            yield [plain_crop(sample)[None].astype(np.float32)]

    signature = keras.InputSpec(shape=(1, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3), dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", input_signature=[signature], verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        return with_map_outputs(_convert(converter, calibration_crops))


def _convert(converter: Any, calibration_crops: Callable[[], Iterator[Any]]) -> bytes:
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration_crops
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    return bytes(converter.convert())
