"""A classifier for `.keras` files, to compare the quantized network with the float original.

Keras and its backend are imported when a network is loaded, not with this module.
"""

import threading
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import ModelError
from maskdet_core.masks.classifier import NetworkClassifier, validate_crops
from maskdet_core.masks.logits import logits_by_place, mask_log_odds
from maskdet_core.masks.manifest import ModelManifest


class KerasMaskClassifier(NetworkClassifier):
    """A Keras network behind a lock, with the interface of `MaskClassifier`."""

    def __init__(self, network: Any, manifest: ModelManifest) -> None:
        """Wrap a loaded network.

        Args:
            network: Keras model. Input: (N, size, size, 3), RGB, 0 to 255. Output: logits
                (N, n_classes).
            manifest: describes the network.

        Raises:
            ModelError: the network's shapes differ from the manifest's.
        """
        size = manifest.input_size_px
        expected = ((None, size, size, 3), (None, len(manifest.classes)))
        if (network.input_shape, network.output_shape) != expected:
            raise ModelError(
                f"{manifest.file}: expected input and output shapes {expected}, "
                f"got {(network.input_shape, network.output_shape)}"
            )
        super().__init__(manifest)
        self._network = network
        self._lock = threading.Lock()

    @classmethod
    def from_file(cls, path: Path | str) -> Self:
        """Load a `.keras` file in Keras's safe mode, which runs no code from the file.

        A manifest of the same name with the suffix `.json` is used if there is one, and the file
        must then have its size and hash. Without one the defaults of `ModelManifest` apply.

        Raises:
            ModelError: the file is missing or damaged, Keras is not installed, or safe mode
                refuses the network (for example because of a Lambda layer).
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
            # for a hostile or damaged file Keras raises many types: ValueError, TypeError,
            # KeyError, OSError, BadZipFile, and those of h5py
            raise ModelError(f"{path}: Keras refused the file in safe mode: {error}") from error
        return cls(network, manifest)

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """Class activation maps (CAM); see `MaskClassifier.activation_map`.

        None unless the network ends with a global average pooling "pool" and a dense layer
        "logits", as this project's networks do.
        """
        validate_crops(crops, self._manifest.input_size_px)
        import keras

        layers = {layer.name: layer for layer in self._network.layers}
        pool = layers.get("pool")
        if not isinstance(pool, keras.layers.GlobalAveragePooling2D) or "logits" not in layers:
            return None
        features, is_pooled = pool.input, False
        for layer in self._network.layers:
            if isinstance(layer, keras.layers.MaxPooling2D) and layer.output is features:
                features, is_pooled = layer.input, True
        with_features = keras.Model(self._network.input, [self._network.output, features])
        if not len(crops):
            return np.empty((0, *features.shape[1:3]))
        with self._lock:
            first, values = map(keras.ops.convert_to_numpy, with_features(crops, training=False))
        logits = self._with_further_views(crops, np.asarray(first, np.float64))
        kernel = keras.ops.convert_to_numpy(layers["logits"].kernel).T
        spatial = logits_by_place(values, kernel, logits, is_pooled=is_pooled)
        return mask_log_odds(spatial, self._manifest)

    def _first_logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        if not len(crops):
            return np.empty((0, len(self._manifest.classes)))
        import keras

        with self._lock:
            logits = keras.ops.convert_to_numpy(self._network(crops, training=False))
        return np.array(logits, np.float64)
