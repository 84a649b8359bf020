"""The verifier: a second cascade that scores the few windows that the proposer leaves over."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.channels import MOSAIC_SIZE, ChannelExtractor, ChannelMosaic
from maskdet_core.faces.haar import ThreadLocalCascade
from maskdet_core.faces.proposals import Proposals


class Verifier:
    """A Haar cascade over channel mosaics (`maskdet_core.faces.channels`). Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Load the cascade now.

        Raises:
            CascadeError: the file is missing or no cascade.
        """
        self._cascade = ThreadLocalCascade(path)

    def score(self, channels: ChannelExtractor, proposals: Proposals) -> NDArray[np.float64]:
        """Score windows of one image.

        Args:
            channels: of the image.
            proposals: windows in it.

        Returns:
            Log odds of a face, float64 (N,); -inf for windows that an early stage rejects.
        """
        return np.array(
            [
                self.logit(
                    channels.mosaic((left + side / 2, top + side / 2), float(side), float(tilt_deg))
                )
                for (left, top, side), tilt_deg in zip(
                    proposals.squares, proposals.tilts_deg, strict=True
                )
            ],
            np.float64,
        )

    def logit(self, mosaic: ChannelMosaic) -> float:
        """Log odds of a face for one mosaic, uint8 (96, 144); -inf if an early stage rejects it."""
        found, _, sums = self._cascade.get().detectMultiScale3(
            mosaic,
            minNeighbors=0,
            minSize=MOSAIC_SIZE,
            maxSize=MOSAIC_SIZE,
            outputRejectLevels=True,
        )
        return float(np.ravel(sums)[0]) if len(found) else -math.inf
