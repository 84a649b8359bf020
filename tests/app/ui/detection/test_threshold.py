from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from maskdet_app.ui.detection import threshold

DETECTOR: Any = SimpleNamespace(min_confidence=0.6)


@pytest.mark.parametrize(
    ("query", "min_confidence"),
    [
        ({}, 0.6),
        ({"sure": "80"}, 0.8),
        ({"sure": "50"}, 0.5),
        ({"sure": "99"}, 0.99),
        ({"sure": "49"}, 0.6),
        ({"sure": "100"}, 0.6),
        ({"sure": "nan"}, 0.6),
        ({"sure": "very"}, 0.6),
    ],
)
def test_query_parameter_gives_the_threshold_if_it_is_valid(
    query: dict[str, str], min_confidence: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "query_params", query)
    assert threshold.min_confidence_from_url(DETECTOR) == pytest.approx(min_confidence)
