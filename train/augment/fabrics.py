"""Cloth for drawn masks, scarves and collars: plain, dyed, printed, woven, pleated."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Cloth = NDArray[np.float32]
"""A patch of cloth, RGB 0-255, (H, W, 3)."""

_Draw = Callable[[int, np.random.Generator], Cloth]

_SURGICAL_RGB = (
    (165, 205, 225),
    (190, 220, 235),
    (150, 205, 195),
    (235, 240, 243),
    (240, 200, 210),
)
"""Dyes of disposable masks: blues, green, white, pink."""


def cloth(size_px: int, rng: np.random.Generator, skin_rgb: NDArray[np.floating]) -> Cloth:
    """A square patch of random cloth.

    Args:
        size_px: side of the patch.
        rng: draws kind, colours and pattern.
        skin_rgb: mean colour of the wearer's skin, RGB 0-255, (3,), which some cloths imitate.
    """
    kind = rng.random()
    if kind < 0.22:
        patch = _plain(size_px, rng, np.array(_SURGICAL_RGB[rng.integers(len(_SURGICAL_RGB))]))
    elif kind < 0.34:
        patch = _plain(size_px, rng, np.full(3, rng.uniform(8, 50)))
    elif kind < 0.44:
        patch = _plain(size_px, rng, np.full(3, rng.uniform(215, 250)))
    elif kind < 0.54:
        patch = _plain(size_px, rng, skin_rgb * rng.uniform(0.75, 1.2))
    elif kind < 0.70:
        patch = _plain(size_px, rng, _colour(rng))
    else:
        patch = _PRINTS[rng.integers(len(_PRINTS))](size_px, rng)
    if rng.random() < 0.5:
        patch = _weave(patch, rng)
    return np.asarray(np.clip(patch, 0, 255), np.float32)


def _colour(rng: np.random.Generator) -> NDArray[np.float64]:
    hsv = np.array([[[rng.integers(180), rng.integers(20, 256), rng.integers(30, 256)]]], np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0], np.float64)


def _plain(size: int, rng: np.random.Generator, colour: NDArray[np.floating]) -> Cloth:
    dye = np.clip(colour + rng.normal(0, 12, 3), 0, 255)
    return np.broadcast_to(dye.astype(np.float32), (size, size, 3)).copy()


def _noise(size: int, rng: np.random.Generator, coarse: int) -> NDArray[np.float32]:
    """Smooth noise of unit spread with about `coarse` bumps a side, (size, size)."""
    grid = rng.normal(0, 1, (coarse + 2, coarse + 2)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)


def _stripes(size: int, rng: np.random.Generator) -> Cloth:
    colours = np.stack([_colour(rng) for _ in range(int(rng.integers(2, 4)))])
    angle = rng.choice((0.0, np.pi / 2, rng.uniform(0, np.pi)))
    ys, xs = np.mgrid[0:size, 0:size] / size
    along = xs * np.cos(angle) + ys * np.sin(angle)
    band = np.floor(along * rng.uniform(3, 16) + rng.random()).astype(int) % len(colours)
    return np.asarray(colours[band], np.float32)


def _flag(size: int, rng: np.random.Generator) -> Cloth:
    """Three broad bands, some with a disc or a star's worth of blob in the middle."""
    colours = np.stack([_colour(rng) for _ in range(3)])
    band = np.minimum(np.arange(size) * 3 // size, 2)
    rows = colours[band][:, None].repeat(size, axis=1)
    patch = np.asarray(rows if rng.random() < 0.5 else rows.transpose(1, 0, 2), np.float32).copy()
    if rng.random() < 0.5:
        colour = [float(v) for v in _colour(rng)]
        cv2.circle(patch, (size // 2, size // 2), int(size * rng.uniform(0.08, 0.2)), colour, -1)
    return patch


def _checks(size: int, rng: np.random.Generator) -> Cloth:
    first, second = _colour(rng), _colour(rng)
    ys, xs = np.mgrid[0:size, 0:size] / size * rng.uniform(4, 16)
    share = ((np.floor(xs) % 2) + (np.floor(ys) % 2))[..., None] / 2
    return np.asarray(first * (1 - share) + second * share, np.float32)


def _dots(size: int, rng: np.random.Generator) -> Cloth:
    patch = _plain(size, rng, _colour(rng))
    for _ in range(int(rng.integers(10, 60))):
        centre = tuple(int(v) for v in rng.integers(0, size, 2))
        radius = max(1, int(size * rng.uniform(0.01, 0.06)))
        cv2.circle(patch, centre, radius, [float(v) for v in _colour(rng)], -1, cv2.LINE_AA)
    return patch


def _camouflage(size: int, rng: np.random.Generator) -> Cloth:
    base = _colour(rng)
    patch = _plain(size, rng, base)
    for _ in range(3):
        blob = _noise(size, rng, int(rng.integers(4, 10))) > rng.uniform(0.2, 0.8)
        patch[blob] = np.clip(base * rng.uniform(0.4, 1.5) + rng.normal(0, 15, 3), 0, 255)
    return patch


def _floral(size: int, rng: np.random.Generator) -> Cloth:
    layers = [_noise(size, rng, int(rng.integers(3, 16))) for _ in range(3)]
    wave = np.sin(np.stack(layers, axis=2) * rng.uniform(1, 4))
    return np.asarray(_colour(rng) * (0.6 + 0.4 * wave) + rng.uniform(0, 60), np.float32)


def _lettering(size: int, rng: np.random.Generator) -> Cloth:
    patch = _plain(size, rng, _colour(rng)).astype(np.uint8)
    text = "".join(chr(c) for c in rng.integers(65, 91, int(rng.integers(2, 8))))
    place = (int(size * rng.uniform(0.02, 0.3)), int(size * rng.uniform(0.4, 0.7)))
    scale = size / 100 * rng.uniform(0.5, 1.3)
    colour = [float(v) for v in _colour(rng)]
    thick = max(1, round(size / 60))
    cv2.putText(patch, text, place, int(rng.integers(0, 5)), scale, colour, thick, cv2.LINE_AA)
    return np.asarray(patch, np.float32)


def _printed_mouth(size: int, rng: np.random.Generator) -> Cloth:
    """Lips, teeth or a beard on a skin-like ground: a printed face is a mask all the same."""
    patch = _plain(size, rng, np.array([200, 155, 130]) * rng.uniform(0.35, 1.15))
    centre = (size // 2, int(size * rng.uniform(0.5, 0.65)))
    lips = (int(size * rng.uniform(0.14, 0.24)), max(1, int(size * rng.uniform(0.04, 0.1))))
    red = [float(v) for v in np.array([170, 70, 75]) * rng.uniform(0.6, 1.3)]
    cv2.ellipse(patch, centre, lips, 0, 0, 360, red, -1, cv2.LINE_AA)
    if rng.random() < 0.5:
        teeth = (max(1, int(lips[0] * 0.8)), max(1, lips[1] // 2))
        cv2.ellipse(patch, centre, teeth, 0, 0, 360, (240.0, 238.0, 230.0), -1, cv2.LINE_AA)
    return patch


def _weave(patch: Cloth, rng: np.random.Generator) -> Cloth:
    size = patch.shape[0]
    gain = 1 + rng.normal(0, rng.uniform(0.01, 0.06), (size, size, 1))
    return np.asarray(patch * gain, np.float32)


_PRINTS: tuple[_Draw, ...] = (
    _stripes,
    _flag,
    _checks,
    _dots,
    _camouflage,
    _floral,
    _lettering,
    _printed_mouth,
)


def folds(size_px: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Light on a mask over a face: pleats, creases and curvature, gain (size, size)."""
    ys, xs = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px - np.float32(0.5)
    light = 1 - rng.uniform(0.1, 0.9) * (xs - rng.uniform(-0.2, 0.2)) ** 2
    kind = rng.random()
    if kind < 0.4:
        # the pleats of a disposable mask
        phase = (ys + 0.1 * xs**2) * rng.uniform(2.5, 4) + rng.random()
        light = light * (1 - rng.uniform(0.03, 0.2) * (phase % 1.0 > 0.85))
    elif kind < 0.6:
        # the seam of a folded or moulded mask
        light = light * (1 - rng.uniform(0.05, 0.3) * np.exp(-((xs / 0.015) ** 2)))
    light = light + rng.uniform(0, 0.08) * _noise(size_px, rng, int(rng.integers(3, 8)))
    return np.asarray(np.clip(light, 0.2, 1.3), np.float32)


def drapes(size_px: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Light on cloth that hangs or is wrapped: long creases, or ribs; gain (size, size)."""
    ys, xs = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px - np.float32(0.5)
    if rng.random() < 0.3:
        # the ribs of knitted cloth
        wave = np.sin(2 * np.pi * rng.uniform(12, 40) * (xs + 0.1 * xs * ys))
        return np.asarray(1 - rng.uniform(0.03, 0.2) * (wave > 0), np.float32)
    bent = ys + rng.uniform(-0.6, 0.6) * xs + rng.uniform(-1.5, 1.5) * xs**2
    warp = rng.uniform(0, 0.06) * _noise(size_px, rng, int(rng.integers(3, 7)))
    creases = np.sin(2 * np.pi * (rng.uniform(2, 8) * (bent + warp) + rng.random()))
    light = 1 + rng.uniform(0.03, 0.25) * creases
    light = light + rng.uniform(0, 0.1) * _noise(size_px, rng, int(rng.integers(4, 10)))
    return np.asarray(np.clip(light, 0.3, 1.4), np.float32)
