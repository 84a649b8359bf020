"""Samples of the second look: windows as the first look moves them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.nms import Boxes
from train.data.annotations.photos import LabelledPhoto, windows_around
from train.data.faces.images import read_rgb
from train.verifier.framing import SECOND_LOOK
from train.verifier.samples import (
    MIN_SIDE_PX,
    Samples,
    VisitConfig,
    around_faces,
    near,
    without_face,
    zoomed,
)

LEAST_SHARE: Final = 1 / 32
"""Smallest window that is searched for, as a share of the image's longer side."""


def visit_centred(
    photo: LabelledPhoto,
    doubtful: Boxes,
    finder: CascadeFaceFinder,
    rng: np.random.Generator,
    config: VisitConfig,
) -> Samples:
    """What the second look gets to see of one photograph, and windows drawn around its faces.

    Args:
        photo: with its boxes.
        doubtful: further boxes (M, 4), px, that may show faces: windows on them are left out.
        finder: its cascade and first look are those that will serve.
        rng: random source.
        config: see there.
    """
    image, zoom = zoomed(read_rgb(photo.path), rng, config.zooms)
    faces = photo.reference_boxes_px() * zoom
    unsure = np.vstack([doubtful, photo.seen.possible_faces_px()]) * zoom
    min_px = max(MIN_SIDE_PX, max(image.shape[:2]) * LEAST_SHARE)
    windows = finder.centred(image, min_face_px=round(min_px))
    kept = [around_faces(windows, faces, rng, config)]
    others = without_face(windows, np.vstack([faces, unsure]))
    kept.append(others[: config.others])
    seen = windows_around(photo.seen.no_faces_px() * zoom)
    seen = near(seen[seen[:, 2] >= MIN_SIDE_PX], config.confirmed, rng)
    kept.append(without_face(seen, faces))
    return Samples.cut(image, np.concatenate(kept), faces, SECOND_LOOK)


def visit_all_centred(
    photos: Sequence[LabelledPhoto],
    doubtful: dict[Path, Boxes],
    finders: Sequence[CascadeFaceFinder],
    seed: int,
    config: VisitConfig,
) -> Samples:
    """Visit each photograph once, with one of the finders."""
    none = np.empty((0, 4))
    parts = []
    for number, photo in enumerate(tqdm(photos, desc="centred windows", unit="photo")):
        rng = np.random.default_rng([seed, number])
        finder = finders[int(rng.integers(len(finders)))]
        parts.append(visit_centred(photo, doubtful.get(photo.path, none), finder, rng, config))
    return Samples.joined(parts)
