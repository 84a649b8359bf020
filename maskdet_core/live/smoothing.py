"""Smooth the verdict of one face over time, so that its label neither flickers nor lags.

An exponential moving average of log odds by class with hysteresis: the average decides, and a label
changes only after several predictions in a row support the change.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from maskdet_core.types import NO_PROBABILITIES, MaskProbabilities, Verdict, decide

DECAY_S: Final = 0.3
"""A prediction's weight falls to 1/e in this time. With predictions every 0.3 s at worst, and as
often as possible once one of them disagrees, a mask taken off is shown within 0.7 s."""
MAX_LOG_ODDS: Final = 6.0
"""No class of a single prediction counts as surer than this against another (99.8 %)."""
MIN_AGREEING: Final = 2
"""Predictions in a row that must support the other label before it is shown."""
MIN_NOT_SURE: Final = 3
"""Predictions in a row that are "not sure" themselves before "not sure" replaces a label."""
MIN_UNDECIDED: Final = 8
"""Predictions in a row after which an average that is "not sure" replaces a label, though single
predictions were sure."""
_MAX_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class _Prediction:
    """One prediction as log odds against no mask.

    Each class is limited to `MAX_LOG_ODDS` below the most probable one. A network without the class
    `WORN_WRONG` gives it a probability of 0, but so may rounding: the class is left out only where
    no prediction has more.
    """

    at_s: float
    with_mask: float
    worn_wrong: float
    has_worn_wrong: bool

    @property
    def probabilities(self) -> MaskProbabilities:
        """Of this prediction alone."""
        return _probabilities(self.with_mask, self.worn_wrong if self.has_worn_wrong else None)

    def side(self, two_classes: bool) -> Verdict:
        """The most probable class."""
        probabilities = self.probabilities
        if two_classes:
            probabilities = probabilities.as_two_classes()
        p_with_mask, p_worn_wrong, p_without_mask = probabilities
        if p_with_mask >= max(p_worn_wrong, p_without_mask):
            return Verdict.WITH_MASK
        return Verdict.WORN_WRONG if p_worn_wrong > p_without_mask else Verdict.WITHOUT_MASK


class VerdictSmoother:
    """Verdict over the predictions of one face, from the moving average of their log odds.

    The first prediction's verdict is shown at once. After that a single outlier never changes the
    label: the other label needs `MIN_AGREEING` predictions in a row beside an average that reaches
    the threshold, and "not sure" needs an average that does not, after `MIN_NOT_SURE` or
    `MIN_UNDECIDED` predictions. Not thread-safe.
    """

    def __init__(self) -> None:
        """Begin without a prediction."""
        self._predictions: deque[_Prediction] = deque(maxlen=_MAX_KEPT)
        self._shown = Verdict.NOT_SURE
        self._rule: tuple[float, bool] | None = None
        self._n_not_sure = self._n_undecided = 0
        self._settled = True

    @property
    def predicted_at_s(self) -> float | None:
        """Time of the newest usable prediction; None before the first."""
        return self._predictions[-1].at_s if self._predictions else None

    @property
    def probabilities(self) -> MaskProbabilities:
        """Smoothed probabilities, NaN before the first prediction."""
        if not self._predictions:
            return NO_PROBABILITIES
        newest_s = self._predictions[-1].at_s
        weights = [math.exp((one.at_s - newest_s) / DECAY_S) for one in self._predictions]
        total = sum(weights)
        pairs = list(zip(weights, self._predictions, strict=True))
        with_mask = sum(weight * one.with_mask for weight, one in pairs) / total
        if not any(one.has_worn_wrong for one in self._predictions):
            return _probabilities(with_mask, None)
        worn_wrong = sum(weight * one.worn_wrong for weight, one in pairs) / total
        return _probabilities(with_mask, worn_wrong)

    @property
    def is_unsettled(self) -> bool:
        """Whether the newest prediction or the average disagrees with the label shown.

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
        if probabilities.are_valid:
            self._predictions.append(_prediction(at_s, probabilities))
            newest = decide(probabilities, min_confidence, two_classes=two_classes)
            self._n_not_sure = self._n_not_sure + 1 if newest is Verdict.NOT_SURE else 0
            self._n_undecided += 1
        return self.verdict(min_confidence, two_classes=two_classes)

    def verdict(self, min_confidence: float, *, two_classes: bool = False) -> Verdict:
        """The verdict to show; another threshold or rule takes effect at once."""
        if not self._predictions:
            return Verdict.NOT_SURE
        smoothed = decide(self.probabilities, min_confidence, two_classes=two_classes)
        rule = (min_confidence, two_classes)
        at_once = (
            len(self._predictions) == 1 or self._rule != rule or self._shown is Verdict.NOT_SURE
        )
        if smoothed is self._shown:
            self._n_undecided = 0
        elif at_once or self._is_lasting(smoothed, two_classes):
            self._shown, self._n_undecided = smoothed, 0
        self._rule = rule
        newest = decide(
            self._predictions[-1].probabilities, min_confidence, two_classes=two_classes
        )
        self._settled = smoothed is self._shown is newest
        return self._shown

    def _is_lasting(self, verdict: Verdict, two_classes: bool) -> bool:
        if verdict is Verdict.NOT_SURE:
            return self._n_not_sure >= MIN_NOT_SURE or self._n_undecided >= MIN_UNDECIDED
        newest = list(self._predictions)[-MIN_AGREEING:]
        return all(one.side(two_classes) is verdict for one in newest)


def _prediction(at_s: float, probabilities: MaskProbabilities) -> _Prediction:
    p_with_mask, p_worn_wrong, p_without_mask = probabilities
    highest = max(probabilities)
    without = _log_ratio(p_without_mask, highest)
    return _Prediction(
        at_s,
        _log_ratio(p_with_mask, highest) - without,
        _log_ratio(p_worn_wrong, highest) - without,
        has_worn_wrong=p_worn_wrong > 0.0,
    )


def _log_ratio(p: float, highest: float) -> float:
    """Log of a probability against the highest one, `MAX_LOG_ODDS` below 0 at the least."""
    # the ratio above 1, so that the log odds of two classes are symmetric
    return -min(MAX_LOG_ODDS, math.log(highest / p)) if p > 0.0 else -MAX_LOG_ODDS


def _probabilities(with_mask: float, worn_wrong: float | None) -> MaskProbabilities:
    """Probabilities from log odds against no mask; None for a network without the class."""
    if worn_wrong is None:
        return MaskProbabilities.of_two_classes(1.0 / (1.0 + math.exp(-with_mask)))
    weights = (math.exp(with_mask), math.exp(worn_wrong), 1.0)
    total = sum(weights)
    return MaskProbabilities(*(weight / total for weight in weights))
