"""Whether a candidate of the face finder shows a face: what finder and network say together."""

import math
from dataclasses import dataclass

_LEAST_P = 1e-15
"""Probabilities are kept this far from 0 and 1, so that their log odds stay finite."""


@dataclass(frozen=True, slots=True)
class FaceRule:
    """A threshold on a weighted sum of two log odds.

    A doubtful candidate of the finder needs a sure network, and the other way round. It holds for
    the finder, its settings and the network that it was chosen with.

    Attributes:
        finder_weight: of the finder's score, which must be log odds.
        min_log_odds: least sum of weighted score and log odds of the network's `p_face`.
    """

    finder_weight: float
    min_log_odds: float

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ValueError: a negative weight, or a number that is not finite.
        """
        if not (math.isfinite(self.finder_weight) and self.finder_weight >= 0):
            raise ValueError(f"finder_weight must be 0 or more, got {self.finder_weight}")
        if not math.isfinite(self.min_log_odds):
            raise ValueError(f"min_log_odds must be finite, got {self.min_log_odds}")

    def combined_log_odds(self, score: float, p_face: float) -> float:
        """The sum that is compared; NaN where the network failed."""
        if math.isnan(p_face):
            return math.nan
        p = min(max(p_face, _LEAST_P), 1 - _LEAST_P)
        return self.finder_weight * score + math.log(p / (1 - p))

    def rejects(self, score: float, p_face: float) -> bool:
        """Whether the candidate is no face; a network that failed (NaN) drops nobody."""
        return self.combined_log_odds(score, p_face) < self.min_log_odds
