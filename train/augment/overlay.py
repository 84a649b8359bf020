"""Where a face lies in a picture, and cloth laid over it in the picture's own light."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
Eyes = tuple[tuple[float, float], tuple[float, float]]
"""Both pupils in px, (x, y), the one further left in the picture first."""

_EDGE_PX = (0.4, 0.9)
"""Standard deviation of the blur at a cloth's edge, px."""


@dataclass(frozen=True, slots=True)
class FaceAxes:
    """Coordinates of a face: x across, y down from the middle of the eyes, in eye distances.

    In adults of all ages the tip of the nose lies about 0.7 below the line of the eyes, the mouth
    1.1 and the chin 1.8 (Farkas, Anthropometry of the Head and Face, 1994: 45, 70 and 113 mm at
    63 mm between the pupils).

    Attributes:
        middle: between the pupils, px, (2,).
        axes: px a unit of x and y, (2, 2), in columns.
    """

    middle: Points
    axes: Points

    @classmethod
    def of(cls, eyes: Eyes) -> Self:
        """The axes of a face with these eyes; all zero where both are at one place."""
        left, right = (np.asarray(eye, np.float64) for eye in eyes)
        across = right - left
        down = np.array([-across[1], across[0]])
        return cls((left + right) / 2, np.stack([across, down], axis=1))

    @property
    def unit_px(self) -> float:
        """Distance between the pupils, px."""
        return float(np.hypot(*self.axes[:, 0]))

    def to_px(self, points: Points) -> Points:
        """Points (N, 2) of the face in px of the picture."""
        return np.asarray(points @ self.axes.T + self.middle, np.float64)

    def moved(self, across: float, down: float, turn_deg: float = 0.0) -> "FaceAxes":
        """Axes of something beside the face: moved by so many units, then turned clockwise."""
        turn = np.deg2rad(turn_deg)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return FaceAxes(self.middle + self.axes @ np.array([across, down]), self.axes @ rotation)


def fill(alpha: Picture, points_px: Points) -> None:
    """Fill a polygon (N, 2), px, in a picture (H, W), to a sixteenth of a pixel."""
    corners = np.round(points_px * 16).astype(np.int32)
    cv2.fillPoly(alpha, [corners], 255, cv2.LINE_AA, shift=4)


def skin_colour(rgb: Picture, face: FaceAxes) -> NDArray[np.float64]:
    """Mean colour of the cheeks below the eyes, RGB 0-255."""
    height, width = rgb.shape[:2]
    places = face.to_px(np.array([(-0.5, 0.5), (0.5, 0.5), (0.0, 0.4)]))
    xs = np.clip(places[:, 0].round().astype(int), 0, width - 1)
    ys = np.clip(places[:, 1].round().astype(int), 0, height - 1)
    return np.asarray(rgb[ys, xs].mean(axis=0), np.float64)


def lay_cloth(
    rgb: Picture,
    alpha: Picture,
    layer: NDArray[np.float32],
    unit_px: float,
    rng: np.random.Generator,
    *,
    opaque: float = 1.0,
) -> Picture:
    """A copy of a picture with cloth on it, lit as the face is, its shadow around it.

    Args:
        rgb: uint8 (H, W, 3); not changed.
        alpha: where the cloth lies, (H, W), 0-255.
        layer: the cloth, RGB 0-255, (H, W, 3).
        unit_px: distance between the pupils.
        rng: draws edge, brightness and shadow.
        opaque: share of the cloth in what is seen through it.
    """
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    broad = cv2.GaussianBlur(luma, (0, 0), max(0.5, 0.35 * unit_px))
    inside = alpha > 127
    level = float(broad[inside].mean()) if inside.any() else 128.0
    # the cloth lies in the light of the face: its shading kept, its brightness pulled towards it
    lit = (broad + 12) / (level + 12) * np.float32((level / 150) ** rng.uniform(0.15, 0.6))
    weight = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(*_EDGE_PX)).astype(np.float32) / 255
    shade = cv2.GaussianBlur(weight, (0, 0), max(0.6, 0.06 * unit_px)) * rng.uniform(0, 0.35)
    around = rgb * (1 - shade * (1 - weight))[..., None]
    cover = (weight * opaque)[..., None]
    mixed = around * (1 - cover) + layer * lit[..., None] * cover
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)
