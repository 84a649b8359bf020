"""The shipped network as an ONNX graph: the same integers, in the QDQ form that runtimes fuse.

Every value of the LiteRT file is kept: weights, biases, scales. Activations are stored as uint8
with their zero point moved by 128, which is the same numbers, since ONNX Runtime's kernels for x86
are made for unsigned activations and signed weights. A clamp at the zero point is what LiteRT's
fused ReLU is, and each QuantizeLinear does it.
"""

from typing import Any, Final

import numpy as np
import onnx
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET: Final = 17
_SHIFT: Final = 128
"""From int8 to uint8."""


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(
        self,
        tensors: dict[int, dict[str, Any]],
        interpreter: Interpreter,
        *,
        unsigned_weights: bool,
    ) -> None:
        self._unsigned_weights = unsigned_weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._tensors, self._interpreter = tensors, interpreter
        self.real: dict[int, str] = {}
        """Name of the dequantized value of each tensor that has been computed, channels first."""

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; its name."""
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        """Add a constant; its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weights(self, index: int, axes: tuple[int, ...] | None = None) -> str:
        """A constant of the file, dequantized by channel along its first axis."""
        value = self._interpreter.get_tensor(index)
        if axes is not None:
            value = value.transpose(axes)
        found = self._tensors[index]["quantization_parameters"]
        scale, zero = found["scales"].astype(np.float32), found["zero_points"].astype(value.dtype)
        if self._unsigned_weights and value.dtype == np.int8:
            value = (value.astype(np.int16) + _SHIFT).astype(np.uint8)
            zero = (zero.astype(np.int16) + _SHIFT).astype(np.uint8)
        if len(scale) == 1:
            scale, zero = scale.reshape(()), zero.reshape(())
        return self.node(
            "DequantizeLinear",
            self.constant(value),
            self.constant(scale),
            self.constant(zero),
            axis=0,
        )

    def requantize(self, name: str, index: int) -> None:
        """Round a value to the integers of a tensor, and note its real numbers."""
        scale, zero = self._tensors[index]["quantization"]
        bounds = (
            self.constant(np.array(scale, np.float32)),
            self.constant(np.array(zero + _SHIFT, np.uint8)),
        )
        integers = self.node("QuantizeLinear", name, *bounds)
        self.real[index] = self.node("DequantizeLinear", integers, *bounds)


def onnx_of(model: bytes, *, unsigned_weights: bool = False) -> bytes:
    """An ONNX file of a network of ours: convolutions of stride 1, pooling by 2, mean, head.

    Args:
        model: content of the LiteRT file.
        unsigned_weights: store weights as uint8 too, the same numbers again. Without VNNI, ONNX
            Runtime adds products with signed weights in 16 bits, where they overflow.

    Raises:
        ValueError: the network has another operation.
    """
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    tensors = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    graph = _Graph(tensors, interpreter, unsigned_weights=unsigned_weights)
    (asked,) = interpreter.get_input_details()
    outputs = []
    for operation in interpreter._get_ops_details():
        kind = operation["op_name"]
        if kind == "DELEGATE":
            # the same operations again, as LiteRT runs them
            continue
        first, *others = (int(index) for index in operation["inputs"])
        (made,) = (int(index) for index in operation["outputs"])
        match kind:
            case "QUANTIZE":
                bounds = (
                    graph.constant(np.array(1, np.float32)),
                    graph.constant(np.array(0, np.uint8)),
                )
                planes = graph.node("Transpose", "crop", perm=[0, 3, 1, 2])
                graph.real[made] = graph.node("DequantizeLinear", planes, *bounds)
            case "ADD":
                mean = graph.constant(_real(interpreter, tensors[others[0]]).reshape(1, -1, 1, 1))
                graph.requantize(graph.node("Add", graph.real[first], mean), made)
            case "CONV_2D":
                kernel = graph.weights(others[0], (0, 3, 1, 2))
                pad = int(tensors[others[0]]["shape"][1]) // 2
                convolved = graph.node(
                    "Conv", graph.real[first], kernel, graph.weights(others[1]), pads=4 * [pad]
                )
                graph.requantize(convolved, made)
            case "MAX_POOL_2D":
                pooled = graph.node(
                    "MaxPool", graph.real[first], kernel_shape=[2, 2], strides=[2, 2]
                )
                graph.requantize(pooled, made)
            case "MEAN":
                mean = graph.node("GlobalAveragePool", graph.real[first])
                graph.requantize(mean, made)
                graph.real[made] = graph.node("Flatten", graph.real[made])
            case "FULLY_CONNECTED":
                head = graph.weights(others[0])
                logits = graph.node(
                    "Gemm", graph.real[first], head, graph.weights(others[1]), transB=1
                )
                graph.requantize(logits, made)
            case "DEQUANTIZE":
                shape = [int(side) for side in tensors[made]["shape"]]
                name = graph.real[first]
                if len(shape) == len(asked["shape"]):
                    name = graph.node("Transpose", name, perm=[0, 2, 3, 1])
                outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
            case _:
                raise ValueError(f"expected a network of ours, got the operation {kind}")
    shape = [int(side) for side in asked["shape"]]
    made_graph = helper.make_graph(
        graph.nodes,
        "maskdet",
        [helper.make_tensor_value_info("crop", TensorProto.UINT8, shape)],
        outputs,
        graph.constants,
    )
    file = helper.make_model(made_graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    file.ir_version = 10
    onnx.checker.check_model(file)
    return bytes(file.SerializeToString())


def _real(interpreter: Interpreter, tensor: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero = tensor["quantization"]
    return np.asarray((interpreter.get_tensor(tensor["index"]) - float(zero)) * scale, np.float32)
