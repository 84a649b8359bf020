"""Confidence intervals of counted shares, which training records and the metrics page shows."""

import math

_Z95 = 1.959964
"""97.5 % quantile of the normal distribution, for intervals of 95 %."""


def wilson_interval(n_correct: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share; (0, 1) where nothing was counted.

    Wilson, JASA 22 (1927): keeps its coverage near 0 and 1, where accuracies lie.

    Args:
        n_correct: what counts, 0 to ``n``.
        n: all that was counted.

    Raises:
        ValueError: ``n_correct`` is not from 0 to ``n``.
    """
    if not 0 <= n_correct <= n:
        raise ValueError(f"expected 0 <= n_correct <= n, got {n_correct} of {n}")
    if n == 0:
        return 0.0, 1.0
    share, z2 = n_correct / n, _Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # at 0 and 1 rounding could leave the share itself outside
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
