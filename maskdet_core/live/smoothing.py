"""What is held of one face over time: a label that neither flickers nor lags."""

import math
from collections import deque
from typing import Final

from maskdet_core.types import Verdict, decide

DECAY_S: Final = 0.3
"""A look's weight falls to 1/e in this time. With looks every 0.3 s at worst, and again with every
round once one of them disagrees, a mask taken off is said within 0.7 s."""
MAX_LOG_ODDS: Final = 6.0
"""No single look counts as surer than this (99.8 %)."""
AGREEING: Final = 2
"""Looks in a row that must speak for the other label before it is shown."""
DOUBTFUL: Final = 3
"""Looks in a row that leave it open by themselves before "not sure" takes a label's place."""
MUDDLED: Final = 8
"""Looks in a row after which all looks together leave it open, though some alone did not."""
_KEPT: Final = 8


class VerdictSmoother:
    """Verdict over the looks at one face, as the decayed mean of their log odds.

    The first look's verdict holds at once. Afterwards one bad look never changes it: the other
    label needs `AGREEING` looks in a row beside a mean that is sure enough, and "not sure" needs a
    mean that is not, after `DOUBTFUL` or `MUDDLED` looks. Not safe to share by threads.
    """

    def __init__(self) -> None:
        """Begin without a look."""
        self._looks: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._shown = Verdict.NOT_SURE
        self._threshold: float | None = None
        self._n_doubtful = self._n_muddled = 0
        self._settled = True

    @property
    def looked_at_s(self) -> float | None:
        """When the newest usable look was taken; None before the first."""
        return self._looks[-1][0] if self._looks else None

    @property
    def p_with_mask(self) -> float:
        """Probability of a mask by all looks, NaN before the first."""
        if not self._looks:
            return math.nan
        newest = self._looks[-1][0]
        weights = [math.exp((at - newest) / DECAY_S) for at, _ in self._looks]
        mean = sum(
            weight * log_odds for weight, (_, log_odds) in zip(weights, self._looks, strict=True)
        ) / sum(weights)
        return _probability(mean)

    @property
    def restless(self) -> bool:
        """Whether the newest look or all together disagree with the label: look again soon."""
        return not self._settled

    def add(self, p_with_mask: float, at_s: float, min_confidence: float) -> Verdict:
        """Take a look into account.

        Args:
            p_with_mask: 0 to 1; anything else means that the network failed and is passed over.
            at_s: when the frame that was looked at came; never falling.
            min_confidence: 0.5 <= c < 1.
        """
        if math.isfinite(p_with_mask) and 0.0 <= p_with_mask <= 1.0:
            self._looks.append((at_s, _log_odds(p_with_mask)))
            alone = decide(p_with_mask, min_confidence)
            self._n_doubtful = self._n_doubtful + 1 if alone is Verdict.NOT_SURE else 0
            self._n_muddled += 1
        return self.verdict(min_confidence)

    def verdict(self, min_confidence: float) -> Verdict:
        """The label to show; a moved threshold takes effect at once."""
        if not self._looks:
            return Verdict.NOT_SURE
        said = decide(self.p_with_mask, min_confidence)
        at_once = (
            len(self._looks) == 1
            or self._threshold != min_confidence
            or self._shown is Verdict.NOT_SURE
        )
        if said is self._shown:
            self._n_muddled = 0
        elif at_once or self._lasts(said):
            self._shown, self._n_muddled = said, 0
        self._threshold = min_confidence
        alone = decide(_probability(self._looks[-1][1]), min_confidence)
        self._settled = said is self._shown is alone
        return self._shown

    def _lasts(self, verdict: Verdict) -> bool:
        if verdict is Verdict.NOT_SURE:
            return self._n_doubtful >= DOUBTFUL or self._n_muddled >= MUDDLED
        return self._agreed(verdict)

    def _agreed(self, verdict: Verdict) -> bool:
        newest = list(self._looks)[-AGREEING:]
        return all(_side(log_odds) is verdict for _, log_odds in newest)


def _log_odds(p: float) -> float:
    if p <= 0.0 or p >= 1.0:
        return math.copysign(MAX_LOG_ODDS, p - 0.5)
    return max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, math.log(p / (1.0 - p))))


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def _side(log_odds: float) -> Verdict:
    return Verdict.WITH_MASK if log_odds >= 0 else Verdict.WITHOUT_MASK
