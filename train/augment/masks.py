"""Masks drawn on bare faces, worn rightly and wrongly, in many cloths.

A drawn mask is placed by both eyes: their distance gives the scale, their line the tilt. Lengths
below are in distances between the pupils. In adults of all ages the tip of the nose lies about 0.7
below the line of the eyes, the mouth 1.1 and the chin 1.8 (Farkas, Anthropometry of the Head and
Face, 1994: 45, 70 and 113 mm at 63 mm between the pupils).
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from train.augment.fabrics import cloth, folds

Picture = NDArray[np.uint8]
Eyes = tuple[tuple[float, float], tuple[float, float]]
"""Both pupils in px, (x, y), the one further left in the picture first."""

WrongWay = Literal["below_nose", "chin", "hanging", "eyes"]
"""How a mask is worn wrongly: nose free, nose and mouth free, on one ear, over the eyes."""

_WRONG_WAYS: tuple[WrongWay, ...] = ("below_nose", "chin", "hanging", "eyes")
_WRONG_SHARES = (0.42, 0.42, 0.1, 0.06)
MIN_EYE_DISTANCE_PX = 8.0
"""Faces with closer eyes are too coarse to draw on."""
_MIN_INSIDE = 0.6
"""Least share of a mask's area inside the picture: less, and the eyes were found wrongly, or the
face is framed so tightly that the mask could hardly be seen."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Outline of a mask in eye distances: x from the middle of the face, y down from the eyes.

    Attributes:
        top: height of the upper edge in the middle; cheek: where it meets the cheeks.
        bottom: height of the lower edge in the middle; jaw: where the sides turn in.
        half_width: of the mask at the cheeks.
    """

    top: float
    cheek: float
    jaw: float
    bottom: float
    half_width: float

    def outline(self) -> NDArray[np.float64]:
        """Corners, (N, 2), clockwise from the left cheek; to be smoothed."""
        w = self.half_width
        right = [
            (0.16 * w, self.top),
            (0.5 * w, self.top + 0.45 * (self.cheek - self.top)),
            (w, self.cheek),
            (0.95 * w, self.jaw),
            (0.62 * w, self.jaw + 0.75 * (self.bottom - self.jaw)),
            (0.2 * w, self.bottom),
        ]
        return np.array([(-x, y) for x, y in right][::-1] + right)[[*range(6, 12), *range(6)]]


def right_shape(rng: np.random.Generator) -> _Shape:
    """A mask over nose, mouth and chin."""
    top = rng.uniform(0.22, 0.52)
    return _Shape(
        top=top,
        cheek=rng.uniform(max(0.5, top), 0.85),
        jaw=rng.uniform(1.05, 1.35),
        bottom=rng.uniform(1.65, 2.05),
        half_width=rng.uniform(0.95, 1.25),
    )


def wrong_shape(way: WrongWay, rng: np.random.Generator) -> _Shape:
    """A mask that leaves nose or mouth free."""
    half_width = rng.uniform(0.85, 1.2)
    if way == "below_nose":
        top = rng.uniform(0.8, 1.0)
        cheek, jaw, bottom = top + rng.uniform(-0.15, 0.15), top + 0.45, rng.uniform(1.75, 2.15)
    elif way == "chin":
        top = rng.uniform(1.28, 1.5)
        cheek, jaw, bottom = top + rng.uniform(-0.3, 0.1), top + 0.2, top + rng.uniform(0.4, 0.8)
    elif way == "eyes":
        top = rng.uniform(-1.1, -0.5)
        cheek, jaw, bottom = top + 0.2, top + 0.6, rng.uniform(0.2, 0.4)
    else:
        top, half_width = rng.uniform(0.3, 0.9), rng.uniform(0.35, 0.6)
        cheek, jaw, bottom = top + 0.1, top + 0.6, top + rng.uniform(0.9, 1.3)
    return _Shape(top=top, cheek=cheek, jaw=jaw, bottom=bottom, half_width=half_width)


class MaskPainter:
    """Draws masks on bare faces; holds no state, every choice comes from the generator."""

    def paint(
        self,
        rgb: Picture,
        eyes: Eyes,
        rng: np.random.Generator,
        *,
        wrong: bool,
        way: WrongWay | None = None,
    ) -> Picture | None:
        """A copy of a face with a mask on it, or None where it has no place.

        That is where the eyes are too close together, or most of the mask would lie outside.

        Args:
            rgb: bare face, uint8 (H, W, 3); not changed.
            eyes: both pupils, px.
            rng: draws shape, cloth and light.
            wrong: leave nose or mouth free.
            way: how it is worn wrongly; drawn where None.
        """
        left, right = (np.asarray(eye, np.float64) for eye in eyes)
        distance = float(np.hypot(*(right - left)))
        if distance < MIN_EYE_DISTANCE_PX:
            return None
        if wrong and way is None:
            way = _WRONG_WAYS[rng.choice(len(_WRONG_WAYS), p=_WRONG_SHARES)]
        shape = wrong_shape(way, rng) if wrong and way is not None else right_shape(rng)
        across = (right - left) / distance
        down = np.array([-across[1], across[0]])
        middle = (left + right) / 2 + across * distance * rng.normal(0, 0.05)
        axes = np.stack([across, down], axis=1) * distance
        if wrong and way == "hanging":
            side = rng.choice((-1, 1))
            middle = middle + axes @ np.array([side * rng.uniform(0.9, 1.2), 0.0])
            turn = np.deg2rad(rng.uniform(-25, 25))
            rotation = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
            axes = axes @ np.array(rotation)
        if _share_inside(shape.outline() @ axes.T + middle, rgb) < _MIN_INSIDE:
            return None
        return _composite(rgb, shape, middle, axes, rng, straps=way != "hanging")


def _share_inside(points: NDArray[np.float64], rgb: Picture) -> float:
    """Share of an outline's area that lies in the picture."""
    outline = points.astype(np.float32)
    height, width = rgb.shape[:2]
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    inside, _ = cv2.intersectConvexConvex(cv2.convexHull(outline), frame)
    return float(inside / max(cv2.contourArea(cv2.convexHull(outline)), 1e-6))


def _composite(
    rgb: Picture,
    shape: _Shape,
    middle: NDArray[np.float64],
    axes: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    straps: bool,
) -> Picture:
    height, width = rgb.shape[:2]
    unit = float(np.hypot(*axes[:, 0]))
    # a turned head shows one side of the mask shorter than the other
    turn = rng.normal(0, 0.08)
    corners = _smooth(shape.outline() + rng.normal(0, 0.02, (12, 2)))
    corners[:, 0] *= np.where(corners[:, 0] > 0, 1 + turn, 1 - turn)
    points = corners @ axes.T + middle
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    strap_alpha = np.zeros((height, width), np.uint8)
    if straps and rng.random() < 0.7:
        _draw_straps(strap_alpha, shape, middle, axes, rng)
    skin = _skin(rgb, middle, axes)
    layer, gain = _cloth_over(shape, middle, axes, (width, height), rng, skin)
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    broad = cv2.GaussianBlur(luma, (0, 0), max(0.5, 0.35 * unit))
    inside = alpha > 127
    level = float(broad[inside].mean()) if inside.any() else 128.0
    # the cloth lies in the light of the face: its shading kept, its brightness pulled towards it
    lit = (broad + 12) / (level + 12) * np.float32((level / 150) ** rng.uniform(0.15, 0.6))
    layer = layer * (gain * lit)[..., None]
    weight = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 0.9)).astype(np.float32) / 255
    shade = cv2.GaussianBlur(weight, (0, 0), max(0.6, 0.06 * unit)) * rng.uniform(0, 0.35)
    strap = strap_alpha.astype(np.float32)[..., None] / 255 * rng.uniform(0.5, 1.0)
    face = rgb * (1 - shade * (1 - weight))[..., None]
    face = face * (1 - strap) + strap * rng.choice((rng.uniform(10, 60), rng.uniform(190, 250)))
    opaque = rng.uniform(0.88, 1.0) if rng.random() < 0.1 else 1.0
    cover = (weight * opaque)[..., None]
    return np.asarray(np.clip(face * (1 - cover) + layer * cover, 0, 255), np.uint8)


def _cloth_over(
    shape: _Shape,
    middle: NDArray[np.float64],
    axes: NDArray[np.float64],
    size: tuple[int, int],
    rng: np.random.Generator,
    skin: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cloth and its light, laid over the mask's bounding box in the picture."""
    unit = float(np.hypot(*axes[:, 0]))
    side = int(np.clip(2.5 * unit, 24, 160))
    patch, light = cloth(side, rng, skin), folds(side, rng)
    w, top, bottom = shape.half_width * 1.1, shape.top - 0.1, shape.bottom + 0.1
    edge = side - 1
    source = np.array([(0, 0), (edge, 0), (0, edge)], np.float32)
    target = (np.array([(-w, top), (w, top), (-w, bottom)]) @ axes.T + middle).astype(np.float32)
    matrix = cv2.getAffineTransform(source, target)
    stacked = np.dstack([patch, light])
    warped = cv2.warpAffine(
        stacked, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped[..., :3], np.float32), np.asarray(warped[..., 3], np.float32)


def _draw_straps(
    layer: Picture,
    shape: _Shape,
    middle: NDArray[np.float64],
    axes: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    unit = float(np.hypot(*axes[:, 0]))
    thick = max(1, round(unit * rng.uniform(0.02, 0.08)))
    ear = np.array([rng.uniform(1.15, 1.4), rng.uniform(0.0, 0.5)])
    for side in (-1, 1):
        for start in ((shape.half_width * 0.97, shape.cheek), (shape.half_width * 0.9, shape.jaw)):
            ends = np.array([start, ear]) * (side, 1) @ axes.T + middle
            first, second = (tuple(int(v) for v in np.round(end)) for end in ends)
            cv2.line(layer, first, second, 255, thick, cv2.LINE_AA)


def _skin(
    rgb: Picture, middle: NDArray[np.float64], axes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean colour of the cheeks below the eyes, RGB 0-255."""
    height, width = rgb.shape[:2]
    places = np.array([(-0.5, 0.5), (0.5, 0.5), (0.0, 0.4)]) @ axes.T + middle
    xs = np.clip(places[:, 0].round().astype(int), 0, width - 1)
    ys = np.clip(places[:, 1].round().astype(int), 0, height - 1)
    return np.asarray(rgb[ys, xs].mean(axis=0), np.float64)


def _smooth(corners: NDArray[np.float64], rounds: int = 3) -> NDArray[np.float64]:
    """A closed outline with its corners cut (Chaikin, 1974)."""
    for _ in range(rounds):
        following = np.roll(corners, -1, axis=0)
        cut = np.stack([0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following], 1)
        corners = cut.reshape(-1, 2)
    return corners
