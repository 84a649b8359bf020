"""Records of counted shares, and confidence intervals of their differences."""

import math

from maskdet_core.intervals import wilson_interval
from maskdet_core.records.evaluation import ShareRecord


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
