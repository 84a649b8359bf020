"""Probabilities and log odds from a network's logits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import WITH_MASK, Predictions


def predictions_from_logits(logits: NDArray[Any], manifest: ModelManifest) -> Predictions:
    """Probabilities from logits.

    The probabilities of the mask classes are the softmax over these classes alone, after division
    by the temperature: they are conditional on a face. The probability of a face is one minus the
    softmax probability of `NO_FACE` over all classes.

    Args:
        logits: (N, n_classes), in the order of the manifest's classes.
        manifest: gives class order and temperature.
    """
    scaled = np.asarray(logits, dtype=np.float64) / manifest.temperature
    of_face = scaled[:, [manifest.classes.index(name) for name in manifest.mask_classes]]
    p_face = np.ones(len(scaled))
    if manifest.no_face_index is not None:
        no_face = scaled[:, [manifest.no_face_index]]
        # the sum, since 1 - p would round the smallest probabilities to 0
        shares = np.exp(_log_softmax(np.concatenate([of_face, no_face], axis=1)))
        p_face = np.minimum(shares[:, :-1].sum(axis=1), 1.0)
    probabilities = np.exp(_log_softmax(of_face))
    if not manifest.has_worn_wrong:
        return Predictions.of_two_classes(probabilities[:, 0], p_face)
    with_mask, worn_wrong, without_mask = probabilities.T
    return Predictions(with_mask, worn_wrong, without_mask, p_face)


def logits_by_place(
    features: NDArray[Any], kernel: NDArray[Any], logits: NDArray[Any], *, is_pooled: bool
) -> NDArray[np.float64]:
    """What each location of the last feature map contributes to the logits.

    Where the map goes through 2 x 2 max pooling before the average, each maximum came from one of
    four locations, and all of its share is theirs; equal ones divide it. So the sums are exact at
    the resolution before the pooling: twice that of the map that is averaged.

    Args:
        features: the last convolution's output, (N, rows, columns, n_features).
        kernel: weights of the head, (n_classes, n_features).
        logits: of the network, (N, n_classes).
        is_pooled: whether 2 x 2 max pooling follows, which needs even rows and columns.

    Returns:
        float64 (N, rows, columns, n_classes); the mean over locations is ``logits``.
    """
    shares = np.asarray(features, dtype=np.float64)
    if is_pooled:
        n, rows, columns, n_features = shares.shape
        windows = shares.reshape(n, rows // 2, 2, columns // 2, 2, n_features)
        is_highest = windows == windows.max(axis=(2, 4), keepdims=True)
        n_highest = is_highest.sum(axis=(2, 4), keepdims=True)
        # four locations stand for one of the averaged map
        shares = np.where(is_highest, 4 * windows / n_highest, 0.0).reshape(shares.shape)
    by_place = shares @ np.asarray(kernel, dtype=np.float64).T
    # the head's bias, and the rounding of a quantized network, belong to no place
    rest = logits - by_place.mean(axis=(1, 2))
    return np.asarray(by_place + rest[:, None, None], np.float64)


def mask_log_odds(spatial_logits: NDArray[Any], manifest: ModelManifest) -> NDArray[np.float64]:
    """The contribution of each location to the log odds of a mask that covers mouth and nose.

    The log odds of `WITH_MASK` against a single class are a difference of logits. Against two, the
    log of the sum of their exponentials is replaced by its tangent at the mean logits: each counts
    by its probability there. So the mean over locations is exactly the log odds of the mean logits,
    whatever the number of classes.

    Args:
        spatial_logits: (N, rows, columns, n_classes), in the order of the manifest's classes.
        manifest: gives class order and temperature.

    Returns:
        float64 (N, rows, columns), given a face and after division by the temperature; above 0 for
        a mask.
    """
    scaled = np.asarray(spatial_logits, dtype=np.float64) / manifest.temperature
    with_mask = scaled[..., manifest.classes.index(WITH_MASK)]
    rivals = [manifest.classes.index(name) for name in manifest.mask_classes if name != WITH_MASK]
    against = scaled[..., rivals]
    mean = against.mean(axis=(1, 2), keepdims=True)
    log_shares = _log_softmax(mean)
    log_sum = (mean - log_shares)[..., 0]
    tangent = log_sum + (np.exp(log_shares) * (against - mean)).sum(axis=-1)
    log_odds: NDArray[np.float64] = with_mask - tangent
    return log_odds


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log softmax over the last axis; NaN for all its classes where a logit is not finite."""
    finite = np.isfinite(logits).all(axis=-1, keepdims=True)
    usable = np.where(finite, logits, 0.0)
    # the highest becomes 0, since exp() overflows beyond 709
    shifted = usable - usable.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return np.where(finite, logs, np.nan)
