"""Load a classifier by path, environment variable or default."""

import os
from pathlib import Path
from typing import Final

from maskdet_core.cpu import N_THREADS
from maskdet_core.errors import ModelError
from maskdet_core.files import models_folder
from maskdet_core.masks.classifier import Classifier, MaskClassifier

MODEL_ENV: Final = "MASKDET_MODEL"
"""Environment variable: path of a manifest or `.keras` file to use instead of the default one, or
`WHOLE`."""
DEFAULT_MODEL: Final = models_folder() / "maskdet-vgg19-int8.json"
WHOLE: Final = "whole"
"""Name of the network with VGG19's own widths and no class for masks worn wrong, for `MODEL_ENV`
and `--model`."""
WHOLE_MODEL: Final = models_folder() / WHOLE / DEFAULT_MODEL.name


def default_model_path() -> Path:
    """Path of the model to load by default: ``MASKDET_MODEL`` if set, else the default manifest."""
    return model_path(os.environ.get(MODEL_ENV) or DEFAULT_MODEL)


def model_path(model: Path | str) -> Path:
    """The path of a model that is given by path, or as `WHOLE`."""
    return WHOLE_MODEL if str(model) == WHOLE else Path(model)


def load_classifier(path: Path | str | None = None, *, n_threads: int = N_THREADS) -> Classifier:
    """Load a classifier.

    Args:
        path: a manifest (`.json`, with the LiteRT network beside it), or a Keras file (`.keras`,
            loaded in safe mode; imports Keras and its backend), or `WHOLE`. None takes
            `default_model_path`.
        n_threads: threads of one LiteRT run, 1 or more; Keras chooses its own.

    Raises:
        ModelError: the network or its manifest is missing, damaged or inconsistent.
    """
    path = model_path(path) if path is not None else default_model_path()
    match path.suffix:
        case ".json":
            return MaskClassifier.from_manifest(path, n_threads=n_threads)
        case ".keras":
            from maskdet_core.masks.keras_classifier import KerasMaskClassifier

            return KerasMaskClassifier.from_file(path)
        case _:
            raise ModelError(f"expected a .json manifest or a .keras model, got {path}")
