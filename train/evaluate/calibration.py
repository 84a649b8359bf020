"""Temperature and thresholds from validation faces, and how well probabilities keep their word."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest

MAX_NOT_SURE = 0.03
"""Share of validation faces whose verdict is withheld at most."""
MAX_FACES_DROPPED = 0.003
"""Share of validation faces that may be taken for no face."""
CONFIDENCE_RANGE = (0.6, 0.95)
FACE_RANGE = (0.05, 0.9)
"""Thresholds are chosen within these, however sure the network is of the validation faces."""
_TEMPERATURES = np.geomspace(0.2, 10.0, 400)
_BINS = 15


def fit_temperature(logits: NDArray[np.float64], masked: NDArray[np.bool_]) -> float:
    """The temperature with the least negative log-likelihood (Guo et al., ICML 2017).

    Args:
        logits: (N, 2 or more) of faces, "with mask" first, "without" second.
        masked: (N,) truth.
    """
    margin = np.where(masked, 1.0, -1.0) * (logits[:, 0] - logits[:, 1])
    losses = [np.logaddexp(0.0, -margin / t).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def min_confidence(p_with_mask: NDArray[np.float64]) -> float:
    """The strictest threshold that withholds at most `MAX_NOT_SURE` of these verdicts."""
    sureness = np.maximum(p_with_mask, 1 - p_with_mask)
    return float(np.clip(np.quantile(sureness, MAX_NOT_SURE), *CONFIDENCE_RANGE))


def min_face_probability(p_face: NDArray[np.float64]) -> float:
    """The strictest threshold that drops at most `MAX_FACES_DROPPED` of these faces."""
    return float(np.clip(np.quantile(p_face, MAX_FACES_DROPPED), *FACE_RANGE))


def calibrated(
    manifest: ModelManifest, logits: NDArray[np.float64], masked: NDArray[np.bool_]
) -> ModelManifest:
    """The manifest with temperature and thresholds from the logits of validation faces.

    Args:
        manifest: of the network as exported.
        logits: (N, n_classes) by it.
        masked: (N,) truth.
    """
    fitted = replace(manifest, temperature=round(fit_temperature(logits, masked), 3))
    said = predictions_from_logits(logits, fitted)
    return replace(
        fitted,
        min_confidence=round(min_confidence(said.p_with_mask), 3),
        min_face_probability=round(min_face_probability(said.p_face), 3),
    )


def calibration_error(
    p_with_mask: NDArray[np.float64], masked: NDArray[np.bool_]
) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error and its bins.

    Args:
        p_with_mask: (N,).
        masked: (N,) truth.

    Returns:
        Mean gap between the probability of a mask and how often there is one, weighted by count,
        and for each bin of equal width with faces in it: `n`, `mean_p`, `share_masked`.
    """
    index = np.minimum((p_with_mask * _BINS).astype(int), _BINS - 1)
    bins = []
    for i in np.unique(index):
        here = index == i
        bins.append(
            {
                "n": int(here.sum()),
                "mean_p": float(p_with_mask[here].mean()),
                "share_masked": float(masked[here].mean()),
            }
        )
    gap = sum(b["n"] * abs(b["mean_p"] - b["share_masked"]) for b in bins) / max(len(masked), 1)
    return float(gap), bins


def risk_coverage(
    p_with_mask: NDArray[np.float64], masked: NDArray[np.bool_], max_points: int = 100
) -> list[dict[str, float]]:
    """Share of wrong verdicts among the surest faces, as ever fewer verdicts are withheld."""
    sureness = np.maximum(p_with_mask, 1 - p_with_mask)
    order = np.argsort(-sureness, kind="stable")
    wrong = np.cumsum((p_with_mask >= 0.5)[order] != masked[order])
    n = np.arange(1, len(order) + 1)
    picked = np.unique(np.linspace(0, len(order) - 1, min(max_points, len(order))).astype(int))
    return [
        {
            "coverage": float(n[i] / len(order)),
            "risk": float(wrong[i] / n[i]),
            "min_confidence": float(sureness[order[i]]),
        }
        for i in picked
    ]
