import math

from maskdet_core.precision import probabilities_json, round_probability, round_seconds
from maskdet_core.types import MaskProbabilities


def test_probabilities_have_six_decimals() -> None:
    assert round_probability(0.12345678) == 0.123457
    assert probabilities_json(MaskProbabilities(0.98765432, 0.01, 0.00234568)) == {
        "p_with_mask": 0.987654,
        "p_worn_wrong": 0.01,
        "p_without_mask": 0.002346,
    }


def test_probability_of_a_failed_network_is_none() -> None:
    # JSON has no NaN
    assert round_probability(math.nan) is None
    assert round_probability(math.inf) is None


def test_seconds_have_milliseconds() -> None:
    assert round_seconds(12.345678) == 12.346
