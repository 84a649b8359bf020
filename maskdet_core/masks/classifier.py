"""The mask classifier: uint8 face crops in, probabilities out. No TensorFlow in here."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any, Final, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from maskdet_core.cpu import N_THREADS
from maskdet_core.errors import ModelError
from maskdet_core.masks.logits import mask_log_odds, predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Predictions

_LOGITS: Final = 2
"""Dimensions of the output that holds the logits."""
_BY_PLACE: Final = 4
"""Dimensions of the output that holds them by place."""


@runtime_checkable
class Classifier(Protocol):
    """What a detector needs of a classifier. Implementations are safe to share by threads."""

    @property
    def manifest(self) -> ModelManifest:
        """Classes, input size and crop framing."""
        ...

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        """Judge each crop; see `MaskClassifier.predict`."""
        ...

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """What spoke for a mask, by place; see `MaskClassifier.activation_map`."""
        ...


def validate_crops(crops: NDArray[Any], size_px: int) -> None:
    """Raise ValueError unless ``crops`` is uint8 (N, size_px, size_px, 3); N may be 0."""
    wanted = (size_px, size_px, 3)
    if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8:
        raise ValueError(f"expected uint8 crops, got {getattr(crops, 'dtype', type(crops))}")
    if crops.ndim != 4 or crops.shape[1:] != wanted:
        raise ValueError(f"expected crops of shape (N, {size_px}, {size_px}, 3), got {crops.shape}")


class MaskClassifier:
    """A LiteRT network behind a lock: one object serves every thread of a process."""

    def __init__(
        self,
        model: bytes,
        manifest: ModelManifest,
        *,
        source: str = "model",
        n_threads: int = N_THREADS,
    ) -> None:
        """Build the interpreter and check the network's shape against the manifest.

        Args:
            model: content of a LiteRT file: uint8 (1, size, size, 3) in, logits
                (1, n_classes) out, float32 or quantized; it may have a second output, the
                logits by place (1, rows, columns, n_classes), whose mean over places they are.
            manifest: what the network is.
            source: named in error messages.
            n_threads: threads of one run, 1 or more.

        Raises:
            ModelError: no LiteRT network, or another input or number of classes.
        """
        self._manifest = manifest
        self._lock = threading.Lock()
        self._interpreter = _build_interpreter(model, source, n_threads)
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        n_by_kind = Counter(len(output["shape"]) for output in outputs)
        if len(inputs) != 1 or n_by_kind not in ({_LOGITS: 1}, {_LOGITS: 1, _BY_PLACE: 1}):
            raise ModelError(f"{source}: expected one input, and logits alone or by place as well")
        self._input = inputs[0]
        self._output = next(o for o in outputs if len(o["shape"]) == _LOGITS)
        self._by_place = next((o for o in outputs if len(o["shape"]) == _BY_PLACE), None)
        size, n_classes = manifest.input_size_px, len(manifest.classes)
        checks: list[tuple[str, Any, Any]] = [
            ("input shape", [1, size, size, 3], self._input["shape"].tolist()),
            ("input type", "uint8", np.dtype(self._input["dtype"]).name),
            ("output shape", [1, n_classes], self._output["shape"].tolist()),
        ]
        if self._by_place is not None:
            checks.append(("classes by place", n_classes, int(self._by_place["shape"][-1])))
        for what, wanted, got in checks:
            if wanted != got:
                raise ModelError(f"{source}: expected {what} {wanted} by the manifest, got {got}")

    @classmethod
    def from_manifest(cls, path: Path | str, *, n_threads: int = N_THREADS) -> Self:
        """Load the network that a manifest names, which lies beside it.

        Args:
            path: the manifest.
            n_threads: threads of one run, 1 or more.

        Raises:
            ModelError: file or manifest missing, damaged, altered or inconsistent.
        """
        path = Path(path)
        manifest = ModelManifest.load(path)
        model = manifest.read_model(path.parent)
        source = str(path.parent / manifest.file)
        return cls(model, manifest, source=source, n_threads=n_threads)

    @property
    def manifest(self) -> ModelManifest:
        """Classes, input size and crop framing."""
        return self._manifest

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        """Judge each crop.

        Args:
            crops: uint8 (N, size, size, 3), RGB; N may be 0.

        Raises:
            ValueError: another shape or dtype.
        """
        return predictions_from_logits(self.logits(crops), self._manifest)

    def logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        """What the network answers, float64 (N, n_classes), before temperature and thresholds.

        Args:
            crops: uint8 (N, size, size, 3), RGB; N may be 0.

        Raises:
            ValueError: another shape or dtype.
        """
        validate_crops(crops, self._manifest.input_size_px)
        logits = np.empty((len(crops), len(self._manifest.classes)), dtype=np.float64)
        for index in range(len(crops)):
            logits[index] = self._run(crops[index : index + 1], self._output)
        return logits

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """What spoke for a mask and what against it, by place.

        The head is linear on the last feature map, so a verdict's log odds are the mean of what
        each place of that map contributes: this is no estimate but the sum itself, up to rounding.

        Args:
            crops: uint8 (N, size, size, 3), RGB; N may be 0.

        Returns:
            Log odds by place, float64 (N, rows, columns), above 0 for a mask; their mean over
            places is the log odds of ``p_with_mask``. None if the network has no such output.

        Raises:
            ValueError: another shape or dtype.
        """
        validate_crops(crops, self._manifest.input_size_px)
        if self._by_place is None:
            return None
        by_place = np.empty((len(crops), *self._by_place["shape"][1:]), dtype=np.float64)
        for index in range(len(crops)):
            by_place[index] = self._run(crops[index : index + 1], self._by_place)
        return mask_log_odds(by_place, self._manifest)

    def _run(self, crop: NDArray[np.uint8], output: dict[str, Any]) -> NDArray[np.float64]:
        with self._lock:
            self._interpreter.set_tensor(self._input["index"], np.ascontiguousarray(crop))
            self._interpreter.invoke()
            # get_tensor copies: the next run may not touch what this one answered.
            raw = self._interpreter.get_tensor(output["index"])[0]
        values: NDArray[np.float64] = np.asarray(raw, dtype=np.float64)
        if np.issubdtype(raw.dtype, np.integer):
            scale, zero_point = output["quantization"]
            values = (values - zero_point) * scale
        return values


def _build_interpreter(model: bytes, source: str, n_threads: int) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_content=model, num_threads=n_threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{source}: expected a LiteRT network, got: {error}") from error
    return interpreter
