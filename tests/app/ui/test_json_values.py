import math

import pytest

from maskdet_app.ui.json_values import finite, interval, objects


@pytest.mark.parametrize(("value", "expected"), [(3, 3.0), (0.5, 0.5), (-1, -1.0)])
def test_finite_numbers_are_floats(value: object, expected: float) -> None:
    assert finite(value) == expected
    assert isinstance(finite(value), float)


@pytest.mark.parametrize("value", [None, True, "3", [3], math.nan, math.inf])
def test_other_values_are_not_finite_numbers(value: object) -> None:
    assert finite(value) is None


def test_objects_drops_everything_else() -> None:
    assert objects([{"a": 1}, None, [], "x", {}]) == [{"a": 1}, {}]
    assert objects({"a": 1}) == objects(None) == []


@pytest.mark.parametrize("value", [None, [0.1], [0.1, 0.2, 0.3], [0.1, "x"], [math.nan, 0.2], 0.1])
def test_invalid_intervals_are_none(value: object) -> None:
    assert interval({"ci95": value}) is None


def test_interval_has_two_ends() -> None:
    assert interval({"ci95": [0, 0.5]}) == (0.0, 0.5)
    assert interval({}) is None
