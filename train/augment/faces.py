"""Augmentation: the original's flip, zoom and shear, and degradations common to both classes.

The unmasked pictures are crisp and many masked ones are blown-up thumbnails, so sharpness would
give the class away. Resolution, blur, JPEG, noise, light and crop are therefore drawn from the same
distributions whatever the label is.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import FaceBox
from train.augment.hands import HandPaster
from train.augment.occlusion import shade_lower_face, wear_sunglasses
from train.data.datasets import CLASSES, FaceSample
from train.data.images import face_box, face_crop, read_rgb, warp_affine

_UPSCALERS = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)

_WITHOUT_MASK = CLASSES.index("without_mask")


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """Strengths of the augmentation; shares are probabilities, the rest half-ranges.

    Attributes:
        zoom: log of the largest change of the crop's side.
        shift: largest shift of the crop's centre, in sides.
        rotation_deg: largest rotation.
        shear: largest shear, as a ratio.
        low_resolution, blur, jpeg, noise, light, grey: share of faces degraded so.
        min_side_px: coarsest face drawn by `low_resolution`.
        hand: share of faces with a hand, where there are pictures of hands.
        lower_shade: share of faces darkened or tinted below the nose.
        sunglasses: share of faces with dark glasses.
    """

    zoom: float = 0.2
    shift: float = 0.10
    rotation_deg: float = 20.0
    shear: float = 0.15
    low_resolution: float = 0.6
    min_side_px: int = 16
    blur: float = 0.25
    jpeg: float = 0.5
    noise: float = 0.3
    light: float = 0.7
    grey: float = 0.06
    hand: float = 0.3
    lower_shade: float = 0.12
    sunglasses: float = 0.06


PLAIN = AugmentConfig(
    shift=0.0,
    rotation_deg=0.0,
    low_resolution=0.0,
    blur=0.0,
    jpeg=0.0,
    noise=0.0,
    light=0.0,
    grey=0.0,
    lower_shade=0.0,
    sunglasses=0.0,
)
"""Flips, zooms and shears only, as in the original project; hands if there are pictures."""


def augmented_crop(
    sample: FaceSample,
    rng: np.random.Generator,
    config: AugmentConfig,
    hands: HandPaster | None = None,
) -> NDArray[np.uint8]:
    """Read and augment one face: uint8 RGB (128, 128, 3), a function of the sample and `rng`."""
    rgb = read_rgb(sample.path)
    box = _jittered(face_box(sample, *rgb.shape[:2]), rng, config)
    # geometry and light at the picture's own resolution; resampling is left to the serving crop
    surroundings = _warped(rgb, box, rng, config)
    if rng.random() < config.light:
        surroundings = _relight(surroundings, rng)
    face = face_crop(surroundings, FaceBox(0, 0, box.w, box.h))
    if sample.label < len(CLASSES):
        face = _cover(face, sample.label, rng, config, hands)
    return degrade(face, rng, config)


def _cover(
    face: NDArray[np.uint8],
    label: int,
    rng: np.random.Generator,
    config: AugmentConfig,
    hands: HandPaster | None,
) -> NDArray[np.uint8]:
    if rng.random() < config.lower_shade:
        face = shade_lower_face(face, rng)
    if rng.random() < config.sunglasses:
        face = wear_sunglasses(face, rng)
    if hands is not None and rng.random() < config.hand:
        over_mouth = label == _WITHOUT_MASK or rng.random() < 0.3
        face = hands.paste(face, rng, over_mouth=over_mouth)
    return face


def _jittered(box: FaceBox, rng: np.random.Generator, config: AugmentConfig) -> FaceBox:
    """The square around the box, shifted and resized at random, px."""
    side = max(box.w, box.h)
    cx = box.x + box.w / 2 + rng.uniform(-config.shift, config.shift) * side
    cy = box.y + box.h / 2 + rng.uniform(-config.shift, config.shift) * side
    side = max(1, round(side * np.exp(rng.uniform(-config.zoom, config.zoom))))
    return FaceBox(round(cx - side / 2), round(cy - side / 2), side, side)


def _warped(
    rgb: NDArray[np.uint8], square: FaceBox, rng: np.random.Generator, config: AugmentConfig
) -> NDArray[np.uint8]:
    """The square's content rotated, sheared and flipped at random about its centre.

    At the picture's own scale: uint8 RGB (side, side, 3). Without rotation and shear its pixels
    are the picture's own.
    """
    angle = np.deg2rad(rng.uniform(-config.rotation_deg, config.rotation_deg))
    shear = rng.uniform(-config.shear, config.shear)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.array([[1.0, shear], [0.0, 1.0]]) @ np.diag([flip, 1.0])
    # centres of pixels lie at whole numbers, that of n pixels at (n - 1) / 2
    middle = (square.w - 1) / 2
    offset = middle - linear @ np.array([square.x + middle, square.y + middle])
    return warp_affine(rgb, linear, offset, (square.w, square.h))


def degrade(
    rgb: NDArray[np.uint8], rng: np.random.Generator, config: AugmentConfig
) -> NDArray[np.uint8]:
    """Grey, blur, resolution, noise and JPEG, in the order in which a camera adds them."""
    size = rgb.shape[0]
    if rng.random() < config.grey:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        rgb = np.repeat(np.asarray(grey, np.uint8)[..., None], 3, axis=2)
    if rng.random() < config.blur:
        if rng.random() < 0.5:
            rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.5, 2.0)), np.uint8)
        else:
            rgb = _motion_blur(rgb, rng)
    small = None
    if rng.random() < config.low_resolution:
        small = int(np.exp(rng.uniform(np.log(config.min_side_px), np.log(size))))
        rgb = _resize(rgb, small, cv2.INTER_AREA)
    if rng.random() < config.noise:
        noise = rng.normal(0, rng.uniform(2, 14), rgb.shape)
        rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    if rng.random() < config.jpeg:
        quality = int(rng.integers(20, 95))
        _, data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
        rgb = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if small is not None:
        # nearest is rare: blocks are seen only where a thumbnail was blown up carelessly
        upscaler = _UPSCALERS[rng.choice(3, p=[0.1, 0.6, 0.3])]
        rgb = _resize(rgb, size, upscaler)
    return np.ascontiguousarray(rgb, np.uint8)


def _resize(rgb: NDArray[np.uint8], size: int, how: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(rgb, (size, size), interpolation=how), np.uint8)


def _relight(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    light = (rgb / 255.0) ** np.exp(rng.uniform(-0.6, 0.6))
    light = light * rng.uniform(0.7, 1.25) * rng.uniform(0.88, 1.12, 3)
    if rng.random() < 0.2:
        # a shadow edge across the face, at any angle
        size = rgb.shape[0]
        angle = rng.uniform(0, 2 * np.pi)
        ys, xs = np.mgrid[0:size, 0:size] / size - 0.5
        edge = (xs * np.cos(angle) + ys * np.sin(angle) + rng.uniform(-0.3, 0.3)) * 12
        light = light * (1 - rng.uniform(0.2, 0.65) / (1 + np.exp(-edge)))[..., None]
    mean = light.mean()
    light = (light - mean) * rng.uniform(0.75, 1.25) + mean
    return np.asarray(np.clip(light * 255, 0, 255), np.uint8)


def _motion_blur(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0 / length
    centre = ((length - 1) / 2, (length - 1) / 2)
    rotation = cv2.getRotationMatrix2D(centre, rng.uniform(0, 180), 1)
    rotated = np.asarray(cv2.warpAffine(kernel, rotation, (length, length)), np.float32)
    rotated = np.asarray(rotated / max(float(rotated.sum()), 1e-6), np.float32)
    return np.asarray(cv2.filter2D(rgb, -1, rotated), np.uint8)
