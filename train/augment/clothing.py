"""Scarves, collars, hoods and straps that leave nose and mouth free: the label stays."""

import cv2
import numpy as np
from numpy.typing import NDArray

from train.augment.fabrics import cloth, folds

Picture = NDArray[np.uint8]

_CHIN_Y = 0.97
"""Height of the chin in a framed face, in sides."""


def wear(rgb: Picture, rng: np.random.Generator) -> Picture:
    """A copy of a framed face, uint8 RGB (S, S, 3), with cloth around it.

    Cloth at the neck reaches up to the chin, a hood or a cap covers the top, a strap crosses the
    cheek. None reaches the mouth.
    """
    kind = rng.random()
    if kind < 0.5:
        return _at_the_neck(rgb, rng)
    if kind < 0.75:
        return _on_the_head(rgb, rng)
    return _strap(rgb, rng)


def _laid(rgb: Picture, alpha: NDArray[np.uint8], rng: np.random.Generator, blur: float) -> Picture:
    size = rgb.shape[0]
    skin = rgb[int(0.3 * size) : int(0.5 * size), int(0.35 * size) : int(0.65 * size)]
    patch = cloth(size, rng, skin.reshape(-1, 3).mean(axis=0)) * folds(size, rng)[..., None]
    level = (float(rgb.mean()) / 128) ** rng.uniform(0.2, 0.8)
    weight = cv2.GaussianBlur(alpha, (0, 0), blur).astype(np.float32)[..., None] / 255
    return np.asarray(np.clip(rgb * (1 - weight) + patch * level * weight, 0, 255), np.uint8)


def _at_the_neck(rgb: Picture, rng: np.random.Generator) -> Picture:
    """A scarf or collar: its edge is lowest in the middle or straight, below the lips."""
    size = rgb.shape[0]
    alpha = np.zeros((size, size), np.uint8)
    middle = _CHIN_Y + rng.uniform(-0.06, 0.06)
    sides = middle - rng.uniform(-0.02, 0.35)
    xs = np.linspace(-0.05, 1.05, 24)
    bend = np.abs((xs - 0.5 - rng.normal(0, 0.05)) / 0.5) ** rng.uniform(1.5, 3)
    ys = middle + (sides - middle) * bend + rng.normal(0, 0.006, xs.shape)
    outline = np.concatenate([np.stack([xs, ys], 1), [(1.05, 1.1), (-0.05, 1.1)]]) * size
    cv2.fillPoly(alpha, [np.round(outline).astype(np.int32)], 255, cv2.LINE_AA)
    return _laid(rgb, alpha, rng, rng.uniform(0.4, 1.0))


def _on_the_head(rgb: Picture, rng: np.random.Generator) -> Picture:
    """A hood, headscarf or cap: everything outside an opening for the face, or above the brow."""
    size = rgb.shape[0]
    alpha = np.zeros((size, size), np.uint8)
    if rng.random() < 0.5:
        alpha[:] = 255
        centre = (round(size * rng.normal(0.5, 0.02)), round(size * rng.uniform(0.52, 0.6)))
        radii = (round(size * rng.uniform(0.38, 0.48)), round(size * rng.uniform(0.46, 0.52)))
        cv2.ellipse(alpha, centre, radii, 0, 0, 360, 0, -1, cv2.LINE_AA)
    else:
        brim = rng.uniform(0.12, 0.28)
        bend = rng.uniform(-0.08, 0.08)
        xs = np.linspace(-0.05, 1.05, 16)
        ys = brim + bend * (2 * xs - 1) ** 2
        outline = np.concatenate([np.stack([xs, ys], 1), [(1.05, -0.1), (-0.05, -0.1)]]) * size
        cv2.fillPoly(alpha, [np.round(outline).astype(np.int32)], 255, cv2.LINE_AA)
    return _laid(rgb, alpha, rng, rng.uniform(0.4, 1.0))


def _strap(rgb: Picture, rng: np.random.Generator) -> Picture:
    """The strap of a helmet, a cable or a lanyard: from the temple under the chin."""
    size = rgb.shape[0]
    alpha = np.zeros((size, size), np.uint8)
    thick = max(1, round(size * rng.uniform(0.01, 0.05)))
    for side in (-1, 1):
        if rng.random() < 0.2:
            continue
        x = 0.5 + side * rng.uniform(0.36, 0.46)
        low = 0.5 + side * rng.uniform(0.1, 0.3)
        points = np.array([(x, rng.uniform(0.1, 0.4)), (x, 0.65), (low, _CHIN_Y)]) * size
        cv2.polylines(alpha, [np.round(points).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return _laid(rgb, alpha, rng, 0.5)
