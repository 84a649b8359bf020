from typing import Any

import pytest

from benchmarks.pages import PageScores, read_scores


def report(accessibility: float | None, best: float, shift: float) -> dict[str, Any]:
    def category(score: float | None, *audits: tuple[str, int]) -> dict[str, Any]:
        return {"score": score, "auditRefs": [{"id": a, "weight": w} for a, w in audits]}

    return {
        "categories": {
            "accessibility": category(accessibility, ("contrast", 7), ("names", 10), ("hint", 0)),
            "best-practices": category(best, ("errors", 1), ("not-here", 1)),
        },
        "audits": {
            "contrast": {"score": 0},
            "names": {"score": 1},
            "hint": {"score": 0},
            "errors": {"score": 1},
            "not-here": {"score": None},
            "cumulative-layout-shift": {"score": 1, "numericValue": shift},
        },
    }


def test_scores_and_what_cost_points() -> None:
    scores = read_scores(report(0.951, 1, 0.02))
    assert scores == PageScores(95, 100, 0.02, ("contrast",))
    assert scores.is_good
    assert not read_scores(report(0.94, 1, 0.02)).is_good
    assert not read_scores(report(1, 0.94, 0.02)).is_good
    assert not read_scores(report(1, 1, 0.1)).is_good


def test_a_page_that_was_not_measured_has_no_scores() -> None:
    with pytest.raises(ValueError, match="no page"):
        read_scores(report(1, 1, 0) | {"runtimeError": {"message": "no page"}})
    with pytest.raises(ValueError, match="scores"):
        read_scores(report(None, 1, 0))
