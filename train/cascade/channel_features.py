"""Random Haar features over the planes of a channel mosaic."""

import numpy as np

from maskdet_core.faces.channels import COLUMNS, N_PLANES, PLANE_PX
from train.cascade.haar import HaarFeature

PLANE_SHARES = (0.27, 0.27, 0.11, 0.11, 0.12, 0.12)
"""Share of the features over each plane, in the order of `ChannelExtractor.mosaic`."""

_TYPICAL_PX = 10.0
"""Rectangles' sides are drawn from an exponential distribution of this mean: details outnumber
what spans half of a face."""
_FIRST_GRADIENT = 2
"""From this plane on, one rectangle alone is informative: the amount of edge or the colour."""


def mosaic_features(n: int, rng: np.random.Generator) -> list[HaarFeature]:
    """Draw distinct features, each within one plane: boxes, edges, lines and pairs of boxes."""
    found: dict[HaarFeature, None] = {}
    while len(found) < n:
        plane = int(rng.choice(N_PLANES, p=PLANE_SHARES))
        kind = rng.random()
        if plane >= _FIRST_GRADIENT and kind < 0.5:
            x, y, w, h = _box(rng)
            feature = HaarFeature(((x, y, w, h, 1.0),))
        elif kind < 0.75:
            feature = _stripes(rng)
        else:
            x, y, w, h = _box(rng)
            u, v = _place(rng, w), _place(rng, h)
            if (x, y) == (u, v):
                continue
            feature = HaarFeature(((x, y, w, h, -1.0), (u, v, w, h, 1.0)))
        row, column = divmod(plane, COLUMNS)
        found[feature.moved(column * PLANE_PX, row * PLANE_PX)] = None
    return list(found)


def _side(rng: np.random.Generator, parts: int = 1) -> int:
    """Length of one of `parts` equal parts, together inside the plane."""
    length = 2 if parts == 1 else 1
    return min(length + int(rng.exponential(_TYPICAL_PX / parts)), PLANE_PX // parts)


def _place(rng: np.random.Generator, length: int) -> int:
    return int(rng.integers(0, PLANE_PX - length + 1))


def _box(rng: np.random.Generator) -> tuple[int, int, int, int]:
    w, h = _side(rng), _side(rng)
    return _place(rng, w), _place(rng, h), w, h


def _stripes(rng: np.random.Generator) -> HaarFeature:
    """Two stripes, or three of which the middle one counts."""
    parts = int(rng.choice([2, 3]))
    along, across = _side(rng, parts), _side(rng)
    upright = rng.random() < 0.5
    w, h = (across, along * parts) if upright else (along * parts, across)
    x, y = _place(rng, w), _place(rng, h)
    first = along if parts == 3 else 0
    inner = (x, y + first, w, along) if upright else (x + first, y, along, h)
    return HaarFeature(((x, y, w, h, -1.0), (*inner, float(parts))))
