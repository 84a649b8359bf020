"""The precision of numbers in results: CSV, JSON, JSON lines and alerts."""

import math
from typing import Final

from maskdet_core.types import MaskProbabilities

PROBABILITY_DECIMALS: Final = 6
TIME_DECIMALS: Final = 3
"""Of seconds; times in videos are right to a tenth of a second."""


def round_probability(probability: float) -> float | None:
    """Round a probability to `PROBABILITY_DECIMALS`; None if the network failed."""
    return round(probability, PROBABILITY_DECIMALS) if math.isfinite(probability) else None


def probabilities_json(probabilities: MaskProbabilities) -> dict[str, float | None]:
    """``p_with_mask``, ``p_worn_wrong`` and ``p_without_mask`` by `round_probability`."""
    return {name: round_probability(p) for name, p in probabilities._asdict().items()}


def round_seconds(seconds: float) -> float:
    """Round a time or duration, s, to milliseconds."""
    return round(seconds, TIME_DECIMALS)
