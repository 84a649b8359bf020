"""Things held before a bare mouth, or near any face: none of them is a mask.

Phones, books, microphones, cigarettes, food and bottles, drawn by code; cups are in
`train.augment.occlusion`, hands in `train.augment.hands`.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from train.augment.fabrics import cloth
from train.augment.occlusion import hold_cup

Picture = NDArray[np.uint8]
Layer = NDArray[np.float32]
"""An object on its own canvas, RGBA 0-255, (N, N, 4); the canvas stands for one face side."""

_CANVAS_PX = 128
_SKIN_RGB = np.array([150.0, 115.0, 95.0])


def hold_object(rgb: Picture, rng: np.random.Generator, *, over_mouth: bool) -> Picture:
    """A copy of a framed face, uint8 RGB (S, S, 3), with a random object on it.

    Args:
        rgb: framed face; the mouth is expected at about 0.78 of its height.
        rng: draws kind, place and colours.
        over_mouth: before the mouth; else beside face or chin, where it covers neither nose nor
            mouth.
    """
    if rng.random() < 0.2:
        return hold_cup(rgb, rng, over_mouth=over_mouth)
    size = rgb.shape[0]
    draw = _OBJECTS[rng.integers(len(_OBJECTS))]
    layer = draw(rng)
    if over_mouth:
        x, y = rng.uniform(0.38, 0.62), rng.uniform(0.68, 0.88)
    else:
        x, y = 0.5 + rng.choice((-1, 1)) * rng.uniform(0.42, 0.55), rng.uniform(0.3, 1.0)
    angle = rng.normal(0, 20)
    scale = size / _CANVAS_PX * rng.uniform(0.8, 1.2)
    middle = (_CANVAS_PX - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), angle, scale)
    matrix[:, 2] += np.array([x, y]) * size - middle
    if rng.random() < 0.5:
        layer = np.ascontiguousarray(layer[:, ::-1])
    warped = cv2.warpAffine(layer, matrix, (size, size), flags=cv2.INTER_LINEAR)
    weight = warped[..., 3] / 255
    shadow = cv2.GaussianBlur(weight, (0, 0), max(0.5, 0.03 * size)) * rng.uniform(0, 0.4)
    shaded = rgb * (1 - shadow * (1 - weight))[..., None]
    level = rgb.mean() / 128
    lit = warped[..., :3] * np.float32(level ** rng.uniform(0.2, 0.8))
    weight = weight[..., None]
    return np.asarray(np.clip(shaded * (1 - weight) + lit * weight, 0, 255), np.uint8)


def _blank() -> tuple[Layer, NDArray[np.uint8]]:
    return np.zeros((_CANVAS_PX, _CANVAS_PX, 4), np.float32), np.zeros(
        (_CANVAS_PX, _CANVAS_PX), np.uint8
    )


def _filled(layer: Layer, alpha: NDArray[np.uint8], rng: np.random.Generator) -> Layer:
    """Light on the object, and its soft edge."""
    xs = np.arange(_CANVAS_PX, dtype=np.float32) / _CANVAS_PX - np.float32(rng.uniform(0.3, 0.7))
    layer[..., :3] *= (1 - rng.uniform(0, 1.2) * xs**2)[None, :, None]
    layer[..., :3] += rng.normal(0, rng.uniform(0, 6), (_CANVAS_PX, _CANVAS_PX, 1))
    np.clip(layer, 0, 255, out=layer)
    layer[..., 3] = cv2.GaussianBlur(alpha, (0, 0), 0.7)
    return layer


def _random_colour(rng: np.random.Generator) -> list[float]:
    return [float(v) for v in np.clip(rng.uniform(0, 255) + rng.normal(0, 50, 3), 0, 255)]


def _box(
    layer: Layer, alpha: NDArray[np.uint8], width: float, height: float, colour: list[float]
) -> tuple[int, int, int, int]:
    """A filled rectangle in the canvas's middle; returns its left, top, right and bottom, px."""
    half_w, half_h = round(width * _CANVAS_PX / 2), round(height * _CANVAS_PX / 2)
    middle = _CANVAS_PX // 2
    left, top, right, bottom = middle - half_w, middle - half_h, middle + half_w, middle + half_h
    cv2.rectangle(alpha, (left, top), (right, bottom), 255, -1, cv2.LINE_AA)
    layer[alpha > 0, :3] = colour
    return left, top, right, bottom


def _phone(rng: np.random.Generator) -> Layer:
    layer, alpha = _blank()
    dark = rng.random() < 0.6
    colour = [rng.uniform(5, 50)] * 3 if dark else _random_colour(rng)
    left, top, right, bottom = _box(
        layer, alpha, rng.uniform(0.28, 0.42), rng.uniform(0.5, 0.8), colour
    )
    if rng.random() < 0.5:
        rim = int(rng.integers(2, 5))
        screen = _random_colour(rng)
        cv2.rectangle(
            layer, (left + rim, top + 3 * rim), (right - rim, bottom - 3 * rim), [*screen, 0], -1
        )
    else:
        cv2.circle(layer, (left + 8, top + 8), 4, [*_random_colour(rng), 0], -1, cv2.LINE_AA)
    return _filled(layer, alpha, rng)


def _book(rng: np.random.Generator) -> Layer:
    """A book, a sheet or a card, with a cover's print or lines of text."""
    layer, alpha = _blank()
    left, top, right, bottom = _box(
        layer, alpha, rng.uniform(0.45, 0.95), rng.uniform(0.35, 0.8), _random_colour(rng)
    )
    if rng.random() < 0.5:
        patch = cloth(_CANVAS_PX, rng, _SKIN_RGB)
        layer[alpha > 0, :3] = patch[alpha > 0]
    else:
        ink = [*_random_colour(rng), 0.0]
        for y in range(top + 5, bottom - 3, int(rng.integers(5, 11))):
            end = right - int(rng.integers(4, max(5, (right - left) // 2)))
            cv2.line(layer, (left + 4, y), (end, y), ink, int(rng.integers(1, 3)), cv2.LINE_AA)
    if rng.random() < 0.4:
        cv2.line(layer, (64, top), (64, bottom), (40, 40, 40, 0), 2, cv2.LINE_AA)
    return _filled(layer, alpha, rng)


def _microphone(rng: np.random.Generator) -> Layer:
    layer, alpha = _blank()
    radius = int(_CANVAS_PX * rng.uniform(0.09, 0.17))
    head = [rng.uniform(10, 110)] * 3 if rng.random() < 0.7 else _random_colour(rng)
    stick = [rng.uniform(10, 80)] * 3
    thick = max(3, int(radius * rng.uniform(0.5, 1.1)))
    cv2.line(alpha, (64, 64), (64, 127), 255, thick, cv2.LINE_AA)
    layer[alpha > 0, :3] = stick
    ball = np.zeros_like(alpha)
    cv2.ellipse(ball, (64, 64), (radius, int(radius * 1.15)), 0, 0, 360, 255, -1, cv2.LINE_AA)
    layer[ball > 0, :3] = head
    # the mesh of the head
    layer[(ball > 0) & ((np.indices(ball.shape).sum(axis=0) % 4) < 2), :3] *= 0.75
    return _filled(layer, np.maximum(alpha, ball), rng)


def _cigarette(rng: np.random.Generator) -> Layer:
    """A cigarette, a straw, a pen or a thermometer: thin and long from the mouth."""
    layer, alpha = _blank()
    length = int(_CANVAS_PX * rng.uniform(0.2, 0.5))
    thick = int(rng.integers(3, 9))
    cv2.line(alpha, (64, 64), (64 + length, 64 + int(rng.integers(-20, 40))), 255, thick)
    white = [rng.uniform(215, 250)] * 3
    layer[alpha > 0, :3] = white if rng.random() < 0.6 else _random_colour(rng)
    far = np.arange(_CANVAS_PX) > 64 + length * 0.85
    if rng.random() < 0.5:
        layer[(alpha > 0) & far[None, :], :3] = (190, 80, 40)
    if rng.random() < 0.3:
        smoke = cv2.GaussianBlur(rng.normal(0, 1, alpha.shape), (0, 0), 9)
        haze = np.clip(smoke * 1500, 0, 120).astype(np.uint8)
        layer[alpha == 0, :3] = 205
        return _filled(layer, np.maximum(alpha, haze), rng)
    return _filled(layer, alpha, rng)


def _food(rng: np.random.Generator) -> Layer:
    """A round or long thing of one, two or three layers: fruit, bread, a cone, a slice."""
    layer, alpha = _blank()
    wide, high = rng.uniform(0.12, 0.3), rng.uniform(0.1, 0.26)
    radii = (int(_CANVAS_PX * wide), int(_CANVAS_PX * high))
    cv2.ellipse(alpha, (64, 64), radii, 0, 0, 360, 255, -1, cv2.LINE_AA)
    hue = np.array([rng.integers(0, 45), rng.integers(80, 255), rng.integers(90, 255)], np.uint8)
    colour = cv2.cvtColor(hue[None, None], cv2.COLOR_HSV2RGB)[0, 0]
    layer[alpha > 0, :3] = colour
    for _ in range(int(rng.integers(0, 3))):
        y = 64 + int(rng.uniform(-0.6, 0.6) * radii[1])
        band = (np.abs(np.arange(_CANVAS_PX) - y) < radii[1] * rng.uniform(0.1, 0.3))[:, None]
        layer[(alpha > 0) & band, :3] = _random_colour(rng)
    if rng.random() < 0.3:
        cone = np.array([(64 - radii[0], 66), (64 + radii[0], 66), (64, 120)], np.int32)
        tip = np.zeros_like(alpha)
        cv2.fillConvexPoly(tip, cone, 255, cv2.LINE_AA)
        layer[(tip > 0) & (alpha == 0), :3] = (200, 150, 90)
        alpha = np.maximum(alpha, tip)
    rough = cv2.GaussianBlur(rng.normal(0, 30, alpha.shape), (0, 0), 1.5).astype(np.float32)
    layer[..., :3] += rough[..., None]
    return _filled(layer, alpha, rng)


def _bottle(rng: np.random.Generator) -> Layer:
    """A bottle or a can, its neck upwards."""
    layer, alpha = _blank()
    half, neck = (
        int(_CANVAS_PX * rng.uniform(0.09, 0.16)),
        int(_CANVAS_PX * rng.uniform(0.03, 0.07)),
    )
    body_top = int(rng.integers(66, 90))
    cv2.rectangle(alpha, (64 - half, body_top), (64 + half, 127), 255, -1)
    if rng.random() < 0.7:
        cv2.rectangle(alpha, (64 - neck, 52), (64 + neck, body_top), 255, -1)
    layer[alpha > 0, :3] = _random_colour(rng)
    if rng.random() < 0.6:
        label = slice(body_top + 8, body_top + 8 + int(rng.integers(10, 26)))
        layer[label][alpha[label] > 0, :3] = _random_colour(rng)
    alpha = (alpha * rng.uniform(0.75, 1.0)).astype(np.uint8)
    return _filled(layer, alpha, rng)


_OBJECTS: tuple[Callable[[np.random.Generator], Layer], ...] = (
    _phone,
    _book,
    _microphone,
    _cigarette,
    _food,
    _bottle,
)
