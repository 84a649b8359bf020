"""A LiteRT network that threads may share: built with a clear error, resized to the batch, run."""

import threading
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import MaskdetError


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a network, as its file declares it.

    Attributes:
        index: number within the network.
        name: in the file.
        shape: the first dimension is the batch, 1 in the file.
        dtype: NumPy's name of the type, for example "uint8".
        scales: factor of a quantized tensor, or one for each position along ``axis``; none if it is
            not quantized.
        zero_points: the integers that stand for 0, as many as scales.
        axis: see ``scales``.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int

    @classmethod
    def from_details(cls, details: dict[str, Any]) -> Self:
        """Read what the interpreter says of a tensor."""
        quantization = details["quantization_parameters"]
        return cls(
            details["index"],
            details["name"],
            tuple(details["shape"].tolist()),
            np.dtype(details["dtype"]).name,
            tuple(quantization["scales"].tolist()),
            tuple(quantization["zero_points"].tolist()),
            quantization["quantized_dimension"],
        )

    def real(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Values of the tensor as real numbers: integers by scale and zero point."""
        real = np.asarray(values, dtype=np.float64)
        if not self.scales:
            return real
        shape = [1] * real.ndim
        if len(self.scales) > 1:
            shape[self.axis] = len(self.scales)
        zero_points, scales = np.reshape(self.zero_points, shape), np.reshape(self.scales, shape)
        scaled: NDArray[np.float64] = (real - zero_points) * scales
        return scaled


class LiteRtNetwork:
    """A LiteRT interpreter behind a lock, since it is not thread-safe.

    Attributes:
        inputs: the network's inputs.
        outputs: the network's outputs.
    """

    def __init__(
        self, model: bytes, *, source: str, n_threads: int, error: type[MaskdetError]
    ) -> None:
        """Build the interpreter.

        Args:
            model: content of a LiteRT file.
            source: name of the model in error messages.
            n_threads: threads of one run, 1 or more.
            error: what to raise.

        Raises:
            MaskdetError: of the given type: the content is no LiteRT network.
        """
        # slow to import, and needed only where a network is loaded
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter = Interpreter(model_content=model, num_threads=n_threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as cause:
            raise error(f"{source}: expected a LiteRT network, got: {cause}") from cause
        self.inputs: Final = tuple(map(Tensor.from_details, self._interpreter.get_input_details()))
        self.outputs: Final = tuple(
            map(Tensor.from_details, self._interpreter.get_output_details())
        )
        self._lock = threading.Lock()
        self._n_allocated = 1

    def run(self, batch: NDArray[Any], *outputs: Tensor) -> tuple[NDArray[np.float64], ...]:
        """Run the network, which has one input, on a batch of another or the same size.

        Args:
            batch: (N, …) of the input's dtype and shape but for N, 1 or more; not changed.
            outputs: some of `outputs`.

        Returns:
            The real numbers of each of them, float64 (N, …).
        """
        (image,) = self.inputs
        with self._lock:
            if len(batch) != self._n_allocated:
                self._interpreter.resize_tensor_input(image.index, list(batch.shape))
                self._interpreter.allocate_tensors()
                self._n_allocated = len(batch)
            self._interpreter.set_tensor(image.index, np.ascontiguousarray(batch))
            self._interpreter.invoke()
            # get_tensor copies, so the next run cannot overwrite the result
            values = [self._interpreter.get_tensor(output.index) for output in outputs]
        return tuple(output.real(raw) for output, raw in zip(outputs, values, strict=True))

    def constant(self, tensor: Tensor) -> NDArray[np.float64]:
        """The real numbers of an output that no run changes, such as weights."""
        with self._lock:
            values = self._interpreter.get_tensor(tensor.index)
        return tensor.real(values)
