import pytest

from maskdet_app.ops.limits.rate_limit import MAX_KEYS, RateLimiter
from tests.core.live.fakes import Clock


def test_burst_then_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(2, 0.5, clock=clock)
    assert [limiter.wait_s("a") for _ in range(3)] == [0, 0, 2]
    assert limiter.wait_s("b") == 0
    clock.now += 1.0
    assert limiter.wait_s("a") == pytest.approx(1)
    clock.now += 1.0
    assert limiter.wait_s("a") == 0
    # A bucket never holds more than the burst.
    clock.now += 1e6
    assert [limiter.wait_s("a") > 0 for _ in range(3)] == [False, False, True]


def test_number_of_keys_is_bounded() -> None:
    limiter = RateLimiter(1, 0.001)
    for number in range(MAX_KEYS + 5):
        limiter.wait_s(number)
    assert len(limiter._buckets) == MAX_KEYS
    assert limiter.wait_s(0) == 0, "the oldest key should have been dropped"
    assert limiter.wait_s(MAX_KEYS) > 0


@pytest.mark.parametrize(("burst", "per_s"), [(0, 1.0), (1, 0.0), (1, -1.0)])
def test_limits_that_allow_nothing_are_refused(burst: int, per_s: float) -> None:
    with pytest.raises(ValueError, match="burst"):
        RateLimiter(burst, per_s)
