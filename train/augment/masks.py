"""Masks drawn on bare faces, worn rightly and wrongly, in many cloths.

A drawn mask is placed by both eyes: their distance gives the scale, their line the tilt. Lengths
below are in distances between the pupils, see `train.augment.overlay.FaceAxes`.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from train.augment.fabrics import cloth, folds
from train.augment.overlay import Eyes, FaceAxes, Picture, fill, lay_cloth, skin_colour

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
        face = FaceAxes.of(eyes)
        if face.unit_px < MIN_EYE_DISTANCE_PX:
            return None
        if wrong and way is None:
            way = _WRONG_WAYS[rng.choice(len(_WRONG_WAYS), p=_WRONG_SHARES)]
        shape = wrong_shape(way, rng) if wrong and way is not None else right_shape(rng)
        place = face.moved(rng.normal(0, 0.05), 0)
        if wrong and way == "hanging":
            side = rng.choice((-1, 1))
            place = place.moved(side * rng.uniform(0.9, 1.2), 0, rng.uniform(-25, 25))
        if _share_inside(place.to_px(shape.outline()), rgb) < _MIN_INSIDE:
            return None
        return _composite(rgb, shape, place, rng, straps=way != "hanging")


def _share_inside(points: NDArray[np.float64], rgb: Picture) -> float:
    """Share of an outline's area that lies in the picture."""
    outline = points.astype(np.float32)
    height, width = rgb.shape[:2]
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    inside, _ = cv2.intersectConvexConvex(cv2.convexHull(outline), frame)
    return float(inside / max(cv2.contourArea(cv2.convexHull(outline)), 1e-6))


def _composite(
    rgb: Picture, shape: _Shape, place: FaceAxes, rng: np.random.Generator, *, straps: bool
) -> Picture:
    height, width = rgb.shape[:2]
    # a turned head shows one side of the mask shorter than the other
    turn = rng.normal(0, 0.08)
    corners = _smooth(shape.outline() + rng.normal(0, 0.02, (12, 2)))
    corners[:, 0] *= np.where(corners[:, 0] > 0, 1 + turn, 1 - turn)
    alpha = np.zeros((height, width), np.uint8)
    fill(alpha, place.to_px(corners))
    layer = _cloth_over(shape, place, (width, height), rng, skin_colour(rgb, place))
    if straps and rng.random() < 0.7:
        rgb = _with_straps(rgb, shape, place, rng)
    opaque = rng.uniform(0.88, 1.0) if rng.random() < 0.1 else 1.0
    return lay_cloth(rgb, alpha, layer, place.unit_px, rng, opaque=opaque)


def _cloth_over(
    shape: _Shape,
    place: FaceAxes,
    size: tuple[int, int],
    rng: np.random.Generator,
    skin: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Cloth with its folds, laid over the mask's bounding box in the picture."""
    side = int(np.clip(2.5 * place.unit_px, 24, 160))
    patch = cloth(side, rng, skin) * folds(side, rng)[..., None]
    w, top, bottom = shape.half_width * 1.1, shape.top - 0.1, shape.bottom + 0.1
    edge = side - 1
    source = np.array([(0, 0), (edge, 0), (0, edge)], np.float32)
    target = place.to_px(np.array([(-w, top), (w, top), (-w, bottom)])).astype(np.float32)
    matrix = cv2.getAffineTransform(source, target)
    warped = cv2.warpAffine(
        patch, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def _with_straps(rgb: Picture, shape: _Shape, place: FaceAxes, rng: np.random.Generator) -> Picture:
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    thick = max(1, round(place.unit_px * rng.uniform(0.02, 0.08)))
    ear = np.array([rng.uniform(1.15, 1.4), rng.uniform(0.0, 0.5)])
    for side in (-1, 1):
        for start in ((shape.half_width * 0.97, shape.cheek), (shape.half_width * 0.9, shape.jaw)):
            ends = place.to_px(np.array([start, ear]) * (side, 1))
            first, second = (tuple(int(v) for v in np.round(end)) for end in ends)
            cv2.line(alpha, first, second, 255, thick, cv2.LINE_AA)
    weight = alpha[..., None] / 255.0 * rng.uniform(0.5, 1.0)
    colour = rng.choice((rng.uniform(10, 60), rng.uniform(190, 250)))
    return np.asarray(rgb * (1 - weight) + weight * colour, np.uint8)


def _smooth(corners: NDArray[np.float64], rounds: int = 3) -> NDArray[np.float64]:
    """A closed outline with its corners cut (Chaikin, 1974)."""
    for _ in range(rounds):
        following = np.roll(corners, -1, axis=0)
        cut = np.stack([0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following], 1)
        corners = cut.reshape(-1, 2)
    return corners
