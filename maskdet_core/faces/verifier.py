"""A second, thorough look at the few windows that a search leaves over."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.channels import MOSAIC, ChannelExtractor, Mosaic
from maskdet_core.faces.haar import ThreadLocalCascade
from maskdet_core.faces.proposals import Proposals


class Verifier:
    """A Haar cascade over mosaics (`maskdet_core.faces.channels`). Shared safely by threads."""

    def __init__(self, path: Path) -> None:
        """Load the cascade now.

        Raises:
            CascadeError: the file is missing or no cascade.
        """
        self._cascade = ThreadLocalCascade(path)

    def score(self, source: ChannelExtractor, candidates: Proposals) -> NDArray[np.float64]:
        """How sure it is of each candidate.

        Args:
            source: the picture.
            candidates: windows in it.

        Returns:
            Logits (N,), -inf for those that an early stage rejects.
        """
        return np.array(
            [
                self.logit(
                    source.cut((left + side / 2, top + side / 2), float(side), float(tilt_deg))
                )
                for (left, top, side), tilt_deg in zip(
                    candidates.squares, candidates.tilts_deg, strict=True
                )
            ],
            np.float64,
        )

    def logit(self, mosaic: Mosaic) -> float:
        """How sure it is of one mosaic, uint8 (96, 144); -inf where an early stage rejects it."""
        found, _, sums = self._cascade.get().detectMultiScale3(
            mosaic, minNeighbors=0, minSize=MOSAIC, maxSize=MOSAIC, outputRejectLevels=True
        )
        return float(np.ravel(sums)[0]) if len(found) else -math.inf
