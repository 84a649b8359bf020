"""Upright Haar features over grey windows, computed exactly as OpenCV computes them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW_PX = 16
"""Side of the proposals' window. Small windows make a small pyramid; the network that verifies sees
each window in detail."""

MIN_STD = 10.0
"""OpenCV's `HaarEvaluator::setWindow` rejects flatter windows before it evaluates any feature."""

Windows = NDArray[np.uint8]
"""Grey windows of one size: uint8 (N, H, W)."""


@dataclass(frozen=True, slots=True)
class HaarFeature:
    """Weighted sum of one to three rectangles of a window.

    Attributes:
        rects: (x, y, w, h, weight) in px of the window.
    """

    rects: tuple[tuple[int, int, int, int, float], ...]

    def __post_init__(self) -> None:
        """Refuse what OpenCV could not read.

        Raises:
            ValueError: not one to three rectangles, or one that leaves every window.
        """
        if not 1 <= len(self.rects) <= 3:
            raise ValueError(f"a Haar feature has 1 to 3 rectangles, got {len(self.rects)}")
        for x, y, w, h, _ in self.rects:
            if min(x, y) < 0 or min(w, h) < 1:
                raise ValueError(f"rectangle {(x, y, w, h)} leaves the window")


def random_features(
    n: int, rng: np.random.Generator, window_px: int = WINDOW_PX
) -> list[HaarFeature]:
    """Draw distinct features: edges, lines, centre-surrounds, checkers and pairs of rectangles.

    The pairs compare two equal rectangles anywhere in the window, which sees the symmetry of a
    face and the step from eyes to mask at once.

    Args:
        n: how many.
        rng: random source.
        window_px: side of the window.
    """
    found: dict[HaarFeature, None] = {}
    while len(found) < n:
        kind = rng.choice(len(_KINDS), p=_KIND_SHARES)
        feature = _KINDS[kind](rng, window_px)
        if feature is not None:
            found[feature] = None
    return list(found)


def _side(rng: np.random.Generator, window_px: int, parts: int) -> int:
    """Length of one of `parts` equal parts, at least 1 px, together inside the window."""
    return int(rng.integers(1, window_px // parts + 1))


def _place(rng: np.random.Generator, window_px: int, w: int, h: int) -> tuple[int, int]:
    return int(rng.integers(0, window_px - w + 1)), int(rng.integers(0, window_px - h + 1))


def _stripes(rng: np.random.Generator, window_px: int) -> HaarFeature | None:
    """Two or three stripes side by side or above each other; a middle one may be double."""
    parts = int(rng.choice([2, 3, 4]))
    along, across = _side(rng, window_px, parts), _side(rng, window_px, 1)
    if along * parts * across < 8:
        return None
    upright = rng.random() < 0.5
    w, h = (across, along * parts) if upright else (along * parts, across)
    x, y = _place(rng, window_px, w, h)
    first, length = {2: (1, 1), 3: (1, 1), 4: (1, 2)}[parts]
    weight = parts / length
    if upright:
        inner = (x, y + first * along, w, length * along, weight)
    else:
        inner = (x + first * along, y, length * along, h, weight)
    return HaarFeature(((x, y, w, h, -1.0), inner))


def _centre(rng: np.random.Generator, window_px: int) -> HaarFeature | None:
    """A centre against its surround, a third of it each way."""
    a, b = _side(rng, window_px, 3), _side(rng, window_px, 3)
    x, y = _place(rng, window_px, 3 * a, 3 * b)
    return HaarFeature(((x, y, 3 * a, 3 * b, -1.0), (x + a, y + b, a, b, 9.0)))


def _checker(rng: np.random.Generator, window_px: int) -> HaarFeature | None:
    """Two diagonal quarters against the other two."""
    a, b = _side(rng, window_px, 2), _side(rng, window_px, 2)
    if a * b < 2:
        return None
    x, y = _place(rng, window_px, 2 * a, 2 * b)
    return HaarFeature(((x, y, 2 * a, 2 * b, -1.0), (x, y, a, b, 2.0), (x + a, y + b, a, b, 2.0)))


def _pair(rng: np.random.Generator, window_px: int) -> HaarFeature | None:
    """Two rectangles of one size that do not overlap."""
    w, h = (int(side) for side in rng.integers(2, window_px // 2 + 1, 2))
    (x, y), (u, v) = _place(rng, window_px, w, h), _place(rng, window_px, w, h)
    if abs(x - u) < w and abs(y - v) < h:
        return None
    return HaarFeature(((x, y, w, h, -1.0), (u, v, w, h, 1.0)))


_KINDS = (_stripes, _centre, _checker, _pair)
_KIND_SHARES = (0.5, 0.08, 0.12, 0.3)


def inverse_norm(windows: Windows) -> NDArray[np.float32]:
    """What OpenCV multiplies feature sums by: one over area times standard deviation.

    Both are of the window less its outermost pixels. 0 marks windows too flat for OpenCV
    (`MIN_STD`), which it rejects.
    """
    inner = windows[:, 1:-1, 1:-1].astype(np.int64)
    inner = inner.reshape(len(windows), inner.shape[1] * inner.shape[2])
    area = inner.shape[1]
    spread = (area * (inner**2).sum(1) - inner.sum(1) ** 2).astype(np.float64)
    inverse = 1.0 / np.sqrt(np.maximum(spread, 1.0))
    return np.where((spread > 0) & (area * inverse < 1 / MIN_STD), inverse, 0).astype(np.float32)


def feature_values(
    windows: Windows, features: Sequence[HaarFeature], chunk: int = 2048
) -> NDArray[np.float32]:
    """Values of features, as OpenCV compares them with thresholds: float32 (N, len(features)).

    Raises:
        ValueError: a feature leaves the windows.
    """
    values = np.empty((len(windows), len(features)), np.float32)
    height, width = windows.shape[1:]
    for feature in features:
        if any(x + w > width or y + h > height for x, y, w, h, _ in feature.rects):
            raise ValueError(f"{feature} leaves the window of {width} x {height} px")
    for i in range(0, len(windows), chunk):
        part = windows[i : i + chunk]
        # windows last, so that each corner of a rectangle is one contiguous row
        sums = np.zeros((height + 1, width + 1, len(part)), np.int32)
        np.cumsum(part.transpose(1, 2, 0), axis=0, dtype=np.int32, out=sums[1:, 1:])
        np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
        column = np.empty((len(features), len(part)), np.float32)
        for row, feature in zip(column, features, strict=True):
            row[:] = 0
            for x, y, w, h, weight in feature.rects:
                area = sums[y + h, x + w] - sums[y, x + w] - sums[y + h, x] + sums[y, x]
                row += np.float32(weight) * area.astype(np.float32)
        values[i : i + chunk] = (column * inverse_norm(part)).T
    return values
