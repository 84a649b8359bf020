import pytest

from maskdet_core.intervals import wilson_interval


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
