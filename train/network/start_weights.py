"""Files of start weights, as far as they can be validated without Keras."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.errors import WeightsError

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


def read_npz(path: Path) -> dict[str, NDArray[np.float32]]:
    """The arrays of an `.npz` file by name.

    Raises:
        WeightsError: the file is missing, damaged or of another kind.
    """
    try:
        # opened here, since NumPy leaves a damaged archive open
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise WeightsError(f"expected a weights file (.npz) at {path}, got a single array")
            return {name: np.asarray(stored[name], np.float32) for name in stored.files}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise WeightsError(f"expected a weights file (.npz) at {path}: {error}") from error
