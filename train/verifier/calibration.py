"""From the verifier's logits to log odds: a scale and a shift fitted on held-out photographs."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from train.errors import DataError

_STEPS: Final = 50
_LEAST_STEP: Final = 1e-9
_PRIOR: Final = 1e-3
"""Weak pull to a scale of 1 and a shift of 0: two perfectly parted classes have no best scale."""


def fit_log_odds(logits: NDArray[np.float64], is_face: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and shift by logistic regression (Platt scaling).

    Args:
        logits: of the network, (N,).
        is_face: (N,).

    Raises:
        DataError: only faces, or none.
    """
    if not 0 < is_face.sum() < len(is_face):
        raise DataError(
            f"expected boxes with and without a face, got {is_face.sum()} of {len(is_face)}"
        )
    columns = np.stack([logits, np.ones(len(logits))], axis=1)
    prior = np.array([1.0, 0.0])
    values = prior.copy()

    def loss(values: NDArray[np.float64]) -> float:
        log_odds = columns @ values
        wrong = np.where(is_face, -log_odds, log_odds)
        return float(np.logaddexp(0, wrong).sum() + _PRIOR / 2 * ((values - prior) ** 2).sum())

    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(columns @ values, -50, 50)))
        gradient = columns.T @ (p - is_face) + _PRIOR * (values - prior)
        hessian = (columns * (p * (1 - p))[:, None]).T @ columns + _PRIOR * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        # where all are sure, a whole step of Newton's method leads far away
        while loss(values - step) > loss(values) and np.abs(step).max() > _LEAST_STEP:
            step = step / 2
        values = values - step
    return float(values[0]), float(values[1])
