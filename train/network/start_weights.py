"""Files of start weights, as far as they can be read and validated without Keras.

An `.npz` holds `<layer>.kernel` (HWIO; IO for the layer `logits`) and `<layer>.bias`. Two texts may
say more: `colour_order`, "bgr" (as Keras ships VGG19; the default) or "rgb", of the first kernel's
inputs; and `outputs`, the names of the logits.
"""

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdet_core.files import write_atomic
from train.errors import WeightsError

Floats = NDArray[np.float32]

FIRST_LAYER = "block1_conv1"
HEAD_LAYER = "logits"
_KERNEL, _BIAS = "kernel", "bias"
_NAMED = ("imagenet", "none")


def require(start_weights: str) -> None:
    """Refuse a missing or unreadable file, before pictures are read and TensorFlow loads.

    Args:
        start_weights: see `train.network.vgg19.build_model`.

    Raises:
        WeightsError: there is no such file, or an `.npz` cannot be read.
    """
    if start_weights in _NAMED:
        return
    path = Path(start_weights)
    if not path.is_file():
        raise WeightsError(
            f"expected {', '.join(_NAMED)} or a file of start weights, found no file {path}"
        )
    if path.suffix != ".keras":
        read_npz(path)


def require_teacher(path: Path) -> None:
    """Refuse a teacher that is no file or of another kind, before pictures are read.

    Raises:
        WeightsError: see above.
    """
    if not path.is_file() or path.suffix not in (".json", ".tflite", ".keras"):
        raise WeightsError(f"expected a teacher's network (.json, .tflite or .keras), got {path}")


@dataclass(frozen=True, slots=True)
class StartWeights:
    """Weights by layer.

    Attributes:
        kernels: by layer, float32 HWIO; IO for `logits`. The first takes RGB.
        biases: by layer, float32.
        outputs: names of the logits, in order; None where the file does not say.
    """

    kernels: dict[str, Floats]
    biases: dict[str, Floats]
    outputs: tuple[str, ...] | None = None

    @property
    def layers(self) -> list[str]:
        """Names of the layers, sorted."""
        return sorted({*self.kernels, *self.biases})

    def save(self, path: Path) -> None:
        """Write an `.npz` file, whole or not at all."""
        arrays: dict[str, NDArray[Any]] = {"colour_order": np.array("rgb")}
        if self.outputs is not None:
            arrays["outputs"] = np.array(self.outputs)
        for part, values in ((_KERNEL, self.kernels), (_BIAS, self.biases)):
            arrays |= {f"{name}.{part}": value for name, value in values.items()}
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        write_atomic(path, content.getvalue())


def read_npz(path: Path) -> StartWeights:
    """Read an `.npz` file of start weights.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or holds no layer.
    """
    try:
        # opened here, since NumPy leaves a damaged archive open
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise WeightsError(f"expected a weights file (.npz) at {path}, got a single array")
            arrays = {name: stored[name] for name in stored.files}
            order = str(arrays.pop("colour_order", "bgr"))
            outputs = arrays.pop("outputs", None)
            values = {name: np.asarray(value, np.float32) for name, value in arrays.items()}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise WeightsError(f"expected a weights file (.npz) at {path}: {error}") from error
    if order not in ("bgr", "rgb"):
        raise WeightsError(f"expected the colour order bgr or rgb in {path}, got {order}")
    unknown = [name for name in values if name.rpartition(".")[2] not in (_KERNEL, _BIAS)]
    if unknown or not values:
        got = ", ".join(sorted(unknown)) or "none"
        raise WeightsError(f"expected layers of VGG19 in {path}, got {got}")
    kernels, biases = (
        {n.removesuffix(end): v for n, v in values.items() if n.endswith(end)}
        for end in (f".{_KERNEL}", f".{_BIAS}")
    )
    first = kernels.get(FIRST_LAYER)
    if order == "bgr" and first is not None and first.ndim == 4:
        # the network is fed RGB, and no layer has to swap channels
        kernels[FIRST_LAYER] = first[:, :, ::-1]
    names = None if outputs is None else tuple(str(name) for name in outputs)
    return StartWeights(kernels, biases, names)
