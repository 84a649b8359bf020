"""A `.keras` network as classifier, for comparison with the float original. Needs Keras.

Only this module imports Keras (and with it TensorFlow or another backend), and only when used.
"""

import threading
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import ModelError
from maskdet_core.masks.classifier import validate_crops
from maskdet_core.masks.logits import mask_log_odds, predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Predictions


class KerasMaskClassifier:
    """A Keras network behind a lock. Same use as `MaskClassifier`."""

    def __init__(self, network: Any, manifest: ModelManifest) -> None:
        """Wrap a loaded network.

        Args:
            network: Keras model, (N, size, size, 3) RGB 0 to 255 in, logits (N, n_classes) out.
            manifest: what the network is.

        Raises:
            ModelError: the network's shapes do not fit the manifest.
        """
        size = manifest.input_size_px
        wanted = ((None, size, size, 3), (None, len(manifest.classes)))
        if (network.input_shape, network.output_shape) != wanted:
            raise ModelError(
                f"{manifest.file}: expected input and output shapes {wanted}, "
                f"got {(network.input_shape, network.output_shape)}"
            )
        self._network = network
        self._manifest = manifest
        self._lock = threading.Lock()

    @classmethod
    def from_file(cls, path: Path | str) -> Self:
        """Load a `.keras` file in Keras's safe mode, which runs no code from the file.

        A manifest of the same name with `.json` is used if it is there, and the file is then
        checked against it; without one the defaults of `ModelManifest` hold.

        Raises:
            ModelError: missing or damaged file, Keras not installed, or a network that safe
                mode refuses (for example one with a Lambda layer).
        """
        path = Path(path)
        if not path.is_file():
            raise ModelError(f"cannot read the model {path}: no such file")
        beside = path.with_suffix(".json")
        if beside.is_file():
            manifest = ModelManifest.load(beside)
            if manifest.file != path.name:
                raise ModelError(f"manifest {beside} describes {manifest.file}, not {path.name}")
            manifest.read_model(path.parent)
        else:
            manifest = ModelManifest.for_file(path, quantization="none")
        try:
            import keras
        except ImportError as error:
            raise ModelError(
                f"{path} needs Keras and a backend: install the training requirements"
            ) from error
        try:
            network = keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:
            # Keras answers a hostile or damaged file with many types: ValueError, TypeError,
            # KeyError, OSError, BadZipFile, and those of h5py.
            raise ModelError(f"{path}: Keras refused the file in safe mode: {error}") from error
        return cls(network, manifest)

    @property
    def manifest(self) -> ModelManifest:
        """Classes, input size and crop framing."""
        return self._manifest

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        """Judge uint8 RGB crops (N, size, size, 3)."""
        validate_crops(crops, self._manifest.input_size_px)
        if not len(crops):
            return Predictions(np.empty(0), np.empty(0))
        import keras

        with self._lock:
            logits = keras.ops.convert_to_numpy(self._network(crops, training=False))
        return predictions_from_logits(np.array(logits), self._manifest)

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """What spoke for a mask, by place; see `MaskClassifier.activation_map`.

        None unless the network ends as this project's do: a layer "pool" that averages over
        places, and a dense layer "logits".
        """
        validate_crops(crops, self._manifest.input_size_px)
        import keras

        named = {layer.name: layer for layer in self._network.layers}
        pool = named.get("pool")
        if not isinstance(pool, keras.layers.GlobalAveragePooling2D) or "logits" not in named:
            return None
        by_place = keras.Model(self._network.input, named["logits"](pool.input))
        if not len(crops):
            return np.empty((0, *by_place.output_shape[1:3]))
        with self._lock:
            found = keras.ops.convert_to_numpy(by_place(crops, training=False))
        return mask_log_odds(found, self._manifest)
