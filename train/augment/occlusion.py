"""Occlusions other than masks, drawn on faces of both classes alike."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

EYES_Y = 0.4
"""Height of the eyes in a framed face, in sides: the mean of the reference detector's boxes."""


def shade_lower_face(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Tint and darken the lower face, rough as hair or smooth as a shadow.

    Beards and shadows do it to bare faces, the dyes of cloth to masks; so neither darkness nor
    colour may give the class away.

    Args:
        rgb: framed face, uint8 (S, S, 3).
        rng: draws the rest.
    """
    size = rgb.shape[0]
    ys, xs = np.mgrid[0:size, 0:size] / size
    across = (xs - rng.uniform(0.45, 0.55)) / rng.uniform(0.34, 0.5)
    down = (ys - rng.uniform(0.76, 0.88)) / rng.uniform(0.22, 0.36)
    weight = 1 / (1 + np.exp(-rng.uniform(4, 14) * (1 - np.hypot(across, down))))
    gain = np.full((size, size, 3), rng.uniform(0.25, 0.95)) * rng.uniform(0.8, 1.2, 3)
    if rng.random() < 0.5:
        noise = rng.normal(0, 0.35, (size, size))
        hair = np.asarray(cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 1.5)))
        gain = gain * (1 + hair)[..., None]
    shaded = rgb * (1 + (gain - 1) * weight[..., None])
    return np.asarray(np.clip(shaded, 0, 255), np.uint8)


def wear_sunglasses(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Two dark lenses with a bridge over the eyes of a framed face, uint8 (S, S, 3)."""
    size = rgb.shape[0]
    layer, alpha = rgb.copy(), np.zeros((size, size), np.uint8)
    colour = [int(v) for v in rng.uniform(0, 50) + rng.uniform(0, 25, 3)]
    apart, y = rng.uniform(0.15, 0.2), EYES_Y + rng.uniform(-0.04, 0.04)
    radii = (round(size * rng.uniform(0.1, 0.15)), round(size * rng.uniform(0.07, 0.13)))
    for side in (-1, 1):
        centre = (round(size * (0.5 + side * apart)), round(size * y))
        cv2.ellipse(alpha, centre, radii, 0, 0, 360, 255, -1, cv2.LINE_AA)
        bow = (round(size * (0.5 + side * 0.55)), round(size * (y - 0.02)))
        cv2.line(alpha, centre, bow, 255, max(1, size // 50), cv2.LINE_AA)
    ends = [(round(size * (0.5 + side * apart)), round(size * (y - 0.02))) for side in (-1, 1)]
    cv2.line(alpha, ends[0], ends[1], 255, max(1, size // 40), cv2.LINE_AA)
    layer[:] = colour
    weight = (alpha / 255.0 * rng.uniform(0.75, 1.0))[..., None]
    return np.asarray(rgb * (1 - weight) + layer * weight, np.uint8)


def hold_cup(rgb: Picture, rng: np.random.Generator, *, over_mouth: bool) -> Picture:
    """A cup or glass, shaded as a cylinder, before the mouth of a framed face or beside it."""
    size = rgb.shape[0]
    width, height = rng.uniform(0.2, 0.36), rng.uniform(0.28, 0.45)
    x = rng.uniform(0.38, 0.62) if over_mouth else 0.5 + rng.choice((-1, 1)) * rng.uniform(0.4, 0.5)
    top = rng.uniform(0.6, 0.74) if over_mouth else rng.uniform(0.5, 0.9)
    foot = width * rng.uniform(0.6, 1.0)
    corners = np.array(
        [(-width / 2, 0), (width / 2, 0), (foot / 2, height), (-foot / 2, height)], np.float64
    )
    angle = np.deg2rad(rng.uniform(-25, 25))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.round((corners @ rotation.T + (x, top)) * size).astype(np.int32)
    alpha = np.zeros((size, size), np.uint8)
    cv2.fillConvexPoly(alpha, points, 255, cv2.LINE_AA)
    rim = (round(size * width / 2), max(1, round(size * width * rng.uniform(0.08, 0.2))))
    centre = (round(size * x), round(size * top))
    cv2.ellipse(alpha, centre, rim, float(np.rad2deg(angle)), 0, 360, 255, -1, cv2.LINE_AA)
    xs = (np.arange(size) / size - x) / width
    light = 1 - rng.uniform(0.1, 0.5) * np.abs(xs - rng.uniform(-0.3, 0.3))
    layer = rng.uniform(20, 245, 3) * np.clip(light, 0, 1)[None, :, None]
    weight = cv2.GaussianBlur(alpha, (0, 0), 0.6)[..., None] / 255.0
    return np.asarray(rgb * (1 - weight) + layer * weight, np.uint8)
