import math

import pytest

from maskdet_core.masks.face_rule import FaceRule


@pytest.mark.parametrize(
    ("score", "p_face", "rejected"),
    [
        (3.0, 0.5, False),
        (2.9, 0.5, True),
        (0.0, 1.0, False),
        (30.0, 0.0, False),
        (10.0, 0.0, True),
        (-100.0, math.nan, False),
    ],
)
def test_sum_of_log_odds_is_compared(score: float, p_face: float, rejected: bool) -> None:
    assert FaceRule(finder_weight=2.0, min_log_odds=6.0).rejects(score, p_face) is rejected


@pytest.mark.parametrize(
    ("weight", "least", "named"),
    [(-1.0, 0.0, "finder_weight"), (math.nan, 0.0, "finder_weight"), (1.0, math.inf, "min_log")],
)
def test_numbers_out_of_range_are_refused(weight: float, least: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        FaceRule(weight, least)
