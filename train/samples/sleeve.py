"""The sleeve of the rendered hand, and the shadow that both cast on the portrait."""

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIZE_PX = 1024
"""Side of the portrait at twice its size, on which all places of mask, hand and sleeve lie."""
_HEM, _SLEEVE_END = np.array((597.0, 396.0)), np.array((721.0, 602.0))
"""Middle of the sleeve's hem, on the wrist, and a place further down its axis."""
_CLOTH, _CLOTH_END = np.array((184.0, 620.0)), np.array((177.0, 838.0))
"""The same two places on the upper arm whose cloth the sleeve is made of."""
_HALF_WIDTH_PX = 47
_SHADOW_RGB = np.array((0.80, 1.0, 1.10), np.float32)
"""Shadow on skin is warm: lit skin beside it reflects into it."""
_PERSON = np.array(
    [
        (360, 150), (540, 160), (550, 235), (535, 270), (522, 312), (512, 345), (560, 385),
        (596, 440), (610, 488), (650, 492), (690, 545), (720, 660), (720, 1023), (40, 1023),
        (60, 600), (230, 420), (300, 300), (360, 300),
    ]
)  # fmt: skip
"""Outline of face, collar and suit: the wall behind is too far away for the shadow."""


def sleeve(picture_rgb: Rgb) -> tuple[Floats, Floats]:
    """A sleeve from the wrist out of the picture, of the cloth of the suit's other arm.

    Args:
        picture_rgb: the portrait at twice its size, uint8 (1024, 1024, 3).

    Returns:
        Colours, rgb 0-255 (1024, 1024, 3), and cover, 0-1 (1024, 1024).
    """
    towards = (_SLEEVE_END - _HEM) / np.hypot(*(_SLEEVE_END - _HEM))
    aside = np.array((-towards[1], towards[0]))
    y, x = np.mgrid[0:SIZE_PX, 0:SIZE_PX].astype(np.float64)
    x, y = x - _HEM[0], y - _HEM[1]
    along, across = x * towards[0] + y * towards[1], x * aside[0] + y * aside[1]
    half = _HALF_WIDTH_PX + 0.075 * along
    half += 1.6 * np.sin(along / 13) + 1.2 * np.sin(along / 29 + across / 40)
    side = np.clip(across / half, -1.2, 1.2)
    # the elbow is nearer to the camera than the wrist: the hem's visible half bulges to the hand
    from_hem = along + 11 * (1 - side**2)
    cover = np.clip(np.minimum(half - np.abs(across), from_hem) + 0.5, 0, 1)
    light = 1.06 - 0.42 * np.clip(-side, 0, 1) ** 3 - 0.34 * np.clip(side, 0, 1) ** 3
    light *= 1 - 0.30 * np.exp(-(((from_hem - 15) / 1.5) ** 2))
    light *= 1 + 0.10 * np.exp(-(((from_hem - 18.5) / 2.0) ** 2))
    light *= 1 - 0.35 * np.exp(-np.clip(from_hem, 0, None) / 1.6)
    colours = _cloth(picture_rgb) * light[..., None]
    soft = cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 0.9)
    return np.asarray(colours, np.float32), np.asarray(soft, np.float32)


def _cloth(picture_rgb: Rgb) -> Rgb:
    corners = []
    for start, end in ((_CLOTH, _CLOTH_END), (_HEM, _SLEEVE_END)):
        way = end - start
        aside = np.array((-way[1], way[0]))
        corners.append(np.array((start, end, start + aside), np.float32))
    warped = cv2.warpAffine(
        picture_rgb,
        cv2.getAffineTransform(corners[0], corners[1]),
        (SIZE_PX, SIZE_PX),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(warped, np.uint8)


def cast_shadow(cover: Floats) -> Floats:
    """Share of light that hand and sleeve take from what lies behind them.

    Args:
        cover: where hand or sleeve are, 0-1 (1024, 1024).

    Returns:
        The share for red, green and blue, 0-1 (1024, 1024, 3).
    """
    person = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    cv2.fillPoly(person, [_PERSON], 255)
    soft = cv2.GaussianBlur(person, (0, 0), 1.0).astype(np.float32) / np.float32(255)
    close = cv2.GaussianBlur(np.roll(cover, (3, 2), (0, 1)), (0, 0), 3.0)
    wide = cv2.GaussianBlur(np.roll(cover, (8, 0), (0, 1)), (0, 0), 9.0)
    share = soft * (0.26 * close + 0.34 * wide)
    return np.asarray(share[..., None] * _SHADOW_RGB, np.float32)
