"""Loose boxes: crops around and beside labelled faces that no finder should have framed so.

A box around head and shoulders, a chest, a neck or an ear holds skin and cloth, and a network that
never saw one calls it a mask. Such boxes are *no face*. They are drawn when a batch is made, in
photographs only, since face crops have no surroundings.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from maskdet_core.types import FaceBox
from train.data.faces.datasets import OUTPUTS, FaceSample

ENLARGED: Final = (1.5, 4.0)
"""Side of a box around a face over the face's. A face's own jitter reaches 1.28 (`zoom` of
`train.augment.faces.AugmentConfig`): what lies between is neither."""

BESIDE: Final = (0.7, 2.0)
"""Side of a box on chest, neck, ear or shoulder over the face's."""

PART: Final = (0.3, 0.6)
"""Side of a box on a part of the face, such as the forehead or one ear, over the face's."""

SHARES: Final = {"enlarged": 0.55, "beside": 0.35, "part": 0.10}
"""How often each kind is drawn; parts are few, since tightly framed faces resemble them."""

MAX_IOU: Final = {"enlarged": 0.45, "beside": 0.2, "part": 0.2}
"""Largest IoU with any labelled face of the photograph. A face enlarged by 1.5 has 0.44 with its
face; a face as far as it is jittered, 1.28, has 0.61."""

MIN_INSIDE: Final = 0.75
"""Least part of the square crop inside the photograph, where there is such a box: the rest would be
repeated border, which must not become the sign of a loose box."""

_TRIES: Final = 16
_LABEL: Final = OUTPUTS.index("no_face")


def loose_box_samples(samples: Sequence[FaceSample]) -> list[FaceSample]:
    """One sample a labelled face of a photograph, with the face's box to draw loose ones around."""
    return [
        replace(sample, label=_LABEL, origin="loose_box")
        for sample in samples
        if sample.in_photo and sample.origin == "labelled"
    ]


def draw_loose_box(
    face: FaceBox,
    others: Sequence[FaceBox],
    size_px: tuple[int, int],
    rng: np.random.Generator,
) -> FaceBox | None:
    """A box that frames the face badly, px, or None where there is none, as in a crowd.

    Args:
        face: labelled face.
        others: the other faces of the photograph: no box may frame one of them well.
        size_px: width and height of the photograph.
        rng: draws the box.
    """
    best: tuple[float, FaceBox] | None = None
    for _ in range(_TRIES):
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        box = _DRAWERS[kind](face, rng)
        if max(box.iou(one) for one in (face, *others)) > MAX_IOU[kind]:
            continue
        inside = _share_inside(box, size_px)
        if inside >= MIN_INSIDE:
            return box
        if best is None or inside > best[0]:
            best = (inside, box)
    return None if best is None else best[1]


def _share_inside(box: FaceBox, size_px: tuple[int, int]) -> float:
    """Part of the square around a box that lies in the photograph."""
    side = max(box.w, box.h)
    share = 1.0
    for start, length, size in ((box.x, box.w, size_px[0]), (box.y, box.h, size_px[1])):
        first = start + (length - side) / 2
        share *= max(0.0, min(size, first + side) - max(0.0, first)) / side
    return share


def _enlarged(face: FaceBox, rng: np.random.Generator) -> FaceBox:
    """Around the face, more often shifted down than up: head and shoulders."""
    # more often slightly: such a box looks most like a face's
    scale = ENLARGED[0] * (ENLARGED[1] / ENLARGED[0]) ** (rng.random() ** 2)
    # at most so far that the face stays inside
    room = (scale - 1) / 2
    across, down = rng.uniform(-room, room), rng.uniform(-0.4 * room, room)
    return _placed(face, across, down, scale)


def _beside(face: FaceBox, rng: np.random.Generator) -> FaceBox:
    scale = _between(BESIDE, rng)
    apart = (1 + scale) / 2
    if rng.random() < 0.7:
        return _placed(face, rng.uniform(-0.8, 0.8), rng.uniform(0.6, 1.3) * apart, scale)
    side = float(rng.choice((-1, 1)))
    return _placed(face, side * rng.uniform(0.7, 1.2) * apart, rng.uniform(-0.4, 0.6), scale)


def _part(face: FaceBox, rng: np.random.Generator) -> FaceBox:
    """Centred on the outline of the face."""
    angle = rng.uniform(0, 2 * np.pi)
    return _placed(face, 0.5 * np.cos(angle), 0.5 * np.sin(angle), _between(PART, rng))


_DRAWERS: Final = {"enlarged": _enlarged, "beside": _beside, "part": _part}


def _between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))


def _placed(face: FaceBox, across: float, down: float, scale: float) -> FaceBox:
    """A box of the face's proportions; its centre is moved in widths and heights of the face."""
    w, h = max(1, round(scale * face.w)), max(1, round(scale * face.h))
    cx, cy = face.x + (0.5 + across) * face.w, face.y + (0.5 + down) * face.h
    return FaceBox(round(cx - w / 2), round(cy - h / 2), w, h)
