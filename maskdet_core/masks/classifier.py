"""The mask classifier: uint8 face crops in, probabilities out. No TensorFlow in here."""

import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Final, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import ModelError
from maskdet_core.files import models_folder
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import NO_FACE, WITH_MASK, WITHOUT_MASK, Judgements

MODEL_ENV: Final = "MASKDET_MODEL"
"""Environment variable naming another manifest or `.keras` file than the shipped one."""
DEFAULT_MODEL: Final = models_folder() / "maskdet-vgg19-int8.json"
N_THREADS: Final = min(2, os.cpu_count() or 1)
"""Threads of one LiteRT run: more bring little for one crop and take them from other viewers."""
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

    def predict(self, crops: NDArray[np.uint8]) -> Judgements:
        """Judge each crop; see `MaskClassifier.predict`."""
        ...

    def evidence(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """What spoke for a mask, by place; see `MaskClassifier.evidence`."""
        ...


def default_model_path() -> Path:
    """The manifest (or `.keras` file) to load: ``MASKDET_MODEL`` if set, else the shipped one."""
    return Path(os.environ.get(MODEL_ENV) or DEFAULT_MODEL)


def load_classifier(path: Path | str | None = None, *, n_threads: int = N_THREADS) -> Classifier:
    """Load a classifier.

    Args:
        path: a manifest (`.json`, the int8 network beside it) or a Keras file (`.keras`, loaded
            in safe mode; only then is TensorFlow or another Keras backend imported). None means
            `default_model_path`.
        n_threads: threads of one LiteRT run; Keras chooses its own.

    Raises:
        ModelError: anything wrong with the network or its manifest.
    """
    path = Path(path) if path is not None else default_model_path()
    match path.suffix:
        case ".json":
            return MaskClassifier.from_manifest(path, n_threads=n_threads)
        case ".keras":
            from maskdet_core.masks.keras_classifier import KerasMaskClassifier

            return KerasMaskClassifier.from_file(path)
        case _:
            raise ModelError(f"expected a .json manifest or a .keras model, got {path}")


def check_crops(crops: NDArray[Any], size_px: int) -> None:
    """Raise ValueError unless ``crops`` is uint8 (N, size_px, size_px, 3); N may be 0."""
    wanted = (size_px, size_px, 3)
    if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8:
        raise ValueError(f"expected uint8 crops, got {getattr(crops, 'dtype', type(crops))}")
    if crops.ndim != 4 or crops.shape[1:] != wanted:
        raise ValueError(f"expected crops of shape (N, {size_px}, {size_px}, 3), got {crops.shape}")


def judge(logits: NDArray[Any], manifest: ModelManifest) -> Judgements:
    """Probabilities from logits (N, n_classes).

    The probability of a mask is a softmax over the two mask classes only, after division by the
    temperature, so that a further class does not change what it means. The probability of a face
    is the softmax over all classes, `NO_FACE` being the rest.
    """
    scaled = np.asarray(logits, dtype=np.float64) / manifest.temperature
    with_mask = scaled[:, manifest.classes.index(WITH_MASK)]
    without_mask = scaled[:, manifest.classes.index(WITHOUT_MASK)]
    p_with_mask = _sigmoid(with_mask, without_mask)
    if NO_FACE not in manifest.classes:
        return Judgements(p_with_mask, np.ones(len(scaled)))
    no_face = scaled[:, manifest.classes.index(NO_FACE)]
    return Judgements(p_with_mask, _sigmoid(np.logaddexp(with_mask, without_mask), no_face))


def mask_log_odds(logits: NDArray[Any], manifest: ModelManifest) -> NDArray[np.float64]:
    """Log odds of a mask against none from logits (..., n_classes), after the temperature."""
    scaled = np.asarray(logits, dtype=np.float64) / manifest.temperature
    with_mask = scaled[..., manifest.classes.index(WITH_MASK)]
    return with_mask - scaled[..., manifest.classes.index(WITHOUT_MASK)]


def _sigmoid(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of a among the two logits; NaN where one is not finite."""
    usable = np.isfinite(a) & np.isfinite(b)
    difference = np.where(usable, a, 0.0) - np.where(usable, b, 0.0)
    # Beyond 700 exp() overflows; the probability is exactly 0 or 1 in float64 long before.
    probability = 1.0 / (1.0 + np.exp(-np.clip(difference, -700.0, 700.0)))
    return np.where(usable, probability, np.nan)


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

    def predict(self, crops: NDArray[np.uint8]) -> Judgements:
        """Judge each crop.

        Args:
            crops: uint8 (N, size, size, 3), RGB; N may be 0.

        Raises:
            ValueError: another shape or dtype.
        """
        return judge(self.logits(crops), self._manifest)

    def logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        """What the network answers, float64 (N, n_classes), before temperature and thresholds.

        Args:
            crops: uint8 (N, size, size, 3), RGB; N may be 0.

        Raises:
            ValueError: another shape or dtype.
        """
        check_crops(crops, self._manifest.input_size_px)
        logits = np.empty((len(crops), len(self._manifest.classes)), dtype=np.float64)
        for index in range(len(crops)):
            logits[index] = self._run(crops[index : index + 1], self._output)
        return logits

    def evidence(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
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
        check_crops(crops, self._manifest.input_size_px)
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
