import pytest

from train.intervals import difference_interval, share_of


def test_share_of_nothing_is_zero() -> None:
    assert share_of(0, 0) == {"n": 0, "n_hits": 0, "value": 0.0, "ci95": [0.0, 1.0]}


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # examples (a) and (c) of Newcombe (1998), table II, method 10
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090)],
)
def test_difference_of_shares(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = difference_interval(share_of(*first), share_of(*second))
    assert found == pytest.approx((low, high), abs=1e-4)
