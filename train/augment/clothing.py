"""Scarves, collars, hoods and straps that leave the nose free: the label stays.

Cloth is placed by both eyes; lengths are in distances between the pupils, see
`train.augment.overlay.FaceAxes`. Faces of all classes wear it, in the cloths of drawn masks, so
that cloth tells little of a mask. A scarf before the mouth is no mask either.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from train.augment.fabrics import cloth, drapes
from train.augment.overlay import Eyes, FaceAxes, Picture, Points, fill, lay_cloth, skin_colour

BELOW_NOSE: Final = 0.95
"""The highest edge of cloth that leaves the nose free, whose tip is at about 0.7."""
BELOW_LIPS: Final = 1.35
"""The highest edge of cloth that leaves the mouth free: the lower lip ends at about 1.3."""

_CHEEK: Final = 0.35
"""The highest edge of cloth beside the face."""
_LOWEST: Final = 2.2
"""The lowest edge of cloth at the neck: a framed face shows little below."""
_FAR: Final = 6.0
"""Beyond the picture, whatever the framing."""
_XS: Final = np.linspace(-_FAR, _FAR, 97)


def wear(rgb: Picture, eyes: Eyes, rng: np.random.Generator, *, highest: float) -> Picture:
    """A copy of a framed face with cloth around it.

    Args:
        rgb: uint8 (S, S, 3); not changed.
        eyes: both pupils, px, found or presumed.
        rng: draws kind, shape, cloth and light.
        highest: highest edge of cloth before mouth and chin, in distances between the pupils below
            the eyes; `BELOW_NOSE` or more.
    """
    face = FaceAxes.of(eyes)
    kind = rng.random()
    if kind < 0.15:
        return _cap(rgb, face, rng)
    if kind < 0.30:
        return _strap(rgb, face, rng, highest)
    if kind < 0.45:
        rgb = _hood(rgb, face, rng, highest)
        if rng.random() < 0.5:
            return rgb
    draw = (_scarf, _scarf, _turtleneck, _collar)[rng.integers(4)]
    return draw(rgb, face, rng, highest)


class _Bolt:
    """One cloth, of which a piece of clothing is made."""

    def __init__(self, rgb: Picture, face: FaceAxes, rng: np.random.Generator) -> None:
        self._rng, self._face = rng, face
        self._size = (rgb.shape[1], rgb.shape[0])
        self._side_px = int(np.clip(2.5 * face.unit_px, 24, 160))
        self._patch = cloth(self._side_px, rng, skin_colour(rgb, face))
        self._extent = rng.uniform(2.0, 5.0)

    def laid(self, rgb: Picture, *outlines: Points, holes: bool = False) -> Picture:
        """A copy of the picture with cloth inside the outlines, or outside them (`holes`).

        Args:
            rgb: uint8 (S, S, 3).
            outlines: polygons (N, 2) of the face.
            holes: the polygons are what stays free.
        """
        alpha = np.zeros(rgb.shape[:2], np.uint8)
        for outline in outlines:
            fill(alpha, self._face.to_px(outline))
        if holes:
            alpha = np.asarray(255 - alpha, np.uint8)
        layer = self._patch * drapes(self._side_px, self._rng)[..., None]
        half, edge = self._extent / 2, self._side_px - 1
        source = np.array([(0, 0), (edge, 0), (0, edge)], np.float32)
        corners = np.array([(-half, 0), (half, 0), (-half, self._extent)])
        matrix = cv2.getAffineTransform(source, self._face.to_px(corners).astype(np.float32))
        warped = cv2.warpAffine(
            layer, matrix, self._size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return lay_cloth(rgb, alpha, np.asarray(warped, np.float32), self._face.unit_px, self._rng)


def _step(start: float, end: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 up to `start`, 1 from `end` on, smooth between."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float64)


def _below(ys: NDArray[np.float64], highest: float) -> Points:
    """All that lies below an edge at `_XS`, which is lowered where it would reach the mouth."""
    limit = highest - (highest - _CHEEK) * _step(0.6, 1.1, np.abs(_XS))
    edge = np.stack([_XS, np.maximum(ys, limit)], axis=1)
    return np.concatenate([edge, [(_FAR, _FAR), (-_FAR, _FAR)]])


def _middle_height(rng: np.random.Generator, highest: float) -> float:
    # more often high: a framed face ends at the chin
    lowest = max(_LOWEST, highest + 0.2)
    return float(highest + (lowest - highest) * rng.random() ** 2)


def _scarf(rgb: Picture, face: FaceAxes, rng: np.random.Generator, highest: float) -> Picture:
    """One to three turns of cloth from the shoulders up to chin and cheeks, aslant."""
    out = np.abs(_XS)
    edge = _middle_height(rng, highest) - rng.uniform(-0.3, 1.0) * _step(0.5, 1.3, out)
    edge = edge + rng.normal(0, 0.12) * _XS
    # the shoulders
    edge = edge + rng.uniform(0.2, 2.0) * np.maximum(0, out - rng.uniform(1.2, 2.4))
    bolt = _Bolt(rgb, face, rng)
    for _ in range(int(rng.integers(1, 4))):
        rgb = bolt.laid(rgb, _below(edge + rng.normal(0, 0.03, edge.shape), highest))
        edge = edge + rng.uniform(0.25, 0.6) + rng.normal(0, 0.15) * _XS
    return rgb


def _turtleneck(rgb: Picture, face: FaceAxes, rng: np.random.Generator, highest: float) -> Picture:
    """A collar around the neck alone, folded over once, and the shoulders."""
    out = np.abs(_XS - rng.normal(0, 0.1))
    height = _middle_height(rng, highest)
    half = rng.uniform(0.75, 1.35)
    beside = np.maximum(0, out - half)
    edge = height - rng.uniform(0, 0.4) * (np.minimum(out, half) / half) ** 2
    edge = np.minimum(edge + rng.uniform(2, 8) * beside, height + 1.2 + 0.4 * beside)
    bolt = _Bolt(rgb, face, rng)
    rgb = bolt.laid(rgb, _below(edge, highest))
    if rng.random() < 0.6:
        rgb = bolt.laid(rgb, _below(edge + rng.uniform(0.3, 0.8), highest))
    return rgb


def _collar(rgb: Picture, face: FaceAxes, rng: np.random.Generator, highest: float) -> Picture:
    """A coat or shirt, open in the middle, its collar up to the cheeks or down."""
    bolt = _Bolt(rgb, face, rng)
    top = rng.uniform(0.6, 2.0)
    rise = rng.uniform(0.5, 1.1)
    opening = rng.uniform(0.0, 0.5)
    half = rng.uniform(0.9, 1.5)
    out = np.abs(_XS - rng.normal(0, 0.1))
    # from the deepest point of the opening up along the neck, then down the shoulders
    edge = top + rise * 1.5 * (1 - _step(opening, half, out))
    edge = edge + rng.uniform(0.5, 3.0) * np.maximum(0, out - half - 0.2)
    rgb = bolt.laid(rgb, _below(edge, highest))
    if rng.random() < 0.5:
        rgb = bolt.laid(rgb, _below(edge + rng.uniform(0.3, 0.9), highest))
    return rgb


def _hood(rgb: Picture, face: FaceAxes, rng: np.random.Generator, highest: float) -> Picture:
    """A hood or headscarf: everything outside an opening for the face."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    top, bottom = rng.uniform(-1.3, -0.5), _middle_height(rng, highest)
    x = rng.normal(0, 0.05) + rng.uniform(1.2, 1.8) * np.cos(angle)
    # an opening wider than an ellipse, so that the corners of the mouth stay free
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.7
    y = (top + bottom) / 2 + (bottom - top) / 2 * y
    return _Bolt(rgb, face, rng).laid(rgb, np.stack([x, y], axis=1), holes=True)


def _cap(rgb: Picture, face: FaceAxes, rng: np.random.Generator) -> Picture:
    """A cap, hat or head band: everything above the brow."""
    edge = rng.uniform(-1.0, -0.45) + rng.uniform(-0.2, 0.2) * (_XS / 1.5) ** 2
    above = np.concatenate([np.stack([_XS, edge], axis=1), [(_FAR, -_FAR), (-_FAR, -_FAR)]])
    return _Bolt(rgb, face, rng).laid(rgb, above)


def _strap(rgb: Picture, face: FaceAxes, rng: np.random.Generator, highest: float) -> Picture:
    """The strap of a helmet, a cable or a lanyard, some with a pad on the chin."""
    half = rng.uniform(0.02, 0.1)
    chin = max(highest + half, rng.uniform(1.65, 1.95))
    outlines = []
    for side in (-1, 1):
        if rng.random() < 0.2:
            continue
        x = rng.uniform(1.05, 1.4)
        line = np.array(
            [(x, rng.uniform(-1.0, 0.0)), (x - 0.1, 1.1), (rng.uniform(0.1, 0.6), chin)]
        )
        back = line[::-1] - np.array([2 * half, 0])
        outlines.append(np.concatenate([line, back]) * (side, 1))
    if rng.random() < 0.4:
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        high = rng.uniform(0.1, 0.25)
        y = max(chin, highest + high)
        pad = np.stack([rng.uniform(0.25, 0.5) * np.cos(angle), y + high * np.sin(angle)], axis=1)
        outlines.append(pad)
    return _Bolt(rgb, face, rng).laid(rgb, *outlines)
