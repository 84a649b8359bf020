"""Further outputs of an exported network, for class activation maps.

The runtime needs the last convolution's features, before they are pooled, and the weights of the
head; see `maskdet_core.masks.classifier`. Both are tensors of every exported network: they are
declared as outputs, and nothing is added that takes time.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from maskdet_core.masks.classifier import FEATURES, HEAD_KERNEL
from train.errors import WeightsError


def with_map_outputs(model: bytes) -> bytes:
    """The same network with `FEATURES` and `HEAD_KERNEL` as outputs beside the logits.

    Weights and logits stay bit for bit. An older output of spatial logits goes, with what computed
    it. A network with the flat head, which has a weight for each position, is returned unchanged,
    and so is one that has these outputs.

    Args:
        model: content of a LiteRT file by the converter.

    Raises:
        WeightsError: the features do not go through 2 x 2 max pooling and the average to the head.
    """
    # untyped, and generated from LiteRT's schema
    from ai_edge_litert import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    network: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    (graph,) = network.subgraphs
    maker = {int(made): one for one in graph.operators for made in one.outputs}
    names = {number: name for name, number in vars(schema.BuiltinOperator).items()}

    def kind(operator: Any) -> str:
        code = network.operatorCodes[operator.opcodeIndex]
        return str(names[max(code.builtinCode, code.deprecatedBuiltinCode)])

    logits = next(int(one) for one in graph.outputs if len(graph.tensors[one].shape) == 2)
    head = maker[logits]
    if kind(head) == "DEQUANTIZE":
        head = maker[int(head.inputs[0])]
    average = maker[int(head.inputs[0])]
    if kind(average) == "RESHAPE" or {FEATURES, HEAD_KERNEL} <= {
        graph.tensors[one].name.decode() for one in graph.outputs
    }:
        return model
    pooling = maker[int(average.inputs[0])]
    found = [kind(one) for one in (pooling, average, head)]
    if found != ["MAX_POOL_2D", "MEAN", "FULLY_CONNECTED"] or not _halves(pooling):
        raise WeightsError(
            f"expected 2 x 2 max pooling, the average and the head, got {', '.join(found)}"
        )
    outputs = {
        "output_0": logits,
        FEATURES: int(pooling.inputs[0]),
        HEAD_KERNEL: int(head.inputs[1]),
    }
    for name in (FEATURES, HEAD_KERNEL):
        graph.tensors[outputs[name]].name = name.encode()
    graph.outputs = np.array(list(outputs.values()), np.int32)
    graph.operators = _needed(graph.operators, outputs.values())
    (signature,) = network.signatureDefs
    signature.outputs = []
    for name, index in outputs.items():
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name.encode(), index
        signature.outputs.append(entry)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(network))


def _halves(pooling: Any) -> bool:
    options = pooling.builtinOptions
    sides = (options.filterWidth, options.filterHeight, options.strideW, options.strideH)
    return sides == (2, 2, 2, 2)


def _needed(operators: list[Any], outputs: Iterable[int]) -> list[Any]:
    """The operators that lead to some outputs, in their order."""
    wanted, kept = set(outputs), []
    for operator in reversed(operators):
        if wanted.intersection(map(int, operator.outputs)):
            wanted.update(map(int, operator.inputs))
            kept.append(operator)
    return kept[::-1]
