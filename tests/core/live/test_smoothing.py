"""Smoothed verdicts: at once for a new face, soon for a changed one, steady otherwise."""

import math

import pytest

from maskdet_core.live.smoothing import VerdictSmoother
from maskdet_core.types import MaskProbabilities, Verdict

WITH, WITHOUT, NOT_SURE = Verdict.WITH_MASK, Verdict.WITHOUT_MASK, Verdict.NOT_SURE


def add(smoother: VerdictSmoother, p: float, at_s: float, min_confidence: float) -> Verdict:
    """Add a prediction of a network with two classes."""
    return smoother.add(MaskProbabilities.of_two_classes(p), at_s, min_confidence)


def smoothed(
    predictions: list[tuple[float, float]], min_confidence: float = 0.95
) -> tuple[VerdictSmoother, list[str]]:
    """A smoother after predictions (time, probability), and the verdict after each."""
    smoother = VerdictSmoother()
    return smoother, [add(smoother, p, at_s, min_confidence) for at_s, p in predictions]


def steady(p: float, n: int = 6, every_s: float = 0.25) -> list[tuple[float, float]]:
    return [(i * every_s, p) for i in range(n)]


@pytest.mark.parametrize(("p", "verdict"), [(0.99, WITH), (0.02, WITHOUT), (0.8, NOT_SURE)])
def test_first_prediction_is_shown_at_once(p: float, verdict: Verdict) -> None:
    assert smoothed([(0.0, p)])[1] == [verdict]


@pytest.mark.parametrize("min_confidence", [0.5, 0.7, 0.95, 0.99])
@pytest.mark.parametrize("outlier", [0.0, 0.03, 0.5, 1e-12])
@pytest.mark.parametrize("gap_s", [0.05, 0.25, 0.5, 2.0])
def test_a_single_outlier_never_changes_the_label(
    min_confidence: float, outlier: float, gap_s: float
) -> None:
    predictions = steady(0.998)
    at_s = predictions[-1][0] + gap_s
    predictions += [(at_s, outlier), (at_s + 0.05, 0.998), (at_s + 0.1, 0.998)]
    assert set(smoothed(predictions, min_confidence)[1]) == {WITH}


@pytest.mark.parametrize("p", [0.002, 0.02])
def test_mask_taken_off_is_shown_within_the_documented_time(p: float) -> None:
    # taken off right after a prediction: the next comes an interval later, then one each frame
    predictions = steady(0.99)
    smoother, _ = smoothed(predictions)
    off_s = predictions[-1][0]
    at_s = off_s + 0.3
    assert not smoother.is_unsettled
    while add(smoother, p, at_s, 0.95) is not WITHOUT:
        assert smoother.is_unsettled
        at_s += 0.067
        assert at_s - off_s < 0.7
    assert smoother.verdict(0.95) is WITHOUT


def test_lasting_doubt_is_shown() -> None:
    predictions = [*steady(0.99), *[(1.5 + 0.1 * i, 0.6) for i in range(8)]]
    verdicts = smoothed(predictions)[1]
    assert verdicts[6] == WITH
    assert verdicts[-1] == NOT_SURE


def test_doubtful_predictions_do_not_add_up_to_certainty() -> None:
    smoother, verdicts = smoothed(steady(0.8, n=40, every_s=0.1))
    assert set(verdicts) == {NOT_SURE}
    assert smoother.probabilities.p_with_mask == pytest.approx(0.8)


def test_new_threshold_takes_effect_at_once() -> None:
    smoother, _ = smoothed(steady(0.9), 0.6)
    assert smoother.verdict(0.6) is WITH
    assert smoother.verdict(0.95) is NOT_SURE
    assert smoother.verdict(0.6) is WITH


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, -0.1, 1.1])
def test_failed_prediction_is_ignored(broken: float) -> None:
    assert smoothed([(0.0, broken)])[1] == [NOT_SURE]
    smoother, verdicts = smoothed([*steady(0.99), (1.5, broken)])
    assert verdicts[-1] == WITH
    assert smoother.predicted_at_s == 1.25
    empty = VerdictSmoother()
    assert math.isnan(empty.probabilities.p_with_mask)
    assert empty.predicted_at_s is None
    assert not empty.is_unsettled


def three(*probabilities: tuple[float, float, float], two_classes: bool = False) -> list[Verdict]:
    """The verdict after each prediction of three classes, every 0.25 s."""
    smoother = VerdictSmoother()
    return [
        smoother.add(MaskProbabilities(*one), 0.25 * i, 0.6, two_classes=two_classes)
        for i, one in enumerate(probabilities)
    ]


def test_mask_slipping_down_is_shown_after_predictions_that_agree() -> None:
    masked, slipped = (0.98, 0.01, 0.01), (0.02, 0.9, 0.08)
    verdicts = three(masked, masked, slipped, masked, slipped, slipped, slipped)
    assert verdicts[:5] == [WITH] * 5
    assert verdicts[-1] is Verdict.WORN_WRONG


def test_worn_wrong_counts_as_no_mask_with_two_classes() -> None:
    split = (0.1, 0.45, 0.45)
    assert three(split, split, split) == [NOT_SURE] * 3
    assert three(split, split, split, two_classes=True) == [WITHOUT] * 3


def test_probability_rounded_to_zero_does_not_rule_a_class_out() -> None:
    slipped = (0.01, 0.98, 0.01)
    assert three((1.0, 0.0, 0.0), *[slipped] * 4)[-1] is Verdict.WORN_WRONG


def test_smoothed_probabilities_sum_to_1() -> None:
    smoother = VerdictSmoother()
    for i, one in enumerate([(0.9, 0.05, 0.05), (0.2, 0.7, 0.1), (0.0, 0.0, 1.0)]):
        smoother.add(MaskProbabilities(*one), 0.1 * i, 0.6)
    assert sum(smoother.probabilities) == pytest.approx(1.0)
