import pytest

from maskdet_core.times import clock, clock_tenths


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (67.9, "1:07"), (3599.0, "59:59"), (3727.2, "1:02:07")]
)
def test_times_have_hours_where_there_are_some(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (59.96, "1:00.0"), (67.34, "1:07.3"), (3727.2, "1:02:07.2")],
)
def test_times_have_tenths(seconds: float, text: str) -> None:
    assert clock_tenths(seconds) == text
