"""Verdicts over time: at once for a new face, soon for a changed one, steady otherwise."""

import math

import pytest

from maskdet_core.live.smoothing import VerdictSmoother
from maskdet_core.types import Verdict

WITH, WITHOUT, NOT_SURE = Verdict.WITH_MASK, Verdict.WITHOUT_MASK, Verdict.NOT_SURE


def after(
    looks: list[tuple[float, float]], threshold: float = 0.95
) -> tuple[VerdictSmoother, list[str]]:
    opinion = VerdictSmoother()
    return opinion, [opinion.add(p, at, threshold) for at, p in looks]


def steady(p: float, n: int = 6, every_s: float = 0.25) -> list[tuple[float, float]]:
    return [(i * every_s, p) for i in range(n)]


@pytest.mark.parametrize(("p", "verdict"), [(0.99, WITH), (0.02, WITHOUT), (0.8, NOT_SURE)])
def test_first_look_is_shown_at_once(p: float, verdict: Verdict) -> None:
    assert after([(0.0, p)])[1] == [verdict]


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.95, 0.99])
@pytest.mark.parametrize("bad", [0.0, 0.03, 0.5, 1e-12])
@pytest.mark.parametrize("gap_s", [0.05, 0.25, 0.5, 2.0])
def test_one_bad_look_never_changes_the_label(threshold: float, bad: float, gap_s: float) -> None:
    looks = steady(0.998)
    end = looks[-1][0]
    looks += [(end + gap_s, bad), (end + gap_s + 0.05, 0.998), (end + gap_s + 0.1, 0.998)]
    assert set(after(looks, threshold)[1]) == {WITH}


@pytest.mark.parametrize("p", [0.002, 0.02])
def test_mask_taken_off_is_said_within_the_promised_time(p: float) -> None:
    # taken off right after a look: the next comes a whole interval later, then one each frame
    looks = steady(0.99)
    opinion, _ = after(looks)
    off = looks[-1][0]
    at = off + 0.3
    assert not opinion.restless
    while opinion.add(p, at, 0.95) is not WITHOUT:
        assert opinion.restless
        at += 0.067
        assert at - off < 0.7
    assert opinion.verdict(0.95) is WITHOUT


def test_lasting_doubt_is_said() -> None:
    looks = [*steady(0.99), *[(1.5 + 0.1 * i, 0.6) for i in range(8)]]
    said = after(looks)[1]
    assert said[6] == WITH
    assert said[-1] == NOT_SURE


def test_doubtful_looks_do_not_add_up_to_certainty() -> None:
    opinion, said = after(steady(0.8, n=40, every_s=0.1))
    assert set(said) == {NOT_SURE}
    assert opinion.p_with_mask == pytest.approx(0.8)


def test_moved_threshold_takes_effect_at_once() -> None:
    opinion, _ = after(steady(0.9), 0.6)
    assert opinion.verdict(0.6) is WITH
    assert opinion.verdict(0.95) is NOT_SURE
    assert opinion.verdict(0.6) is WITH


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, -0.1, 1.1])
def test_failed_look_is_passed_over(broken: float) -> None:
    assert after([(0.0, broken)])[1] == [NOT_SURE]
    opinion, said = after([*steady(0.99), (1.5, broken)])
    assert said[-1] == WITH
    assert opinion.looked_at_s == 1.25
    empty = VerdictSmoother()
    assert math.isnan(empty.p_with_mask)
    assert empty.looked_at_s is None
    assert not empty.restless
