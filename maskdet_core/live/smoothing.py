"""Smooth the verdict of one face over time, so that its label neither flickers nor lags.

An exponential moving average of log odds with hysteresis: the average decides, and a label changes
only after several predictions in a row support the change.
"""

import math
from collections import deque
from typing import Final

from maskdet_core.types import Verdict, decide

DECAY_S: Final = 0.3
"""A prediction's weight falls to 1/e in this time. With predictions every 0.3 s at worst, and as
often as possible once one of them disagrees, a mask taken off is shown within 0.7 s."""
MAX_LOG_ODDS: Final = 6.0
"""No single prediction counts as surer than this (99.8 %)."""
MIN_AGREEING: Final = 2
"""Predictions in a row that must support the other label before it is shown."""
MIN_NOT_SURE: Final = 3
"""Predictions in a row that are "not sure" themselves before "not sure" replaces a label."""
MIN_UNDECIDED: Final = 8
"""Predictions in a row after which an average that is "not sure" replaces a label, though single
predictions were sure."""
_MAX_KEPT: Final = 8


class VerdictSmoother:
    """Verdict over the predictions of one face, from the moving average of their log odds.

    The first prediction's verdict is shown at once. After that a single outlier never changes the
    label: the other label needs `MIN_AGREEING` predictions in a row beside an average that reaches
    the threshold, and "not sure" needs an average that does not, after `MIN_NOT_SURE` or
    `MIN_UNDECIDED` predictions. Not thread-safe.
    """

    def __init__(self) -> None:
        """Begin without a prediction."""
        self._predictions: deque[tuple[float, float]] = deque(maxlen=_MAX_KEPT)
        self._shown = Verdict.NOT_SURE
        self._min_confidence: float | None = None
        self._n_not_sure = self._n_undecided = 0
        self._settled = True

    @property
    def predicted_at_s(self) -> float | None:
        """Time of the newest usable prediction; None before the first."""
        return self._predictions[-1][0] if self._predictions else None

    @property
    def p_with_mask(self) -> float:
        """Smoothed probability of a mask, NaN before the first prediction."""
        if not self._predictions:
            return math.nan
        newest_s = self._predictions[-1][0]
        weights = [math.exp((at_s - newest_s) / DECAY_S) for at_s, _ in self._predictions]
        mean = sum(
            weight * log_odds
            for weight, (_, log_odds) in zip(weights, self._predictions, strict=True)
        ) / sum(weights)
        return _probability(mean)

    @property
    def is_unsettled(self) -> bool:
        """Whether the newest prediction or the average disagrees with the label shown.

        The next prediction is then due early.
        """
        return not self._settled

    def add(self, p_with_mask: float, at_s: float, min_confidence: float) -> Verdict:
        """Take a prediction into account.

        Args:
            p_with_mask: 0 to 1; anything else means that the network failed and is ignored.
            at_s: when the classified frame arrived; never decreasing.
            min_confidence: 0.5 <= c < 1.

        Returns:
            The verdict to show.
        """
        if math.isfinite(p_with_mask) and 0.0 <= p_with_mask <= 1.0:
            self._predictions.append((at_s, _log_odds(p_with_mask)))
            newest = decide(p_with_mask, min_confidence)
            self._n_not_sure = self._n_not_sure + 1 if newest is Verdict.NOT_SURE else 0
            self._n_undecided += 1
        return self.verdict(min_confidence)

    def verdict(self, min_confidence: float) -> Verdict:
        """The verdict to show; another threshold takes effect at once."""
        if not self._predictions:
            return Verdict.NOT_SURE
        smoothed = decide(self.p_with_mask, min_confidence)
        at_once = (
            len(self._predictions) == 1
            or self._min_confidence != min_confidence
            or self._shown is Verdict.NOT_SURE
        )
        if smoothed is self._shown:
            self._n_undecided = 0
        elif at_once or self._is_lasting(smoothed):
            self._shown, self._n_undecided = smoothed, 0
        self._min_confidence = min_confidence
        newest = decide(_probability(self._predictions[-1][1]), min_confidence)
        self._settled = smoothed is self._shown is newest
        return self._shown

    def _is_lasting(self, verdict: Verdict) -> bool:
        if verdict is Verdict.NOT_SURE:
            return self._n_not_sure >= MIN_NOT_SURE or self._n_undecided >= MIN_UNDECIDED
        newest = list(self._predictions)[-MIN_AGREEING:]
        return all(_side(log_odds) is verdict for _, log_odds in newest)


def _log_odds(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return math.copysign(MAX_LOG_ODDS, p - 0.5)
    return max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, math.log(p / (1.0 - p))))


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def _side(log_odds: float) -> Verdict:
    return Verdict.WITH_MASK if log_odds >= 0 else Verdict.WITHOUT_MASK
