"""The mask classifier: uint8 face crops in, probabilities out, by LiteRT without TensorFlow."""

import copy
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from maskdet_core.cpu import N_THREADS
from maskdet_core.errors import ModelError
from maskdet_core.litert import LiteRtNetwork, Tensor
from maskdet_core.masks.logits import logits_by_place, mask_log_odds, predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Predictions

FEATURES: Final = "features"
"""Name of the output that holds the last convolution's features, (1, rows, columns, n), before
2 x 2 max pooling and global average pooling."""
HEAD_KERNEL: Final = "head_kernel"
"""Name of the output that holds the weights of the head, (n_classes, n); no run changes them."""
_LOGITS_NDIM: Final = 2
"""Dimensions of the output that holds the logits, (1, n_classes)."""
_SPATIAL_NDIM: Final = 4
"""Dimensions of the output that holds the spatial logits, (1, rows, columns, n_classes)."""


@runtime_checkable
class Classifier(Protocol):
    """What a detector needs of a classifier. Implementations are thread-safe."""

    @property
    def manifest(self) -> ModelManifest:
        """Classes, input size and crop framing."""
        ...

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        """Classify crops; see `MaskClassifier.predict`."""
        ...

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """Class activation maps; see `MaskClassifier.activation_map`."""
        ...


def validate_crops(crops: NDArray[Any], size_px: int) -> None:
    """Raise ValueError unless ``crops`` is uint8 (N, size_px, size_px, 3); N may be 0."""
    expected = (size_px, size_px, 3)
    if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8:
        raise ValueError(f"expected uint8 crops, got {getattr(crops, 'dtype', type(crops))}")
    if crops.ndim != 4 or crops.shape[1:] != expected:
        raise ValueError(f"expected crops of shape (N, {size_px}, {size_px}, 3), got {crops.shape}")


class NetworkClassifier(ABC):
    """What classifiers of every runtime share: further views, and probabilities from logits."""

    def __init__(self, manifest: ModelManifest) -> None:
        """Keep the manifest.

        Args:
            manifest: describes the network.
        """
        self._manifest = manifest

    @property
    def manifest(self) -> ModelManifest:
        """Classes, input size and crop framing."""
        return self._manifest

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        """Classify crops.

        Args:
            crops: uint8 (N, size, size, 3), RGB, not changed; N may be 0.

        Raises:
            ValueError: other shape or dtype.
        """
        return predictions_from_logits(self.logits(crops), self._manifest)

    def logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Logits, before division by the temperature; the mean over views of an unsure crop.

        Args:
            crops: uint8 (N, size, size, 3), RGB, not changed; N may be 0.

        Returns:
            float64 (N, n_classes), in the order of the manifest's classes.

        Raises:
            ValueError: other shape or dtype.
        """
        validate_crops(crops, self._manifest.input_size_px)
        return self._with_further_views(crops, self._first_logits(crops))

    def with_one_view(self) -> Self:
        """The same network, shared, that sees each crop once however unsure it is."""
        other = copy.copy(self)
        other._manifest = replace(self._manifest, further_views=None)
        return other

    @abstractmethod
    def _first_logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Logits of crops as they are, float64 (N, n_classes)."""

    def _with_further_views(
        self, crops: NDArray[np.uint8], first: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        views = self._manifest.further_views
        if views is None:
            return first
        return views.averaged(crops, first, self._first_logits, self._manifest.no_face_index)


class MaskClassifier(NetworkClassifier):
    """A LiteRT network that classifies crops; threads may share it."""

    def __init__(
        self,
        model: bytes,
        manifest: ModelManifest,
        *,
        source: str = "model",
        n_threads: int = N_THREADS,
    ) -> None:
        """Build the interpreter and compare the network's inputs and outputs with the manifest.

        Args:
            model: content of a LiteRT file. Input: uint8 (1, size, size, 3). Output: logits
                (1, n_classes), float32 or quantized. Optional, for class activation maps: either
                `FEATURES` and `HEAD_KERNEL`, or spatial logits (1, rows, columns, n_classes),
                whose mean over locations equals the logits.
            manifest: describes the network.
            source: name of the model in error messages.
            n_threads: threads of one run, 1 or more.

        Raises:
            ModelError: the content is no LiteRT network, or does not fit the manifest.
        """
        super().__init__(manifest)
        self._network = LiteRtNetwork(model, source=source, n_threads=n_threads, error=ModelError)
        inputs, outputs = self._network.inputs, self._network.outputs
        named = {output.name: output for output in outputs}
        self._features, kernel = named.get(FEATURES), named.get(HEAD_KERNEL)
        others = [output for output in outputs if output not in (self._features, kernel)]
        n_by_kind = Counter(len(output.shape) for output in others)
        has_map = self._features is not None and kernel is not None
        if (
            len(inputs) != 1
            or has_map != (len(others) < len(outputs))
            or n_by_kind not in ({_LOGITS_NDIM: 1}, {_LOGITS_NDIM: 1, _SPATIAL_NDIM: 1})
        ):
            raise ModelError(
                f"{source}: expected one input, and logits alone, with spatial logits, or with "
                f"{FEATURES} and {HEAD_KERNEL}"
            )
        self._output = next(o for o in others if len(o.shape) == _LOGITS_NDIM)
        self._spatial_output = next((o for o in others if len(o.shape) == _SPATIAL_NDIM), None)
        size, n_classes = manifest.input_size_px, len(manifest.classes)
        checks: list[tuple[str, Any, Any]] = [
            ("input shape", [1, size, size, 3], list(inputs[0].shape)),
            ("input type", "uint8", inputs[0].dtype),
            ("output shape", [1, n_classes], list(self._output.shape)),
        ]
        if self._spatial_output is not None:
            checks.append(("spatial classes", n_classes, self._spatial_output.shape[-1]))
        if self._features is not None and kernel is not None:
            odd = [side % 2 for side in self._features.shape[1:3]]
            checks += [
                ("odd sides of the features", [0, 0], odd),
                ("head", [n_classes, self._features.shape[-1]], list(kernel.shape)),
            ]
        for what, expected, got in checks:
            if expected != got:
                raise ModelError(f"{source}: expected {what} {expected} by the manifest, got {got}")
        self._head_kernel = None if kernel is None else self._network.constant(kernel)

    @classmethod
    def from_manifest(cls, path: Path | str, *, n_threads: int = N_THREADS) -> Self:
        """Load the network of a manifest, which lies beside it.

        Args:
            path: the manifest.
            n_threads: threads of one run, 1 or more.

        Raises:
            ModelError: file or manifest missing, damaged, modified or inconsistent.
        """
        path = Path(path)
        manifest = ModelManifest.load(path)
        model = manifest.read_model(path.parent)
        source = str(path.parent / manifest.file)
        return cls(model, manifest, source=source, n_threads=n_threads)

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """Class activation maps: the contribution of each location to the log odds of a mask.

        With global average pooling and a linear head this is exactly CAM (Zhou et al., "Learning
        Deep Features for Discriminative Localization", CVPR 2016): the head applied to each
        location of the last feature map, so that the mean over locations is the network's own
        log odds. Where the network gives its features before the last max pooling, each maximum
        counts where it came from (`logits_by_place`), which doubles the resolution.

        Args:
            crops: uint8 (N, size, size, 3), RGB, not changed; N may be 0.

        Returns:
            Log odds per location, float64 (N, rows, columns), above 0 for a mask that covers mouth
            and nose, below 0 for the other classes of a face; their mean is the log odds of
            ``p_with_mask``. What further views of an unsure crop change of the logits belongs to no
            place, and is spread evenly. None if the network has no outputs for it.

        Raises:
            ValueError: other shape or dtype.
        """
        validate_crops(crops, self._manifest.input_size_px)
        if self._features is not None and self._head_kernel is not None:
            first, features = self._run(crops, self._output, self._features)
            logits = self._with_further_views(crops, first)
            spatial = logits_by_place(features, self._head_kernel, logits, is_pooled=True)
        elif self._spatial_output is not None:
            first, spatial = self._run(crops, self._output, self._spatial_output)
            change = self._with_further_views(crops, first) - first
            spatial += change[:, None, None]
        else:
            return None
        return mask_log_odds(spatial, self._manifest)

    def _first_logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        (logits,) = self._run(crops, self._output)
        return logits

    def _run(self, crops: NDArray[np.uint8], *outputs: Tensor) -> tuple[NDArray[np.float64], ...]:
        values = tuple(
            np.empty((len(crops), *output.shape[1:]), dtype=np.float64) for output in outputs
        )
        # one by one, so that the interpreter's memory stays that of one crop
        for index in range(len(crops)):
            one = slice(index, index + 1)
            for kept, got in zip(values, self._network.run(crops[one], *outputs), strict=True):
                kept[one] = got
        return values
