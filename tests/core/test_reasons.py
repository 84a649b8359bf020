"""Reasons: a kind and numbers, also from a process that may have been taken over."""

import json
import pickle
from typing import Any

import pytest

from maskdet_core.errors import ImageError, TransientImageError, VideoError
from maskdet_core.reasons import VALUES, Problem, Reason

LARGE = {"got_mb": 21.5, "most_mb": 20}


def test_error_carries_its_reason_also_between_processes() -> None:
    error = TransientImageError("expected less, got more", Problem.TOO_LARGE, **LARGE)
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert str(one) == "expected less, got more"
        assert one.reason == Reason(Problem.TOO_LARGE, "expected less, got more", LARGE)
    for plain in (ImageError("cut"), VideoError("cut")):
        assert plain.reason == Reason(Problem.DAMAGED, "cut")


@pytest.mark.parametrize("problem", Problem)
def test_reason_passes_through_json(problem: Problem) -> None:
    values = {name: number + 0.5 for number, name in enumerate(sorted(VALUES.get(problem, ())))}
    reason = Reason(problem, "so", values)
    assert Reason.from_json(json.loads(json.dumps(reason.to_json()))) == reason


@pytest.mark.parametrize(
    "values", [{}, {"got_mb": 1}, {**LARGE, "n": 1}, {**LARGE, "got_mb": 1e999}]
)
def test_other_values_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected finite values"):
        Reason(Problem.TOO_LARGE, "so", values)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        "empty",
        {},
        {"problem": "?", "message": "", "values": {}},
        {"problem": "empty", "message": "", "values": []},
        {"problem": "empty", "message": "", "values": {"n": 1}},
        {"problem": "too_large", "message": "", "values": {"got_mb": "1", "most_mb": "2"}},
        {"problem": "too_large", "message": "", "values": {"got_mb": True, "most_mb": 2}},
        {"problem": "too_large", "message": "", "values": {"got_mb": 10**400, "most_mb": 2}},
        {"problem": "too_large", "message": "", "values": {"got_mb": float("nan"), "most_mb": 2}},
    ],
)
def test_whatever_else_is_sent_is_refused(sent: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|valid"):
        Reason.from_json(sent)


def test_long_message_is_cut() -> None:
    sent = {"problem": "empty", "message": "x" * 10**6, "values": {}}
    assert len(Reason.from_json(sent).message) == 1_000
