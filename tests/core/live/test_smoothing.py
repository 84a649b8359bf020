"""Smoothed verdicts: at once for a new face, soon for a changed one, steady otherwise."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from maskdet_core.live.scheduler import PREDICTION_INTERVAL_S, QUICK_PREDICTION_INTERVAL_S
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


MASKED, SLIPPED, BARE = (4.5, 0.0, -0.5), (0.0, 3.8, 1.3), (-1.0, 0.5, 4.2)
"""Logits of mask, worn wrong and no mask."""
LATENCY_S = 0.05


def softmax(logits: tuple[float, ...]) -> MaskProbabilities:
    odds = np.exp(np.array(logits) - max(logits))
    return MaskProbabilities(*(odds / odds.sum()).tolist())


def film(
    logits: Callable[[float], tuple[float, ...]],
    seconds: float,
    *,
    fps: float = 12.0,
    min_confidence: float = 0.6,
    two_classes: bool = False,
    smoother: VerdictSmoother | None = None,
) -> list[tuple[float, Verdict]]:
    """The verdict on each frame, with predictions at the rate that live uses.

    Args:
        logits: of the face at a time.
        seconds: length.
        fps: frames a second.
        min_confidence: threshold.
        two_classes: see `decide`.
        smoother: to look into afterwards.
    """
    smoother = VerdictSmoother() if smoother is None else smoother
    shown, next_s, arriving = [], 0.0, []
    for n in range(round(seconds * fps)):
        now_s = n / fps
        for at_s, probabilities in [one for one in arriving if one[0] + LATENCY_S <= now_s]:
            smoother.add(probabilities, at_s, min_confidence, two_classes=two_classes)
        arriving = [one for one in arriving if one[0] + LATENCY_S > now_s]
        if now_s >= next_s and not arriving:
            arriving.append((now_s, softmax(logits(now_s))))
            quick = smoother.is_unsettled
            next_s = now_s + (QUICK_PREDICTION_INTERVAL_S if quick else PREDICTION_INTERVAL_S)
        shown.append((now_s, smoother.verdict(min_confidence, two_classes=two_classes)))
    return shown[3:]


@pytest.mark.parametrize("fps", [12.0, 30.0])
@pytest.mark.parametrize("min_confidence", [0.6, 0.75])
@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (BARE, MASKED, WITH),
        (SLIPPED, MASKED, WITH),
        (MASKED, SLIPPED, Verdict.WORN_WRONG),
        (BARE, SLIPPED, Verdict.WORN_WRONG),
        (MASKED, BARE, WITHOUT),
        (SLIPPED, BARE, WITHOUT),
    ],
)
def test_each_change_shows_once_and_within_the_documented_time(
    before: tuple[float, ...],
    after: tuple[float, ...],
    verdict: Verdict,
    min_confidence: float,
    fps: float,
) -> None:
    for phase in np.linspace(0.0, 0.25, 11):
        rng, change_s = np.random.default_rng(3), 3.0 + float(phase)

        def logits(
            at_s: float, change_s: float = change_s, rng: np.random.Generator = rng
        ) -> tuple[float, ...]:
            mean = before if at_s < change_s else after
            return tuple(np.array(mean) + rng.normal(0, 0.4, 3))

        shown = film(logits, 7.0, fps=fps, min_confidence=min_confidence)
        # the very first prediction may have been unsure
        words = [word for at_s, word in shown if at_s >= 2.0]
        assert sum(one is not two for one, two in itertools.pairwise(words)) == 1
        changed_s = next(at_s for at_s, word in shown if word is verdict)
        assert 0.0 < changed_s - change_s < 0.7


@pytest.mark.parametrize("min_confidence", [0.5, 0.6, 0.75, 0.95])
@pytest.mark.parametrize("other", [SLIPPED, BARE, (-9.0, 9.0, -9.0), (0.0, 0.0, 0.0)])
@pytest.mark.parametrize("face", [MASKED, (-0.5, 4.5, 0.0), BARE])
def test_a_single_bad_frame_never_changes_the_word_of_three(
    face: tuple[float, ...], other: tuple[float, ...], min_confidence: float
) -> None:
    bad = iter([10, 20, 33])
    n, at = 0, next(bad)

    def logits(at_s: float) -> tuple[float, ...]:
        nonlocal n, at
        n += 1
        if n == at:
            at = next(bad, -1)
            return other
        return face

    words = {word for _, word in film(logits, 12.0, min_confidence=min_confidence)}
    assert words == {film(lambda _: face, 1.0, min_confidence=min_confidence)[-1][1]}


@pytest.mark.parametrize(
    ("min_confidence", "mean"), [(0.6, 0.8), (0.6, 0.9), (0.95, 0.93), (0.95, 0.95), (0.95, 0.97)]
)
@pytest.mark.parametrize("scatter", [0.5, 1.0, 1.4])
def test_a_face_with_noisy_logits_does_not_flip(
    min_confidence: float, mean: float, scatter: float
) -> None:
    """At and near the threshold, 30 seconds each."""
    log_odds, n_changes = math.log(mean / (1 - mean)), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        shown = film(
            lambda _, rng=rng: (log_odds + rng.normal(0, scatter), -9.0, 0.0),  # type: ignore[misc]
            30.0,
            min_confidence=min_confidence,
        )
        words = [word for _, word in shown]
        assert set(words) <= {WITH, NOT_SURE}
        n_changes.append(sum(a is not b for a, b in itertools.pairwise(words)))
    assert max(n_changes) <= 2
    assert sum(n_changes) <= 4


def test_doubt_gives_way_to_a_clear_face_within_two_seconds() -> None:
    def logits(at_s: float) -> tuple[float, ...]:
        return (0.2, 0.0, 0.1) if at_s < 3.0 else MASKED

    shown = film(logits, 7.0)
    assert {word for at_s, word in shown if at_s < 3.0} == {NOT_SURE}
    assert {word for at_s, word in shown if at_s > 4.0} == {WITH}


def test_a_face_that_becomes_unclear_is_soon_not_sure() -> None:
    def logits(at_s: float) -> tuple[float, ...]:
        return MASKED if at_s < 3.0 else (0.2, 0.0, 0.1)

    shown = film(logits, 7.0)
    assert {word for at_s, word in shown if at_s < 3.0} == {WITH}
    assert {word for at_s, word in shown if at_s > 4.5} == {NOT_SURE}


def test_with_two_classes_worn_wrong_and_no_mask_are_one_word() -> None:
    def logits(at_s: float) -> tuple[float, ...]:
        return SLIPPED if int(at_s) % 2 else BARE

    assert {word for _, word in film(logits, 8.0, two_classes=True)} == {WITHOUT}


def test_predictions_before_a_change_do_not_count_after_it() -> None:
    smoother = VerdictSmoother()
    film(lambda at_s: MASKED if at_s < 3.0 else SLIPPED, 4.0, smoother=smoother)
    assert smoother.probabilities == pytest.approx(softmax(SLIPPED), abs=0.01)
