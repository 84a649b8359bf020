"""Calibration: temperature, thresholds, calibration error, risk-coverage curve."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.run_records import CalibrationBin, RiskCoveragePoint

MAX_NOT_SURE = 0.03
"""Largest share of validation faces whose verdict may be withheld."""
MAX_FACES_DROPPED = 0.003
"""Largest share of validation faces that may be taken for no face."""
CONFIDENCE_RANGE = (0.6, 0.95)
FACE_RANGE = (0.05, 0.9)
"""Thresholds are chosen within these, whatever the network's confidence on the validation faces."""
_TEMPERATURES = np.geomspace(0.2, 10.0, 400)
_BINS = 15


def fit_temperature(logits: NDArray[np.float64], masked: NDArray[np.bool_]) -> float:
    """The temperature with the least negative log-likelihood (Guo et al., ICML 2017).

    Args:
        logits: (N, 2 or more) of faces, "with mask" first, "without" second.
        masked: (N,) ground truth.
    """
    margin = np.where(masked, 1.0, -1.0) * (logits[:, 0] - logits[:, 1])
    losses = [np.logaddexp(0.0, -margin / t).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def min_confidence(p_with_mask: NDArray[np.float64]) -> float:
    """The strictest threshold that withholds at most `MAX_NOT_SURE` of these verdicts."""
    confidence = np.maximum(p_with_mask, 1 - p_with_mask)
    return float(np.clip(np.quantile(confidence, MAX_NOT_SURE), *CONFIDENCE_RANGE))


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
        masked: (N,) ground truth.
    """
    fitted = replace(manifest, temperature=round(fit_temperature(logits, masked), 3))
    predictions = predictions_from_logits(logits, fitted)
    return replace(
        fitted,
        min_confidence=round(min_confidence(predictions.p_with_mask), 3),
        min_face_probability=round(min_face_probability(predictions.p_face), 3),
    )


def calibration_error(
    p_with_mask: NDArray[np.float64], masked: NDArray[np.bool_]
) -> tuple[float, list[CalibrationBin]]:
    """Expected calibration error and its bins.

    Args:
        p_with_mask: (N,).
        masked: (N,) ground truth.

    Returns:
        Mean gap between the probability of a mask and the share of masked faces, weighted by count,
        and the bins of equal width that hold faces.
    """
    index = np.minimum((p_with_mask * _BINS).astype(int), _BINS - 1)
    bins: list[CalibrationBin] = []
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
) -> list[RiskCoveragePoint]:
    """The risk-coverage curve: share of wrong labels among the surest faces.

    Args:
        p_with_mask: (N,).
        masked: (N,) ground truth.
        max_points: of the curve; always with the surest face alone and with all faces.
    """
    confidence = np.maximum(p_with_mask, 1 - p_with_mask)
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum((p_with_mask >= 0.5)[order] != masked[order])
    n = np.arange(1, len(order) + 1)
    picked = np.unique(np.linspace(0, len(order) - 1, min(max_points, len(order))).astype(int))
    return [
        {
            "coverage": float(n[i] / len(order)),
            "risk": float(wrong[i] / n[i]),
            "min_confidence": float(confidence[order[i]]),
        }
        for i in picked
    ]
