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
    assert (
        FaceRule(finder_weight=2.0, min_log_odds=6.0).rejects(score, p_face, 0.9, 0.2) is rejected
    )


def test_masked_face_needs_more_by_its_probability() -> None:
    rule = FaceRule(finder_weight=1.0, min_log_odds=1.0, mask_margin=2.0)
    # log odds of 0.5 are 0
    assert not rule.rejects(1.0, 0.5, 0.0, 0.2)
    assert rule.rejects(1.9, 0.5, 0.5, 0.2)
    assert not rule.rejects(2.1, 0.5, 0.5, 0.2)
    assert rule.rejects(2.9, 0.5, 1.0, 0.2)
    assert not rule.rejects(-100.0, math.nan, math.nan, 0.2)


def test_small_face_needs_more() -> None:
    rule = FaceRule(finder_weight=1.0, min_log_odds=0.0, size_weight=2.0)
    e = math.e
    assert not rule.rejects(2.1, 0.5, 0.0, 1 / e)
    assert rule.rejects(2.1, 0.5, 0.0, 1 / (1.1 * e))
    assert rule.rejects(3.9, 0.5, 0.0, 1 / e**2)
    assert not rule.rejects(4.1, 0.5, 0.0, 1 / e**2)


@pytest.mark.parametrize(
    ("weight", "least", "margin", "size", "named"),
    [
        (-1.0, 0.0, 0.0, 0.0, "finder_weight"),
        (math.nan, 0.0, 0.0, 0.0, "finder_weight"),
        (1.0, math.inf, 0.0, 0.0, "min_log"),
        (1.0, 0.0, -1.0, 0.0, "mask_margin"),
        (1.0, 0.0, 0.0, -1.0, "size_weight"),
    ],
)
def test_numbers_out_of_range_are_refused(
    weight: float, least: float, margin: float, size: float, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        FaceRule(weight, least, margin, size)
