"""Probabilities and log odds from a network's logits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import NO_FACE, WITH_MASK, WITHOUT_MASK, Predictions


def predictions_from_logits(logits: NDArray[Any], manifest: ModelManifest) -> Predictions:
    """Probabilities from logits.

    The probability of a mask is the softmax over the two mask classes alone, after division by the
    temperature: it is conditional on a face, whatever further classes the network has. The
    probability of a face is one minus the softmax probability of `NO_FACE`.

    Args:
        logits: (N, n_classes), in the order of the manifest's classes.
        manifest: gives class order and temperature.
    """
    scaled = np.asarray(logits, dtype=np.float64) / manifest.temperature
    with_mask = scaled[:, manifest.classes.index(WITH_MASK)]
    without_mask = scaled[:, manifest.classes.index(WITHOUT_MASK)]
    p_with_mask = _sigmoid(with_mask, without_mask)
    if NO_FACE not in manifest.classes:
        return Predictions.of_two_classes(p_with_mask, np.ones(len(scaled)))
    no_face = scaled[:, manifest.classes.index(NO_FACE)]
    p_face = _sigmoid(np.logaddexp(with_mask, without_mask), no_face)
    return Predictions.of_two_classes(p_with_mask, p_face)


def mask_log_odds(logits: NDArray[Any], manifest: ModelManifest) -> NDArray[np.float64]:
    """Log odds of a mask given a face, after division by the temperature.

    Args:
        logits: (..., n_classes), in the order of the manifest's classes.
        manifest: gives class order and temperature.

    Returns:
        float64 (...), above 0 for a mask.
    """
    scaled = np.asarray(logits, dtype=np.float64) / manifest.temperature
    with_mask = scaled[..., manifest.classes.index(WITH_MASK)]
    return with_mask - scaled[..., manifest.classes.index(WITHOUT_MASK)]


def _sigmoid(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax probability of ``a`` against ``b``; NaN where one is not finite."""
    finite = np.isfinite(a) & np.isfinite(b)
    difference = np.where(finite, a, 0.0) - np.where(finite, b, 0.0)
    # exp() overflows beyond 709; the probability rounds to 0 or 1 long before
    probability = 1.0 / (1.0 + np.exp(-np.clip(difference, -700.0, 700.0)))
    return np.where(finite, probability, np.nan)
