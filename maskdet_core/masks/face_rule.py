"""Whether a candidate is a face, from the finder's score and the network's probability."""

import math
from dataclasses import dataclass

_MIN_P = 1e-15
"""Probabilities are clamped to this distance from 0 and 1, so that their log odds are finite."""


@dataclass(frozen=True, slots=True)
class FaceRule:
    """A threshold on a weighted sum of two log odds.

    A candidate with a low finder score needs a high probability from the network, and the other way
    round. Hands, sleeves and scarves look like masks far more often than like bare faces, so that a
    masked face needs more. What looks like a face by chance is mostly small, so that a small face
    needs more, too. A rule is valid for the finder, its settings and the network that it was fitted
    with (``train/evaluate/face_rule.py``).

    Attributes:
        finder_weight: factor of the finder's score, 0 or more; the score must be log odds.
        min_log_odds: minimum of weighted score plus log odds of the network's ``p_face``.
        mask_margin: added to the minimum times the probability of a mask, 0 or more.
        size_weight: factor of the log of the box's height as a share of the image's longer side,
            which is added to the sum, 0 or more.
    """

    finder_weight: float
    min_log_odds: float
    mask_margin: float = 0.0
    size_weight: float = 0.0

    def __post_init__(self) -> None:
        """Validate the ranges.

        Raises:
            ValueError: a negative weight or margin, or a value that is not finite.
        """
        for name in ("finder_weight", "mask_margin", "size_weight"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be 0 or more, got {value}")
        if not math.isfinite(self.min_log_odds):
            raise ValueError(f"min_log_odds must be finite, got {self.min_log_odds}")

    def combined_log_odds(
        self, score: float, p_face: float, p_with_mask: float, height_share: float
    ) -> float:
        """Weighted sum of both log odds and the log of the size, less the margin of a mask.

        Args:
            score: the finder's, log odds of a face.
            p_face: the network's probability of a face, 0 to 1, or NaN.
            p_with_mask: the network's probability of a mask, given a face, 0 to 1, or NaN.
            height_share: of the box in the image's longer side, above 0.

        Returns:
            Log odds; NaN where a probability is NaN.
        """
        if math.isnan(p_face):
            return math.nan
        p = min(max(p_face, _MIN_P), 1 - _MIN_P)
        log_odds = math.log(p / (1 - p))
        size = self.size_weight * math.log(height_share)
        return self.finder_weight * score + log_odds + size - self.mask_margin * p_with_mask

    def rejects(self, score: float, p_face: float, p_with_mask: float, height_share: float) -> bool:
        """Whether the candidate is no face.

        Args:
            score: the finder's, log odds of a face.
            p_face: the network's probability of a face, 0 to 1; NaN, of a network that failed,
                rejects no candidate.
            p_with_mask: the network's probability of a mask, given a face; NaN likewise.
            height_share: of the box in the image's longer side, above 0.
        """
        log_odds = self.combined_log_odds(score, p_face, p_with_mask, height_share)
        return log_odds < self.min_log_odds
