"""Float weights of an exported int8 network, read back from its LiteRT file.

An int8 weight is its value times the scale of its output channel, a bias its int32 value times its
scale (LiteRT's quantization specification). What is read computes the network's function without
the rounding of activations.
"""

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import ModelError
from maskdet_core.masks.manifest import ModelManifest
from train.errors import WeightsError
from train.network.config import IMAGENET_MEAN_RGB, SHIPPED
from train.network.start_weights import HEAD_LAYER, StartWeights

Floats = NDArray[np.float32]

_DTYPES = {0: np.float32, 2: np.int32, 3: np.uint8, 9: np.int8}
"""By LiteRT's number of the type; see `TensorType` in its schema."""


def read_tflite(path: Path) -> StartWeights:
    """Read the convolutions and the pooled head of a network by `train export`.

    Args:
        path: `.tflite` file; its manifest lies beside it and names the outputs.

    Raises:
        WeightsError: the file is missing, damaged, or of another network.
    """
    try:
        outputs = ModelManifest.load(path.with_suffix(".json")).classes
        content = path.read_bytes()
        tensors, operators = _graph(content)
    # flatbuffers passes on what it stumbles over in a damaged file
    except (OSError, ModelError, ValueError, LookupError, AttributeError, struct.error) as error:
        raise WeightsError(f"expected an exported network at {path}: {error}") from error
    kernels: dict[str, Floats] = {}
    biases: dict[str, Floats] = {}
    centred = False
    for operator, inputs in operators:
        if operator == "ADD" and inputs[1] in tensors:
            centred = np.allclose(tensors[inputs[1]][1], np.negative(IMAGENET_MEAN_RGB), atol=1.0)
        if operator not in ("CONV_2D", "FULLY_CONNECTED"):
            continue
        name, weight = tensors[inputs[1]]
        found = re.search(r"block\d_conv\d", name)
        if operator == "CONV_2D" and found is not None:
            # LiteRT keeps kernels as OHWI
            kernels[found[0]] = np.ascontiguousarray(weight.transpose(1, 2, 3, 0))
            biases[found[0]] = tensors[inputs[2]][1]
        elif operator == "FULLY_CONNECTED":
            kernels[HEAD_LAYER] = np.ascontiguousarray(weight.T)
            biases[HEAD_LAYER] = tensors[inputs[2]][1]
    if not centred:
        raise WeightsError(f"expected a network that subtracts ImageNet's mean, got {path}")
    expected = {HEAD_LAYER, *(name for name, _ in SHIPPED.convolutions)}
    if set(kernels) != expected or kernels[HEAD_LAYER].shape[1] != len(outputs):
        missing = ", ".join(sorted(expected - set(kernels))) or "none"
        raise WeightsError(
            f"expected the layers of VGG19 with a head of {len(outputs)} outputs in {path}, "
            f"missing: {missing}"
        )
    return StartWeights(kernels, biases, outputs)


def _graph(
    content: bytes,
) -> tuple[dict[int, tuple[str, Floats]], list[tuple[str, list[int]]]]:
    """Constant tensors by index, with their names, and operators with their inputs."""
    # untyped, and generated from LiteRT's schema
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    graph = model.subgraphs[0]
    tensors = {}
    for index, tensor in enumerate(graph.tensors):
        data = model.buffers[tensor.buffer].data
        if data is not None and len(data) and tensor.type in _DTYPES:
            stored = np.asarray(data, np.uint8).view(_DTYPES[tensor.type])
            shape = () if tensor.shape is None else tuple(tensor.shape)
            tensors[index] = (tensor.name.decode(), _dequantized(stored.reshape(shape), tensor))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    operators = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        operators.append((names[number], list(operator.inputs)))
    return tensors, operators


def _dequantized(stored: NDArray[Any], tensor: Any) -> Floats:
    quantization = tensor.quantization
    values = stored.astype(np.float64)
    if quantization is None or quantization.scale is None or not len(quantization.scale):
        return values.astype(np.float32)
    scale, zero = np.asarray(quantization.scale), np.asarray(quantization.zeroPoint)
    shape = [1] * values.ndim
    if values.ndim and len(scale) > 1:
        shape[quantization.quantizedDimension] = len(scale)
    return np.asarray((values - zero.reshape(shape)) * scale.reshape(shape), np.float32)
