"""Read values from parsed JSON that may be missing, of another type, or not finite."""

import math
from collections.abc import Mapping
from typing import Any


def finite(value: Any) -> float | None:
    """The number as a float, or None for anything that is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, or an empty list for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def interval(item: Mapping[str, Any]) -> tuple[float, float] | None:
    """The 95 % confidence interval ``ci95`` as two finite numbers, low and high, or None."""
    pair = item.get("ci95")
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    low, high = finite(pair[0]), finite(pair[1])
    return None if low is None or high is None else (low, high)
