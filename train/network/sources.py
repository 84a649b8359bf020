"""Trained networks as plain weights: of a run, or of an exported int8 network."""

from pathlib import Path

from maskdet_core.types import NO_FACE, WORN_WRONG
from train.errors import WeightsError
from train.network.config import TRAINED_FILE, NetworkConfig
from train.network.export import load_trained, network_of
from train.network.start_weights import HEAD_LAYER, StartWeights
from train.network.tflite_weights import read_tflite


def read_trained(source: Path) -> tuple[StartWeights, NetworkConfig]:
    """Weights of a trained network, and what they are the weights of.

    Args:
        source: folder of a finished run, its `model.keras`, or a `.tflite` by `train export`.

    Raises:
        WeightsError: a file of another kind, or one that does not fit.
        RunError: no finished run there.
    """
    if source.suffix == ".tflite":
        weights = read_tflite(source)
        return weights, _network_around(weights, source)
    if source.name == TRAINED_FILE:
        source = source.parent
    elif source.is_file():
        raise WeightsError(f"expected a run, its {TRAINED_FILE} or a .tflite file, got {source}")
    network = network_of(source)
    model = load_trained(source)
    layers = {
        name: model.get_layer(name).get_weights()
        for name in (*(name for name, _ in network.convolutions), HEAD_LAYER)
    }
    kernels, biases = ({name: pair[i] for name, pair in layers.items()} for i in (0, 1))
    return StartWeights(kernels, biases, network.outputs), network


def _network_around(weights: StartWeights, source: Path) -> NetworkConfig:
    outputs = weights.outputs or ()
    network = NetworkConfig(worn_wrong=WORN_WRONG in outputs, no_face=NO_FACE in outputs)
    if network.outputs != outputs:
        raise WeightsError(
            f"expected the outputs {', '.join(network.outputs)} in {source}, got "
            f"{', '.join(outputs)}"
        )
    widths = tuple(weights.kernels[f"block{i}_conv1"].shape[-1] for i in range(1, 6))
    return NetworkConfig(worn_wrong=network.worn_wrong, no_face=network.no_face, widths=widths)
