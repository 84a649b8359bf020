"""From a network's logits to probabilities and log odds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import NO_FACE, WITH_MASK, WITHOUT_MASK, Predictions


def predictions_from_logits(logits: NDArray[Any], manifest: ModelManifest) -> Predictions:
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
        return Predictions(p_with_mask, np.ones(len(scaled)))
    no_face = scaled[:, manifest.classes.index(NO_FACE)]
    return Predictions(p_with_mask, _sigmoid(np.logaddexp(with_mask, without_mask), no_face))


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
