"""Augmentation: the original's flip, zoom and shear, and degradations common to all classes.

The unmasked pictures are crisp and many masked ones are blown-up thumbnails, so sharpness would
give the class away. Resolution, blur, JPEG, noise, light and crop are therefore drawn from the same
distributions whatever the label is.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import FaceBox
from train.augment.clothing import BELOW_LIPS, BELOW_NOSE
from train.augment.kit import EMPTY, AugmentKit
from train.augment.occlusion import shade_lower_face, wear_sunglasses
from train.data.annotations.boxes import boxes_px
from train.data.faces.datasets import CLASSES, FaceSample
from train.data.faces.eyes import Eyes
from train.data.faces.images import face_crop, read_face, warp_affine
from train.data.negatives.loose_boxes import draw_loose_box

_UPSCALERS = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)

_WITH_MASK, _WORN_WRONG, _WITHOUT_MASK = (
    CLASSES.index(name) for name in ("with_mask", "worn_wrong", "without_mask")
)

_OVER_MASK = 0.3
"""Share of hands and objects near a mask that cover it; the others are beside it."""

_PRESUMED_EYES: Eyes = ((0.34, 0.4), (0.66, 0.4))
"""Eyes of a face for which none were found, in fractions of its plain crop: the means of the
reference detector's boxes, which end at the chin."""
_OVER_LIPS = 0.2
"""Share of clothing on bare faces that may cover the mouth, not the nose: a scarf is no mask."""
_HIGHEST_PRESUMED = 1.5
"""Highest edge of cloth in distances between the pupils below the eyes where these are presumed:
the chin is at 1.8, and such faces are turned or bent."""
_HIGHEST_WORN_WRONG = 2.05
"""The same where a mask may hang on the chin: it must be seen."""

_TILTED_DEG = 60.0
"""Largest rotation of bent and lying heads. At right angles left and right would be exchanged."""


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """Strengths of the augmentation; shares are probabilities, the rest half-ranges.

    Attributes:
        zoom: log of the largest change of the crop's side: 0.25 reaches 1.28 times, as far as the
            finder's boxes differ; loose boxes begin above, see `train.data.negatives.loose_boxes`.
        shift: largest shift of the crop's centre, in sides.
        rotation_deg: largest rotation of most faces.
        tilted: share of faces that may be turned up to 60°, as bent and lying heads are.
        shear: largest shear, as a ratio.
        low_resolution, blur, jpeg, noise, light, grey: share of faces degraded so.
        min_side_px: coarsest face drawn by `low_resolution`.
        hand: share of faces with a hand, where there are pictures of hands.
        lower_shade: share of faces darkened or tinted below the nose.
        sunglasses: share of faces with dark glasses.
        drawn_mask, drawn_wrong: share of bare faces that a mask is drawn onto, worn rightly or
            wrongly, where their eyes are known; they change to the mask's class.
        objects: share of faces with a thing before the mouth or beside it, and without a hand.
        clothing: share of faces with a collar, a scarf, a hood or straps.
    """

    zoom: float = 0.25
    shift: float = 0.12
    rotation_deg: float = 20.0
    tilted: float = 0.0
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
    drawn_mask: float = 0.15
    drawn_wrong: float = 0.2
    objects: float = 0.2
    clothing: float = 0.2


PLAIN = AugmentConfig(
    zoom=0.2,
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
    drawn_mask=0.0,
    drawn_wrong=0.0,
    objects=0.0,
    clothing=0.0,
)
"""Flips, zooms and shears only, as in the original project; hands if there are pictures."""


def augmented_crop(
    sample: FaceSample,
    rng: np.random.Generator,
    config: AugmentConfig,
    kit: AugmentKit = EMPTY,
) -> tuple[NDArray[np.uint8], int]:
    """Read and augment one sample, a function of the sample, `rng`, `config` and `kit`.

    Returns:
        The crop, uint8 RGB (128, 128, 3), and its label, an index into `OUTPUTS`: the sample's own,
        or that of a mask drawn onto a bare face.
    """
    rgb, box = read_face(sample)
    square = _square(sample, rgb, box, rng, config)
    # geometry and light at the picture's own resolution; resampling is left to the serving crop
    linear, offset = _transform(square, rng, config)
    surroundings = warp_affine(rgb, linear, offset, (square.w, square.h))
    if rng.random() < config.light:
        surroundings = _relight(surroundings, rng)
    face = face_crop(surroundings, FaceBox(0, 0, square.w, square.h))
    label = sample.label
    if 0 <= label < len(CLASSES):
        scale = face.shape[0] / square.w
        found = kit.eyes.get(sample)
        eyes = None if found is None else _moved(found, box, linear, offset, scale)
        presumed = _moved(_PRESUMED_EYES, box, linear, offset, scale)
        face = _clothe(face, label, eyes, presumed, rng, config, kit)
        face, label = _cover(face, label, eyes, rng, config, kit)
    return degrade(face, rng, config), label


def _clothe(
    face: NDArray[np.uint8],
    label: int,
    eyes: Eyes | None,
    presumed: Eyes,
    rng: np.random.Generator,
    config: AugmentConfig,
    kit: AugmentKit,
) -> NDArray[np.uint8]:
    """The face, or a copy in clothing that hides neither a nose nor a mask worn wrong."""
    if kit.clothing is None or rng.random() >= config.clothing:
        return face
    highest = BELOW_LIPS if eyes is not None else _HIGHEST_PRESUMED
    if label == _WORN_WRONG:
        highest = _HIGHEST_WORN_WRONG
    elif label == _WITHOUT_MASK and eyes is not None and rng.random() < _OVER_LIPS:
        highest = BELOW_NOSE
    return kit.clothing(face, presumed if eyes is None else eyes, rng, highest=highest)


def _cover(
    face: NDArray[np.uint8],
    label: int,
    eyes: Eyes | None,
    rng: np.random.Generator,
    config: AugmentConfig,
    kit: AugmentKit,
) -> tuple[NDArray[np.uint8], int]:
    """The face with what the kit lays over it, and its label then."""
    if label == _WITHOUT_MASK:
        face, label = _draw_mask(face, eyes, rng, config, kit)
    if rng.random() < config.lower_shade:
        face = shade_lower_face(face, rng)
    if rng.random() < config.sunglasses:
        face = wear_sunglasses(face, rng)
    # what lies over a mask worn wrong would hide what tells it from one worn rightly
    over_mouth = label == _WITHOUT_MASK or (label == _WITH_MASK and rng.random() < _OVER_MASK)
    if kit.hands is not None and rng.random() < config.hand:
        face = kit.hands.paste(face, rng, over_mouth=over_mouth)
    elif kit.objects is not None and rng.random() < config.objects:
        face = kit.objects(face, rng, over_mouth=over_mouth)
    return face, label


def _draw_mask(
    face: NDArray[np.uint8],
    eyes: Eyes | None,
    rng: np.random.Generator,
    config: AugmentConfig,
    kit: AugmentKit,
) -> tuple[NDArray[np.uint8], int]:
    drawn = rng.random()
    if kit.masks is None or eyes is None or drawn >= config.drawn_mask + config.drawn_wrong:
        return face, _WITHOUT_MASK
    wrong = drawn >= config.drawn_mask
    painted = kit.masks.paint(face, eyes, rng, wrong=wrong)
    if painted is None:
        return face, _WITHOUT_MASK
    return painted, _WORN_WRONG if wrong else _WITH_MASK


def _square(
    sample: FaceSample,
    rgb: NDArray[np.uint8],
    box: FaceBox,
    rng: np.random.Generator,
    config: AugmentConfig,
) -> FaceBox:
    """The square to be cut out, px: a jittered one, or one around a loose box."""
    if sample.origin == "loose_box":
        size = (rgb.shape[1], rgb.shape[0])
        loose = draw_loose_box(box, boxes_px(sample.others, rgb), size, rng)
        # in a crowd, where every box frames a face, the widest frames none well
        if loose is None:
            loose = FaceBox(box.x - 3 * box.w // 2, box.y - box.h, 4 * box.w, 4 * box.h)
        side = max(loose.w, loose.h)
        cx, cy = loose.x + loose.w / 2, loose.y + loose.h / 2
    else:
        side = max(box.w, box.h)
        cx = box.x + box.w / 2 + rng.uniform(-config.shift, config.shift) * side
        cy = box.y + box.h / 2 + rng.uniform(-config.shift, config.shift) * side
        side = max(1, round(side * np.exp(rng.uniform(-config.zoom, config.zoom))))
    return FaceBox(round(cx - side / 2), round(cy - side / 2), side, side)


def _moved(
    eyes: Eyes,
    box: FaceBox,
    linear: NDArray[np.float64],
    offset: NDArray[np.float64],
    scale: float,
) -> Eyes:
    """Eyes in fractions of the plain crop, where the transform took them: px of the crop."""
    side = max(box.w, box.h)
    corner = np.array([box.x + box.w / 2 - side / 2, box.y + box.h / 2 - side / 2])
    ends = [scale * (linear @ (corner + side * np.array(eye)) + offset) for eye in eyes]
    # a flip exchanges them
    (lx, ly), (rx, ry) = sorted((float(x), float(y)) for x, y in ends)
    return (lx, ly), (rx, ry)


def _transform(
    square: FaceBox, rng: np.random.Generator, config: AugmentConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotate, shear and flip the square's content at random about its centre.

    At the picture's own scale: without rotation and shear the pixels are the picture's own.

    Returns:
        For `warp_affine` to a picture of the square's size: linear (2, 2) and offset (2,).
    """
    largest = _TILTED_DEG if rng.random() < config.tilted else config.rotation_deg
    angle = np.deg2rad(rng.uniform(-largest, largest))
    shear = rng.uniform(-config.shear, config.shear)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.array([[1.0, shear], [0.0, 1.0]]) @ np.diag([flip, 1.0])
    # centres of pixels lie at whole numbers, that of n pixels at (n - 1) / 2
    middle = (square.w - 1) / 2
    return linear, middle - linear @ np.array([square.x + middle, square.y + middle])


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
