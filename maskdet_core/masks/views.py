"""Further views of crops that a network is unsure of: test-time augmentation where it pays.

A small network's answer depends on how a face happens to lie in its crop. The mean of its logits
over the crop as it is, mirrored, nearer and farther depends on it less, and is more often right.
Most crops are clear at the first view.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Logits = Callable[[NDArray[np.uint8]], NDArray[np.float64]]
"""A network: crops, uint8 (N, size, size, 3), to logits, float64 (N, n_classes)."""


@dataclass(frozen=True, slots=True)
class View:
    """A crop mirrored or magnified about its centre.

    Attributes:
        mirrored: whether left and right are exchanged.
        zoom: magnification, 0.5 to 2.
    """

    mirrored: bool = False
    zoom: float = 1.0

    def __post_init__(self) -> None:
        """Validate the range.

        Raises:
            ValueError: ``zoom`` out of its range, or not finite.
        """
        if not 0.5 <= self.zoom <= 2.0:
            raise ValueError(f"zoom must be 0.5 to 2, got {self.zoom}")

    def of(self, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The crop in this view.

        Args:
            crop: uint8 (size, size, 3), not changed.

        Returns:
            uint8 of the same shape, sampled bilinearly; past its border the crop's outermost pixels
            are repeated.
        """
        height, width = crop.shape[:2]
        across = -self.zoom if self.mirrored else self.zoom
        # pixel centres are at whole numbers
        x, y = (width - 1) / 2, (height - 1) / 2
        warp = np.array([[across, 0.0, x - across * x], [0.0, self.zoom, y - self.zoom * y]])
        return np.asarray(
            cv2.warpAffine(
                crop,
                warp,
                (width, height),
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )


@dataclass(frozen=True, slots=True)
class FurtherViews:
    """Views that a network is shown of each crop that it is unsure of.

    Attributes:
        below: a crop is unsure where the highest softmax probability over all outputs, "no face"
            among them and without a temperature, is lower: 0 to 1.
        views: beside the crop as it is; one or more.
        least_face: crops with a lower probability of a face are not looked at again: 0 to 1. Most
            candidates of a face finder that are no faces are unsure ones.
    """

    below: float
    views: tuple[View, ...]
    least_face: float = 0.0

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ValueError: a probability out of its range, or no views.
        """
        for name in ("below", "least_face"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value <= 1.0):
                raise ValueError(f"{name} must be 0 to 1, got {value}")
        if not self.views:
            raise ValueError("expected one view or more, got none")

    def averaged(
        self,
        crops: NDArray[np.uint8],
        first: NDArray[np.float64],
        logits: Logits,
        no_face: int | None = None,
    ) -> NDArray[np.float64]:
        """Logits after further views of the unsure crops.

        Args:
            crops: uint8 (N, size, size, 3), not changed.
            first: logits of these crops as they are, (N, n_classes); not changed.
            logits: the network.
            no_face: index of the output for "no face"; None where there is none.

        Returns:
            float64 (N, n_classes): for an unsure crop the mean over all views, for others and those
            whose logits are not finite the first.
        """
        unsure = np.flatnonzero(self._is_unsure(first, no_face))
        if not len(unsure):
            return first
        seen = np.stack([view.of(crops[i]) for i in unsure for view in self.views])
        further = logits(seen).reshape(len(unsure), len(self.views), -1)
        mean = first.copy()
        mean[unsure] = (first[unsure] + further.sum(axis=1)) / (1 + len(self.views))
        return mean

    def _is_unsure(self, logits: NDArray[np.float64], no_face: int | None) -> NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            p = shares / shares.sum(axis=1, keepdims=True)
            # NaN is not below anything
            unsure = p.max(axis=1) < self.below
            if no_face is not None:
                unsure &= p[:, no_face] <= 1 - self.least_face
        return np.asarray(unsure, np.bool_)
