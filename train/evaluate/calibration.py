"""Calibration of three classes: offsets, temperature, thresholds, error, risk and coverage."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.masks.views import FurtherViews, View
from maskdet_core.records.evaluation import CalibrationBin, RiskCoveragePoint
from maskdet_core.types import MASK_CLASSES, WITH_MASK, WITHOUT_MASK, WORN_WRONG
from train.evaluate.judged import class_probabilities

OFFSETS = "offsets"
"""Key of a manifest's training record: what `fit_offsets` found, which the network holds."""
FURTHER_VIEWS: Final = FurtherViews(
    0.98, (View(mirrored=True), View(zoom=1.12), View(zoom=0.8)), least_face=0.2
)
"""What the network that ships is shown of crops that it is unsure of. Of ten views, mirrored,
magnified, reduced and turned by 12, 25 and 35 degrees, those whose mean with the crop itself has
the least negative log-likelihood on validation faces and on drawn masks, each class counted alike:
turned ones help bare faces, and cost as many masks worn wrong. At 0.98 a fifth of the faces is
unsure; at 0.99, a quarter, no more are right. Nearly half of the finder's candidates are unsure,
and half of these are below 0.2."""
MAX_NOT_SURE = 0.015
"""Largest share of validation faces whose verdict may be withheld. With further views of unsure
crops as many verdicts are wrong at this share as were with one view at twice it."""
MAX_FACES_DROPPED = 0.003
"""Largest share of validation faces that may be taken for no face."""
CONFIDENCE_RANGE = (0.6, 0.95)
FACE_RANGE = (0.05, 0.9)
"""Thresholds are chosen within these, whatever the network's confidence on the validation faces."""
_TEMPERATURES = np.geomspace(0.2, 10.0, 400)
STREET_SHARES: Final = {WITH_MASK: 0.50, WORN_WRONG: 0.14, WITHOUT_MASK: 0.36}
"""How often each class is met: of 1,047 masked, 287 worn wrong and 754 bare people of 24 px or more
on hand-labelled photographs of streets that are part of no set here."""
_BINS = 15
_NEWTON_STEPS = 50
_PRIOR_SD = 3.0
"""Standard deviation of a Gaussian prior on offsets and 1 / temperature: it holds them where a
class has no faces, or no face is wrong."""


def fit_offsets(
    logits: NDArray[np.float64], truth: NDArray[np.int64], outputs: Sequence[str]
) -> NDArray[np.float64]:
    """What to add to the logits so that each class is said as often as it is met.

    A network is trained on classes drawn about equally often, and most people wear their mask
    rightly or none: it says "worn wrong" too often. Bias-corrected temperature scaling (Alexandari
    et al., ICML 2020): temperature and offsets with the least negative log-likelihood together, by
    Newton's method, since it is convex. Faces are weighted to `STREET_SHARES`.

    Args:
        logits: (N, n_outputs) of faces.
        truth: (N,) index in `MASK_CLASSES`.
        outputs: names of the logits, in order.

    Returns:
        float64 (n_outputs,); 0 for the first class of faces, and for "no face".

    Raises:
        ValueError: no face of a class that the network knows.
    """
    classes = [name for name in MASK_CLASSES if name in outputs]
    of_face, true_column = _known_faces(logits, truth, outputs)
    n, n_classes = of_face.shape
    # parameters: 1 / temperature, and the offsets of all classes but the first, over temperature
    inputs = np.zeros((n, n_classes, n_classes))
    inputs[:, :, 0] = of_face
    inputs[:, 1:, 1:] = np.eye(n_classes - 1)
    start = np.zeros(n_classes)
    start[0] = 1.0
    parameters, precision = start.copy(), np.eye(n_classes) / _PRIOR_SD**2
    found = np.bincount(true_column, minlength=n_classes)
    shares = np.array([STREET_SHARES[name] for name in classes]) * (found > 0)
    weights = (shares / shares.sum() * n / np.maximum(found, 1))[true_column]
    at_truth = weights @ inputs[np.arange(n), true_column]
    for _ in range(_NEWTON_STEPS):
        scores = inputs @ parameters
        p = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
        mean = np.einsum("nc,ncp->np", p, inputs)
        gradient = weights @ mean - at_truth + precision @ (parameters - start)
        squares = np.einsum("n,nc,ncp,ncq->pq", weights, p, inputs, inputs)
        hessian = squares - (weights[:, None] * mean).T @ mean + precision
        step = np.linalg.solve(hessian, gradient)
        # damped, so that separable faces cannot send it off
        parameters -= step * min(1.0, 1.0 / max(1e-9, float(np.abs(step).max())))
        parameters[0] = np.clip(parameters[0], 1 / _TEMPERATURES[-1], 1 / _TEMPERATURES[0])
    offsets = np.zeros(len(outputs))
    for name, value in zip(classes[1:], parameters[1:], strict=True):
        offsets[outputs.index(name)] = value / parameters[0]
    return offsets


def fit_temperature(
    logits: NDArray[np.float64], truth: NDArray[np.int64], manifest: ModelManifest
) -> float:
    """The temperature with the least negative log-likelihood (Guo et al., ICML 2017).

    Faces of a class that the network does not know are left out.

    Args:
        logits: (N, n_classes) of faces, in the order of the manifest's classes.
        truth: (N,) index in `MASK_CLASSES`.
        manifest: names the classes.

    Raises:
        ValueError: no face of a class that the network knows.
    """
    of_face, true_column = _known_faces(logits, truth, manifest.classes)
    true_logit = of_face[np.arange(len(of_face)), true_column]
    losses = [
        (np.logaddexp.reduce(of_face / t, axis=1) - true_logit / t).mean() for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _known_faces(
    logits: NDArray[np.float64], truth: NDArray[np.int64], outputs: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits (N, n) of the classes of faces in the order of `MASK_CLASSES`, and each true column.

    Raises:
        ValueError: no face of a class that the network knows.
    """
    classes = [name for name in MASK_CLASSES if name in outputs]
    column = {MASK_CLASSES.index(name): i for i, name in enumerate(classes)}
    known = np.isin(truth, list(column))
    if not known.any():
        raise ValueError(f"expected faces of {', '.join(classes)}, got none")
    of_face = logits[known][:, [list(outputs).index(name) for name in classes]]
    return of_face, np.array([column[int(i)] for i in truth[known]])


def min_confidence(p: NDArray[np.float64]) -> float:
    """The strictest threshold that withholds at most `MAX_NOT_SURE` of these verdicts.

    Args:
        p: (N, n) probabilities of the classes of a face.
    """
    return float(np.clip(np.quantile(p.max(axis=1), MAX_NOT_SURE), *CONFIDENCE_RANGE))


def min_face_probability(p_face: NDArray[np.float64]) -> float:
    """The strictest threshold that drops at most `MAX_FACES_DROPPED` of these faces."""
    return float(np.clip(np.quantile(p_face, MAX_FACES_DROPPED), *FACE_RANGE))


def calibrated(
    manifest: ModelManifest, logits: NDArray[np.float64], truth: NDArray[np.int64]
) -> ModelManifest:
    """The manifest with temperature and thresholds from the logits of validation faces.

    Args:
        manifest: of the network as exported.
        logits: (N, n_classes) by it.
        truth: (N,) index in `MASK_CLASSES`, see `train.evaluate.judged.truths`.
    """
    fitted = replace(manifest, temperature=round(fit_temperature(logits, truth, manifest), 3))
    known = np.isin(truth, [MASK_CLASSES.index(name) for name in manifest.mask_classes])
    predictions = predictions_from_logits(logits, fitted)
    return replace(
        fitted,
        min_confidence=round(min_confidence(class_probabilities(predictions)[known]), 3),
        min_face_probability=round(min_face_probability(predictions.p_face), 3),
    )


def calibration_error(
    p: NDArray[np.float64], truth: NDArray[np.int64]
) -> tuple[float, list[CalibrationBin]]:
    """Expected calibration error of the most probable class, and its bins.

    Args:
        p: (N, n_classes).
        truth: (N,) index of the true class.

    Returns:
        Mean gap between the highest probability and the share of right labels, weighted by count,
        over 15 bins of equal width, and the bins that hold faces.
    """
    top = p.max(axis=1)
    bins = [
        CalibrationBin(n=n, mean_p=mean_p, share_right=share)
        for n, mean_p, share in _bins(top, p.argmax(axis=1) == truth)
    ]
    gap = sum(b["n"] * abs(b["mean_p"] - b["share_right"]) for b in bins) / max(len(truth), 1)
    return float(gap), bins


def class_calibration_error(
    p: NDArray[np.float64], truth: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Expected calibration error of each class's probability against all others, (n_classes,).

    Nixon et al., "Measuring Calibration in Deep Learning" (2019), with bins as above.
    """
    return np.array(
        [
            sum(n * abs(mean_p - share) for n, mean_p, share in _bins(p[:, i], truth == i))
            / max(len(truth), 1)
            for i in range(p.shape[1])
        ]
    )


def risk_coverage(
    p: NDArray[np.float64], truth: NDArray[np.int64], max_points: int = 100
) -> list[RiskCoveragePoint]:
    """The risk-coverage curve: share of wrong labels among the surest faces.

    Args:
        p: (N, n_classes).
        truth: (N,) index of the true class.
        max_points: of the curve; always with the surest face alone and with all faces.
    """
    confidence = p.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(p.argmax(axis=1)[order] != truth[order])
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


def _bins(p: NDArray[np.float64], hits: NDArray[np.bool_]) -> list[tuple[int, float, float]]:
    """Count, mean probability and share of hits of each bin that is not empty."""
    index = np.minimum((p * _BINS).astype(int), _BINS - 1)
    return [
        (int(here.sum()), float(p[here].mean()), float(hits[here].mean()))
        for i in np.unique(index)
        if (here := index == i).any()
    ]
