import numpy as np
import pytest

from train.evaluate.intervals import wilson_interval
from train.evaluate.metrics import evaluate_set


@pytest.mark.parametrize(
    ("n_correct", "n", "low", "high"),
    # values of R's binom.confint(method = "wilson")
    [(8, 10, 0.4901625, 0.9433178), (10, 10, 0.7224672, 1.0), (0, 10, 0.0, 0.2775328)],
)
def test_wilson_interval(n_correct: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(n_correct, n) == pytest.approx((low, high), abs=1e-6)


def test_wilson_interval_of_nothing_is_everything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_wilson_interval_refuses_more_right_than_counted() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        wilson_interval(3, 2)


def test_counts_curves_and_withheld_verdicts() -> None:
    p = np.array([0.9, 0.55, 0.2, 0.1, 0.6])
    masked = np.array([True, True, True, False, False])
    record = evaluate_set("s", "S", "", p, masked, min_confidence=0.7)
    assert record["confusion"] == [[2, 1], [1, 1]]
    assert (record["n"], record["n_correct"], record["n_not_sure"]) == (5, 3, 2)
    assert record["per_class"]["with_mask"]["recall"] == pytest.approx(2 / 3)
    # pairs of a masked and a bare face ranked rightly: 2 + 1 + 1 of 6
    assert record["roc"]["auc"] == pytest.approx(4 / 6)
    # precision at each masked face: 1/1, 2/3, 3/4
    assert record["pr"]["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
