"""Grey windows around faces with reference boxes: the positives of the proposals."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from train.data.faces.images import read_grey, warp_affine
from train.data.splits.finder_data import KnownFace, Square
from train.proposals.haar import WINDOW_PX, Windows
from train.proposals.painted_masks import paint_mask


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """How positives vary; half-ranges unless noted.

    Loose: the network moves each window onto its face, so the search may take large steps.

    Attributes:
        shift: of the centre, in sides.
        zoom: of the side, as a log.
        roll_deg: standard deviation of the rotation; half of the faces are not rotated.
        stretch: of the aspect, as a log.
        blur, light, jpeg: share of the windows degraded so.
        painted: share of the bare faces with a painted mask.
        window_px: side of a window.
        step: ratio of neighbouring sizes in `bag_of_windows`.
    """

    shift: float = 0.08
    zoom: float = 0.14
    roll_deg: float = 11.0
    stretch: float = 0.06
    blur: float = 0.2
    light: float = 0.4
    jpeg: float = 0.2
    painted: float = 0.25
    window_px: int = WINDOW_PX
    step: float = 1.3


def random_window(
    face: KnownFace, rng: np.random.Generator, config: WindowConfig
) -> NDArray[np.uint8]:
    """One augmented window of the face, uint8 (`window_px`, `window_px`)."""
    grey, (cx, cy, side) = _near(face, config.window_px)
    if not face.masked and rng.random() < config.painted:
        grey = paint_mask(grey, (cx, cy), side, rng)
    cx += rng.uniform(-config.shift, config.shift) * side
    cy += rng.uniform(-config.shift, config.shift) * side
    side *= float(np.exp(rng.uniform(-config.zoom, config.zoom)))
    roll = rng.normal(0, config.roll_deg) if rng.random() < 0.5 else 0.0
    stretch = float(np.exp(rng.uniform(-config.stretch, config.stretch)))
    patch = _cut(grey, (cx, cy, side), config.window_px, roll, stretch, rng.random() < 0.5)
    return degrade(patch, rng, config)


def bag_of_windows(face: KnownFace, rng: np.random.Generator, config: WindowConfig) -> Windows:
    """The windows near one face that the sliding window visits, as `random_window`: 27 of them.

    All share one rotation and one degradation; they differ by 2 px in position (OpenCV's step) and
    by one step of the pyramid in size.
    """
    grey, (cx, cy, side) = _near(face, config.window_px)
    roll = rng.normal(0, config.roll_deg) if rng.random() < 0.5 else 0.0
    mirror = rng.random() < 0.5
    seed = int(rng.integers(2**32))
    step = 2 / config.window_px * side
    off_x, off_y = rng.uniform(-0.5, 0.5, 2) * step
    half = np.log(config.step) / 2
    zoom = float(np.exp(rng.uniform(-half, half)))
    windows = []
    for size in (1 / config.step, 1.0, config.step):
        for dx in (-step, 0.0, step):
            for dy in (-step, 0.0, step):
                square = (cx + dx + off_x, cy + dy + off_y, side * size * zoom)
                patch = _cut(grey, square, config.window_px, roll, 1.0, mirror)
                windows.append(degrade(patch, np.random.default_rng(seed), config))
    return np.stack(windows)


@lru_cache(maxsize=32768)
def _near(face: KnownFace, window_px: int) -> tuple[NDArray[np.uint8], Square]:
    """The face's surroundings and its square, shrunk so that it measures about three windows."""
    grey = read_grey(face.path)
    cx, cy, side = face.square(grey.shape[1], grey.shape[0])
    x0, x1 = max(0, int(cx - side)), min(grey.shape[1], int(cx + side) + 1)
    y0, y1 = max(0, int(cy - side)), min(grey.shape[0], int(cy + side) + 1)
    part = grey[y0:y1, x0:x1]
    zoom = min(1.0, 3 * window_px / side)
    if zoom < 1:
        part = np.asarray(
            cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8
        )
    return part.copy(), ((cx - x0) * zoom, (cy - y0) * zoom, side * zoom)


def _cut(
    grey: NDArray[np.uint8],
    square: Square,
    window_px: int,
    roll_deg: float,
    stretch: float,
    mirror: bool,
) -> NDArray[np.uint8]:
    """A window at three times its size; past the picture its edge is repeated."""
    cx, cy, side = square
    size = 3 * window_px
    zoom = size / side
    angle = np.deg2rad(roll_deg)
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag([-1.0 if mirror else 1.0, 1.0]) @ linear @ np.diag([stretch, 1 / stretch])
    offset = size / 2 - linear @ np.array([cx, cy])
    return warp_affine(grey, linear, offset, (size, size))


def degrade(
    patch: NDArray[np.uint8], rng: np.random.Generator, config: WindowConfig
) -> NDArray[np.uint8]:
    """Light, blur and JPEG on a patch of three times the window's size, then down to that size."""
    if rng.random() < config.light:
        patch = relit(patch, 0.4, rng)
        if rng.random() < 0.3:
            patch = _side_light(patch, rng)
    if rng.random() < config.blur:
        patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), rng.uniform(1.0, 2.2)), np.uint8)
    if rng.random() < config.jpeg:
        _, data = cv2.imencode(".jpg", patch, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])
        patch = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    size = (config.window_px, config.window_px)
    return np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_AREA), np.uint8)


def relit(
    picture: NDArray[np.uint8], half_range: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The picture with another gamma, whose log is drawn from `half_range` either way."""
    gamma = np.exp(rng.uniform(-half_range, half_range))
    table = np.asarray(255 * (np.arange(256) / 255) ** gamma, np.uint8)
    return np.asarray(cv2.LUT(picture, table), np.uint8)


def _side_light(patch: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    size = patch.shape[0]
    angle = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[0:size, 0:size] / size - 0.5
    ramp = 1 + rng.uniform(0, 0.6) * (xs * np.cos(angle) + ys * np.sin(angle))
    return np.asarray(np.clip(patch * ramp, 0, 255), np.uint8)
