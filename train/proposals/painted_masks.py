"""Masks painted over bare faces: many more masked people than the picture sets hold.

In a small grey window a painted mask looks much like a worn one: a smooth, bright, dark or
patterned surface from the bridge of the nose to below the chin.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_SHIFT_BITS = 4
"""OpenCV draws with this many binary digits of a pixel."""


def paint_mask(
    picture: NDArray[np.uint8], centre: tuple[float, float], side: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Paint a mask of random cut, tone and pattern over an upright face.

    The proportions are those of the reference boxes: the eyes lie about a tenth of the side above
    the centre, the mouth a quarter below it, the chin at the lower edge.

    Args:
        picture: grey, uint8 (H, W), unchanged.
        centre: of the face's window, px.
        side: of the face's window, px.
        rng: random source.

    Returns:
        A painted copy.
    """
    outline = _outline(rng) * side + np.array(centre)
    fixed = np.round(outline * 2**_SHIFT_BITS).astype(np.int32)
    cover = np.zeros(picture.shape, np.uint8)
    cv2.fillPoly(cover, [fixed], 255, cv2.LINE_AA, _SHIFT_BITS)
    if rng.random() < 0.6:
        _straps(cover, outline, centre, side, rng)
    alpha = cover.astype(np.float32) / 255 * rng.uniform(0.9, 1.0)
    cloth = _cloth(picture, centre, side, rng)
    return np.clip(picture * (1 - alpha) + cloth * alpha, 0, 255).astype(np.uint8)


def _outline(rng: np.random.Generator) -> NDArray[np.float64]:
    """Corners of the mask in sides from the window's centre, (N, 2)."""
    yaw = rng.normal(0, 0.04)
    bridge, cheek = rng.uniform(-0.03, 0.08), rng.uniform(0.02, 0.14)
    jaw, chin = rng.uniform(0.32, 0.42), rng.uniform(0.44, 0.56)
    wide, low = rng.uniform(0.31, 0.40), rng.uniform(0.12, 0.24)
    jitter = rng.normal(0, 0.015, 8)
    points = [
        (yaw, bridge),
        (yaw + 0.5 * wide, (bridge + cheek) / 2 + jitter[0]),
        (wide + yaw / 2 + jitter[1], cheek),
        (wide * 0.92 + jitter[2], jaw),
        (low + yaw, chin + jitter[3]),
        (-low + yaw, chin + jitter[4]),
        (-wide * 0.92 + jitter[5], jaw),
        (-wide + yaw / 2 + jitter[6], cheek),
        (yaw - 0.5 * wide, (bridge + cheek) / 2 + jitter[7]),
    ]
    return np.array(points)


def _straps(
    cover: NDArray[np.uint8],
    outline: NDArray[np.float64],
    centre: tuple[float, float],
    side: float,
    rng: np.random.Generator,
) -> None:
    ear_y = centre[1] + rng.uniform(-0.12, 0.05) * side
    thick = max(1, round(0.02 * side))
    for upper, lower, sign in ((2, 3, 1), (7, 6, -1)):
        ear = np.array([centre[0] + sign * rng.uniform(0.38, 0.46) * side, ear_y])
        for corner in (upper, lower):
            ends = np.round(np.stack([outline[corner], ear]) * 2**_SHIFT_BITS).astype(int)
            cv2.line(
                cover,
                (int(ends[0, 0]), int(ends[0, 1])),
                (int(ends[1, 0]), int(ends[1, 1])),
                200,
                thick,
                cv2.LINE_AA,
                _SHIFT_BITS,
            )


def _cloth(
    grey: NDArray[np.uint8], centre: tuple[float, float], side: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Tone of the cloth for every pixel, float32 (H, W)."""
    height, width = grey.shape
    tone = float(rng.choice([rng.uniform(15, 60), rng.uniform(60, 150), rng.uniform(150, 245)]))
    cloth = np.full((height, width), tone, np.float32)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = (xs - centre[0]) / side, (ys - centre[1]) / side
    # the nose stands out, so the cloth falls off to both sides and downwards
    cloth *= 1 - rng.uniform(0, 0.9) * across**2 - rng.uniform(-0.2, 0.5) * (down - 0.2)
    cloth *= 1 + rng.uniform(-0.4, 0.4) * across
    pattern = rng.random()
    if pattern < 0.35:
        folds = np.sin(2 * np.pi * (down * rng.uniform(6, 14) + rng.uniform()))
        cloth *= 1 - rng.uniform(0.05, 0.25) * np.clip(folds, 0, 1)
    elif pattern < 0.6:
        size = max(2, int(rng.uniform(3, 12)))
        print_ = rng.uniform(-1, 1, (size, size)).astype(np.float32)
        print_ = np.asarray(cv2.resize(print_, (width, height), interpolation=cv2.INTER_CUBIC))
        cloth += rng.uniform(10, 70) * print_
    # some of the face's own light and shade shows on the cloth
    shade = np.asarray(cv2.GaussianBlur(grey, (0, 0), max(1.0, 0.12 * side)), np.float32)
    return np.asarray(cloth + rng.uniform(0, 0.35) * (shade - shade.mean()), np.float32)
