"""Smooth the verdict of one face over time, so that its label neither flickers nor lags.

Two questions have different answers. Whether a face has *changed* from one class to another is soon
clear: two or three predictions against the label outweigh all before them. How *sure* the verdict
is shows only over seconds, since single predictions scatter: it is taken from a moving average of
log odds, by two thresholds apart from each other.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from maskdet_core.types import (
    MASK_CLASSES,
    NO_PROBABILITIES,
    MaskProbabilities,
    Verdict,
    decide,
)

DECAY_S: Final = 1.5
"""A prediction's weight in the average falls to 1/e in this time."""
MAX_LOG_ODDS: Final = 6.0
"""No class of a single prediction counts as surer than this against another (99.8 %)."""
MAX_EVIDENCE: Final = 3.0
"""Log odds that a single prediction gives for a change at most..."""
CHANGE_EVIDENCE: Final = 4.0
"""... and the sum that shows one: two sure predictions, or three at 3:1, but never a single one.
With predictions every 0.25 s, and as often as possible once one disagrees, a change is shown within
0.7 s."""
MIN_LEAVING: Final = 3
LEAVING_S: Final = 0.3
"""Predictions, and the time that they span, after which a change that leads to no other class is
shown as "not sure"."""
SURE_MARGIN: Final = 0.5
"""A label that is "not sure" gives way once the average is above the threshold by so much..."""
UNSURE_MARGIN: Final = 1.5
"""... and comes back once it is below by so much, in log odds of the class against all others; but
never while the class is more probable than all others together."""
MIN_UNSURE: Final = 2
"""Newest predictions that must be unsure themselves before an unsure average shows: at a high
threshold a single one would pull it down."""
MIN_LASTING: Final = 4
LASTING_S: Final = 0.5
"""So many predictions in a row over this time, all sure or all unsure, outweigh the average."""
_MAX_KEPT: Final = 64
_KEPT_S: Final = 5.0
_LEAST: Final = 1e-9

_Logs = tuple[float, float, float]
"""Log of each probability against the highest, -`MAX_LOG_ODDS` to 0."""
_CLASSES: Final = tuple(Verdict(name) for name in MASK_CLASSES)


@dataclass(frozen=True, slots=True)
class _Prediction:
    """One prediction.

    A network without the class `WORN_WRONG` gives it a probability of 0, but so may rounding: the
    class is left out only where no prediction has more.
    """

    at_s: float
    logs: _Logs
    has_worn_wrong: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    """What decides: see `decide`."""

    min_confidence: float
    two_classes: bool

    def verdict(self, probabilities: MaskProbabilities) -> Verdict:
        return decide(probabilities, self.min_confidence, two_classes=self.two_classes)

    def sureness(self, probabilities: MaskProbabilities, verdict: Verdict) -> float:
        """Log odds of a class against all others, above the threshold."""
        p = probabilities.of_verdict(verdict, two_classes=self.two_classes)
        return _log_odds(p) - _log_odds(self.min_confidence)

    @property
    def unsure(self) -> float:
        """Sureness below which a label becomes "not sure"."""
        return -min(UNSURE_MARGIN, _log_odds(self.min_confidence))


class VerdictSmoother:
    """Verdict over the predictions of one face. Not thread-safe.

    The first prediction's verdict is shown at once. After that a single outlier never changes the
    label.
    """

    def __init__(self) -> None:
        """Begin without a prediction."""
        self._predictions: deque[_Prediction] = deque(maxlen=_MAX_KEPT)
        self._shown = Verdict.NOT_SURE
        self._rule: _Rule | None = None
        self._settled = True
        self._shown_since_s: float | None = None
        # asked for on each frame, and the same until the next prediction
        self._smoothed: MaskProbabilities | None = None

    @property
    def predicted_at_s(self) -> float | None:
        """Time of the newest usable prediction; None before the first."""
        return self._predictions[-1].at_s if self._predictions else None

    @property
    def shown_since_s(self) -> float | None:
        """Time of the first prediction that speaks for the label shown; None before the first.

        A change shows once it is certain, some predictions after it happened.
        """
        return self._shown_since_s

    @property
    def probabilities(self) -> MaskProbabilities:
        """Smoothed probabilities since the last change, NaN before the first prediction."""
        if not self._predictions:
            return NO_PROBABILITIES
        if self._smoothed is None:
            self._smoothed = self._average(list(self._predictions))
        return self._smoothed

    @property
    def is_unsettled(self) -> bool:
        """Whether the newest prediction disagrees with the label shown.

        The next prediction is then due early.
        """
        return not self._settled

    def add(
        self,
        probabilities: MaskProbabilities,
        at_s: float,
        min_confidence: float,
        *,
        two_classes: bool = False,
    ) -> Verdict:
        """Take a prediction into account.

        Args:
            probabilities: 0 to 1; anything else means that the network failed and is ignored.
            at_s: when the classified frame arrived; never decreasing.
            min_confidence: 0.5 <= c < 1.
            two_classes: see `decide`.

        Returns:
            The verdict to show.
        """
        if not probabilities.are_valid:
            return self.verdict(min_confidence, two_classes=two_classes)
        is_first, self._smoothed = not self._predictions, None
        self._predictions.append(_prediction(at_s, probabilities))
        while at_s - self._predictions[0].at_s > _KEPT_S:
            self._predictions.popleft()
        rule = _Rule(min_confidence, two_classes)
        if is_first or rule != self._rule:
            self._decide(rule)
        elif self._shown is Verdict.NOT_SURE:
            self._leave_not_sure(rule)
        elif not self._change(rule):
            self._doubt(rule)
        self._settle(rule)
        return self._shown

    def verdict(self, min_confidence: float, *, two_classes: bool = False) -> Verdict:
        """The verdict to show; another threshold or rule takes effect at once."""
        rule = _Rule(min_confidence, two_classes)
        if self._predictions and rule != self._rule:
            self._decide(rule)
            self._settle(rule)
        return self._shown

    def _decide(self, rule: _Rule) -> None:
        """Without regard to what was shown before."""
        self._rule = rule
        self._relabel(rule.verdict(self.probabilities), self._predictions[-1].at_s)

    def _change(self, rule: _Rule) -> bool:
        """Show another class where predictions since the last change speak for it."""
        predictions = list(self._predictions)
        singles = [self._single(one, rule) for one in predictions]
        for other in _CLASSES:
            if other is self._shown:
                continue
            start = _evidence_since(singles, _index(self._shown), _index(other))
            if start is None:
                continue
            run = predictions[start:]
            verdict = rule.verdict(self._average(run))
            if verdict is other or (
                verdict is Verdict.NOT_SURE and _spans(run, MIN_LEAVING, LEAVING_S)
            ):
                self._show(verdict, run)
                return True
        return False

    def _doubt(self, rule: _Rule) -> None:
        """Show "not sure" in place of a class whose average or newest predictions are unsure."""
        run = self._newest_while(
            lambda one: rule.sureness(self._average([one]), self._shown) < rule.unsure
        )
        average = self.probabilities
        if rule.sureness(average, self._shown) < rule.unsure:
            if len(run) >= MIN_UNSURE and rule.verdict(average) is Verdict.NOT_SURE:
                self._relabel(Verdict.NOT_SURE, run[0].at_s)
            return
        is_lasting = _spans(run, MIN_LASTING, LASTING_S)
        if is_lasting and rule.verdict(self._average(run)) is Verdict.NOT_SURE:
            self._show(Verdict.NOT_SURE, run)

    def _leave_not_sure(self, rule: _Rule) -> None:
        """Show a class in place of "not sure" where average or newest predictions are sure."""
        average = self.probabilities
        verdict = rule.verdict(average)
        if verdict is not Verdict.NOT_SURE and rule.sureness(average, verdict) >= SURE_MARGIN:
            self._relabel(verdict, self._predictions[-1].at_s)
            return
        newest = rule.verdict(self._average([self._predictions[-1]]))
        if newest is Verdict.NOT_SURE:
            return
        run = self._newest_while(lambda one: rule.verdict(self._average([one])) is newest)
        if _spans(run, MIN_LASTING, LASTING_S):
            self._show(newest, run)

    def _settle(self, rule: _Rule) -> None:
        newest = self._average([self._predictions[-1]])
        if self._shown is Verdict.NOT_SURE:
            self._settled = rule.verdict(newest) is Verdict.NOT_SURE
        else:
            self._settled = rule.sureness(newest, self._shown) >= rule.unsure

    def _show(self, verdict: Verdict, predictions: Sequence[_Prediction]) -> None:
        """What was predicted before the change no longer counts."""
        self._smoothed = None
        self._predictions = deque(predictions, maxlen=_MAX_KEPT)
        self._relabel(verdict, predictions[0].at_s)

    def _relabel(self, verdict: Verdict, since_s: float) -> None:
        if verdict is not self._shown or self._shown_since_s is None:
            self._shown, self._shown_since_s = verdict, since_s

    def _newest_while(self, condition: Callable[[_Prediction], bool]) -> list[_Prediction]:
        run: list[_Prediction] = []
        for one in reversed(self._predictions):
            if not condition(one):
                break
            run.append(one)
        return run[::-1]

    def _single(self, prediction: _Prediction, rule: _Rule) -> MaskProbabilities:
        probabilities = self._average([prediction])
        return probabilities.as_two_classes() if rule.two_classes else probabilities

    def _average(self, predictions: Sequence[_Prediction]) -> MaskProbabilities:
        newest_s = predictions[-1].at_s
        weights = [math.exp((one.at_s - newest_s) / DECAY_S) for one in predictions]
        total = sum(weights)
        pairs = list(zip(weights, predictions, strict=True))
        with_mask, worn_wrong, without_mask = (
            math.exp(sum(weight * one.logs[i] for weight, one in pairs) / total) for i in range(3)
        )
        if not any(one.has_worn_wrong for one in self._predictions):
            return MaskProbabilities.of_two_classes(with_mask / (with_mask + without_mask))
        odds = (with_mask, worn_wrong, without_mask)
        return MaskProbabilities(*(one / sum(odds) for one in odds))


def _evidence_since(predictions: Sequence[MaskProbabilities], shown: int, other: int) -> int | None:
    """Where the predictions begin that show a change from one class to another, if they do.

    The cumulative sum test (Page 1954): evidence for the other class adds up and never falls below
    0, so that only what comes after the change counts.
    """
    evidence, start = 0.0, 0
    for i, one in enumerate(predictions):
        if evidence == 0.0:
            start = i
        log_odds = _log_odds_between(one[other], one[shown])
        evidence = max(0.0, evidence + min(MAX_EVIDENCE, max(-MAX_EVIDENCE, log_odds)))
    return start if evidence >= CHANGE_EVIDENCE else None


def _spans(predictions: Sequence[_Prediction], n: int, seconds: float) -> bool:
    # rounding of times must not ask for one prediction more
    return len(predictions) >= n and predictions[-1].at_s - predictions[0].at_s > seconds - 1e-6


def _index(verdict: Verdict) -> int:
    return _CLASSES.index(verdict)


def _prediction(at_s: float, probabilities: MaskProbabilities) -> _Prediction:
    highest = max(probabilities)
    with_mask, worn_wrong, without_mask = (
        max(-MAX_LOG_ODDS, math.log(p / highest)) if p > 0.0 else -MAX_LOG_ODDS
        for p in probabilities
    )
    has_worn_wrong = probabilities.p_worn_wrong > 0.0
    return _Prediction(at_s, (with_mask, worn_wrong, without_mask), has_worn_wrong)


def _log_odds(p: float) -> float:
    return _log_odds_between(p, 1.0 - p)


def _log_odds_between(p: float, other: float) -> float:
    return math.log(max(p, _LEAST) / max(other, _LEAST))
