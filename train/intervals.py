"""Confidence intervals of counted shares and of their differences."""

import math

from maskdet_core.run_records import ShareRecord

_Z95 = 1.959964
"""97.5 % quantile of the normal distribution, for intervals of 95 %."""


def wilson_interval(n_correct: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share; (0, 1) where nothing was counted.

    Wilson, JASA 22 (1927): keeps its coverage near 0 and 1, where accuracies lie.
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


def share_of(n_hits: int, n: int) -> ShareRecord:
    """A counted share with its Wilson interval; 0 of 0 is 0."""
    return {
        "n": n,
        "n_hits": n_hits,
        "value": n_hits / n if n else 0.0,
        "ci95": list(wilson_interval(n_hits, n)),
    }


def difference_interval(first: ShareRecord, second: ShareRecord) -> tuple[float, float]:
    """Newcombe's 95 % interval of the first share minus the second, of independent samples.

    Method 10 of Newcombe, Statistics in Medicine 17 (1998), made of the two Wilson intervals.
    """
    p1, (low1, high1) = first["value"], first["ci95"]
    p2, (low2, high2) = second["value"], second["ci95"]
    difference = p1 - p2
    return (
        difference - math.hypot(p1 - low1, high2 - p2),
        difference + math.hypot(high1 - p1, p2 - low2),
    )
