"""A hand before the mouth, ray-marched as a signed distance field and composited on one portrait.

The hand is a union of round cones seen from the front. Lengths are those of a real hand, in cm:
along the fingers from the wrist, across towards the thumb, and out of its back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.samples.sleeve import SIZE_PX, Floats, Rgb, cast_shadow, sleeve

PX_PER_CM = 12.4
"""The face's own scale, slightly enlarged since a hand before it is nearer to the camera."""
WRIST_PX = (561.0, 353.0)
SLOPE, TILT, ROLL = np.radians((24.0, 9.0, -6.0))
"""Rotation of the hand: fingers rising to the left, receding to the cheek, thumb side receding."""
WINDOW = (slice(200, 460), slice(330, 690))
"""Rows and columns that hold the hand."""
FINE = 2
"""Rays a px, each way."""
NEAR_PX, FAR_PX = 28.0, -60.0
"""Depths between which the hand lies."""
LIGHT = np.array((-0.42, -0.58, 0.70), np.float32)
"""Direction to the studio's lamp: x right, y down, z to the camera."""

FINGERS = (
    ((8.0, 2.75, -0.1), -1.5, (10, 14, 10), (3.9, 2.3, 1.5), (0.98, 0.90, 0.80, 0.66)),
    ((8.3, 0.90, 0.1), -0.8, (9, 11, 9), (4.3, 2.7, 1.6), (1.00, 0.92, 0.82, 0.68)),
    ((7.9, -0.95, 0.0), 1.8, (11, 15, 10), (4.0, 2.5, 1.6), (0.96, 0.88, 0.78, 0.65)),
    ((7.1, -2.65, -0.3), 2.0, (14, 18, 11), (3.1, 1.8, 1.4), (0.86, 0.77, 0.67, 0.56)),
)
"""Forefinger to little finger: knuckle, spread and bends of the joints in degrees, lengths of the
limbs, radii from the knuckle to the tip."""
THUMB = ((1.4, 2.0, -0.7), (4.5, 4.3, -0.8), (7.2, 5.9, -0.9), (9.2, 6.5, -1.3))
THUMB_RADII = (1.35, 1.08, 0.92, 0.68)
_THUMB, _BACK = 4, 5
_TIP = 2
_GRADES = (0.43, 0.66, 0.84, 0.96, 1.07)
"""Light on the hand at which it has the face's colours from dark to light."""

Cm = NDArray[np.float64]


@dataclass(frozen=True)
class Limb:
    """A round cone, in px of the doubled portrait.

    Attributes:
        start: one end, (x, y, z), z to the camera.
        end: the other end.
        radii: at start and end.
        part: finger 0 to 3, thumb 4, back of the hand 5.
        joint: 0 to 2, counted from the knuckle.
    """

    start: Floats
    end: Floats
    radii: tuple[float, float]
    part: int
    joint: int


def draw_hand(picture_rgb: Rgb) -> Rgb:
    """Put a hand, and the sleeve it comes out of, before the portrait's mouth.

    Args:
        picture_rgb: the portrait at twice its size, uint8 (1024, 1024, 3).

    Returns:
        A new picture of the same size.
    """
    hand, alpha = _render(_limbs(), _skin_ramp(picture_rgb))
    cloth, cover = sleeve(picture_rgb)
    drawn = picture_rgb.astype(np.float32)
    drawn *= 1 - cast_shadow(np.maximum(alpha, cover))
    drawn = drawn * (1 - alpha[..., None]) + hand * alpha[..., None]
    # the hem's shadow falls on the wrist, not on what lies far behind
    hem = np.asarray(cv2.GaussianBlur(cover, (0, 0), 5), np.float32) * alpha
    drawn *= 1 - 0.6 * hem[..., None]
    drawn = drawn * (1 - cover[..., None]) + cloth * cover[..., None]
    return np.asarray(np.clip(drawn, 0, 255), np.uint8)


def _to_px(place_cm: Cm) -> Floats:
    along, across, out = place_cm
    across, out = (
        across * np.cos(ROLL) - out * np.sin(ROLL),
        across * np.sin(ROLL) + out * np.cos(ROLL),
    )
    along, out = (
        along * np.cos(TILT) + out * np.sin(TILT),
        out * np.cos(TILT) - along * np.sin(TILT),
    )
    x = WRIST_PX[0] + PX_PER_CM * (-along * np.cos(SLOPE) + across * np.sin(SLOPE))
    y = WRIST_PX[1] + PX_PER_CM * (-along * np.sin(SLOPE) - across * np.cos(SLOPE))
    return np.array((x, y, PX_PER_CM * out), np.float32)


def _chain(points_cm: Sequence[Cm], radii_cm: Sequence[float], part: int) -> list[Limb]:
    px = [_to_px(point) for point in points_cm]
    thick = [radius * PX_PER_CM for radius in radii_cm]
    return [Limb(px[i], px[i + 1], (thick[i], thick[i + 1]), part, i) for i in range(len(px) - 1)]


def _limbs() -> list[Limb]:
    limbs = []
    for finger, (knuckle, spread, bends, lengths, radii) in enumerate(FINGERS):
        points = [np.array(knuckle)]
        side, down = np.radians(spread), 0.0
        for bend, length in zip(bends, lengths, strict=True):
            down += float(np.radians(bend))
            way = (np.cos(down) * np.cos(side), np.cos(down) * np.sin(side), -np.sin(down))
            points.append(points[-1] + length * np.array(way))
        limbs += _chain(points, radii, finger)
        root = np.array((0.2, 0.42 * knuckle[1], -0.2))
        limbs += _chain((root, points[0] - (0.2, 0, 0.12)), (1.30, 1.0), _BACK)
        # seen from the back, fingers part well beyond their knuckles
        web = points[0] + 0.42 * (points[1] - points[0]) - (0, 0, 0.35)
        limbs += _chain((points[0] - (1.0, 0, 0.4), web), (0.8, 0.62), _BACK)
    limbs += _chain([np.array(point) for point in THUMB], THUMB_RADII, _THUMB)
    ball = np.array(((0.8, 1.2, -0.6), (4.2, 3.4, -0.9)))
    fold = np.array(((3.0, 2.6, -0.9), (6.2, 3.4, -0.9)))
    limbs += _chain(list(ball), (1.45, 1.1), _BACK) + _chain(list(fold), (1.1, 0.5), _BACK)
    for bone in (-0.95, 0.95):
        forearm = np.array(((-6.0, bone - 3.0, 0.0), (0.5, bone, -0.1)))
        limbs += _chain(list(forearm), (1.7, 1.5), _BACK)
    return limbs


def _distance(points: Floats, limbs: list[Limb]) -> tuple[Floats, NDArray[np.int64]]:
    """Signed distance of points (N, 3) to the hand in px, and the nearest part."""
    parts = [np.full(len(points), 1e3, np.float32) for _ in range(6)]
    for limb in limbs:
        bone = limb.end - limb.start
        share = np.clip((points - limb.start) @ bone / (bone @ bone), 0, 1)
        away = points - limb.start - share[:, None] * bone
        near = np.sqrt(np.einsum("ij,ij->i", away, away))
        near -= limb.radii[0] + share * (limb.radii[1] - limb.radii[0])
        parts[limb.part] = _join(parts[limb.part], near, 8.0 if limb.part == _BACK else 1.5)
    hand = parts[_BACK]
    for finger in range(_BACK):
        hand = _join(hand, parts[finger], 9.0 if finger == _THUMB else 4.0)
    return hand, np.argmin(np.stack(parts), axis=0)


def _join(one: Floats, other: Floats, blend_px: float) -> Floats:
    share = np.maximum(blend_px - np.abs(one - other), 0) / blend_px
    return np.asarray(np.minimum(one, other) - share * share * blend_px * 0.25, np.float32)


def _render(limbs: list[Limb], ramp: Floats) -> tuple[Floats, Floats]:
    """The hand as rgb 0-255 (1024, 1024, 3) and its cover 0-1 (1024, 1024)."""
    rows, columns = WINDOW
    height, width = rows.stop - rows.start, columns.stop - columns.start
    fine = (height * FINE, width * FINE)
    y, x = np.mgrid[0 : fine[0], 0 : fine[1]].astype(np.float32)
    x, y = (x + 0.5) / FINE + columns.start, (y + 0.5) / FINE + rows.start
    points = np.stack([x.ravel(), y.ravel(), np.full(x.size, NEAR_PX)], axis=1).astype(np.float32)
    going, hit = np.arange(len(points)), np.zeros(len(points), bool)
    for _ in range(48):
        near, _ = _distance(points[going], limbs)
        # the smooth union makes the surface a little nearer than the distance
        points[going, 2] -= 0.9 * near
        hit[going[near < 0.06]] = True
        going = going[(near >= 0.06) & (points[going, 2] > FAR_PX)]
    layer = np.zeros((len(points), 3), np.float32)
    layer[hit] = _paint(points[hit], limbs, ramp)
    cover = cv2.resize(
        hit.reshape(fine).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA
    )
    lit = cv2.resize(layer.reshape(*fine, 3), (width, height), interpolation=cv2.INTER_AREA)
    # as soft as the doubled portrait, and with grain as wide as its own
    weight = np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.9), np.float32)
    shade = cv2.GaussianBlur(lit, (0, 0), 0.9) / np.maximum(weight, 1e-3)[..., None]
    rng = np.random.default_rng(11)
    grain = cv2.GaussianBlur(rng.normal(0, 5, (height, width)), (0, 0), 1.2)
    blotch = cv2.GaussianBlur(rng.normal(0, 14, (height, width)), (0, 0), 5)
    shade = shade + grain[..., None] + blotch[..., None] * (0.5, 1.0, 0.9)
    hand = np.zeros((SIZE_PX, SIZE_PX, 3), np.float32)
    alpha = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    hand[WINDOW], alpha[WINDOW] = shade, weight
    return hand, alpha


def _paint(seen: Floats, limbs: list[Limb], ramp: Floats) -> Floats:
    """Colours, rgb (N, 3), of places (N, 3) on the hand's skin."""
    normal = _normal(seen, limbs)
    sky = np.ones(len(seen), np.float32)
    for reach in (2.0, 5.0, 10.0, 18.0):
        sky -= 0.30 * np.clip(1 - _distance(seen + reach * normal, limbs)[0] / reach, 0, 1)
    lit = np.ones(len(seen), np.float32)
    for reach in (3.0, 6.0, 10.0, 15.0, 22.0):
        near, _ = _distance(seen + normal + reach * LIGHT, limbs)
        lit = np.minimum(lit, np.clip(0.5 + near / (0.35 * reach), 0.25, 1))
    # subsurface scattering softens the terminator
    facing = np.clip((normal @ LIGHT + 0.25) / 1.25, 0, 1)
    light = np.clip(sky, 0.05, 1) * (0.26 + 0.80 * facing**1.4 * lit)
    dark, red, nail = _details(seen, limbs)
    colour = _tone(light * (1 - dark) * (1 + 0.05 * nail), ramp)
    colour *= 1 - 0.09 * red[:, None] * np.array((0, 1, 1), np.float32)
    colour += nail[:, None] * np.array((4, 10, 18), np.float32)
    half = LIGHT + np.array((0, 0, 1), np.float32)
    gloss = np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** 24 * lit
    colour += (gloss * (12 + 24 * nail))[:, None]
    return np.asarray(colour, np.float32)


def _details(seen: Floats, limbs: list[Limb]) -> tuple[Floats, Floats, Floats]:
    """Darkness of wrinkles and nail rims, redness of joints and tips, and nails: 0-1 (N,) each."""
    _, part = _distance(seen, limbs)
    dark, red, nail = np.zeros((3, len(seen)), np.float32)
    for limb in limbs:
        if limb.part == _BACK:
            continue
        mine = (part == limb.part).astype(np.float32)
        bone = (limb.end - limb.start)[:2] / np.linalg.norm((limb.end - limb.start)[:2])
        from_end = seen[:, :2] - limb.end[:2]
        along, across = from_end @ bone, from_end @ np.array((-bone[1], bone[0]), np.float32)
        thick = limb.radii[1]
        if limb.joint == _TIP:
            oval = ((along + 0.12 * thick) / (0.85 * thick)) ** 2 + (across / (0.68 * thick)) ** 2
            nail += mine * np.clip(4 * (1 - oval), 0, 1)
            dark += mine * 0.38 * np.exp(-(((oval - 1.08) / 0.16) ** 2))
            red += mine * 0.45 * np.clip(1 + along / (2 * thick), 0, 1)
            continue
        for at, bow in ((-3.3, -0.02), (0.0, 0.0), (3.3, 0.02)):
            fold = (along - at * (1 - 0.5 * limb.joint) + bow * across**2) / 0.9
            dark += mine * 0.22 * np.exp(-(fold**2) - (across / (0.8 * thick)) ** 4)
        red += mine * 0.5 * np.exp(-(along**2 + across**2) / thick**2)
    return dark, red, nail


def _normal(points: Floats, limbs: list[Limb]) -> Floats:
    corners = np.array(((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)), np.float32)
    ways = [_distance(points + 0.7 * way, limbs)[0][:, None] * way for way in corners]
    total = np.sum(ways, axis=0)
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True), np.float32)


def _skin_ramp(picture_rgb: Rgb) -> Floats:
    """Colours of forehead, cheeks, chin and jaw from dark to light: rgb (5, 3)."""
    patches = (
        picture_rgb[168:186, 390:500],
        picture_rgb[212:260, 384:416],
        picture_rgb[222:266, 484:518],
        picture_rgb[322:346, 412:472],
        picture_rgb[290:324, 495:512],
    )
    skin = np.concatenate([patch.reshape(-1, 3) for patch in patches]).astype(np.float32)
    skin = skin[np.argsort(skin.sum(axis=1), kind="stable")]
    step = len(skin) // 20
    return np.stack([skin[i * step : (i + 2) * step].mean(axis=0) for i in (0, 4, 9, 14, 18)])


def _tone(light: Floats, ramp: Floats) -> Floats:
    colour = np.stack([np.interp(light, _GRADES, ramp[:, i]) for i in range(3)], axis=1)
    # gaps are darker than the face's skin; light there has passed through the fingers and is red
    deep = np.clip(light / _GRADES[0], 0.02, 1)
    return np.asarray(colour * deep[:, None] ** np.array((0.62, 0.86, 0.95)), np.float32)
