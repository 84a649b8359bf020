"""Training samples of the verifier: proposals in varied photographs, as channel mosaics."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.channels import MOSAIC_SIZE, ChannelExtractor
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.faces.verifier import Verifier
from maskdet_core.types import RgbImage
from train.cascade.haar import WINDOW_PX, Windows
from train.cascade.mining import NEGATIVE_IOU, overlaps
from train.cascade.painted_masks import paint_mask
from train.data.boxes import SIDE_OVER_BOX
from train.data.detection import Scene
from train.data.images import read_rgb

FACE_IOU = 0.55
"""Proposals whose box overlaps a reference box so much are faces; between `NEGATIVE_IOU` and this
they are neither."""
SCALE_STEP = 1.25
TILTS_DEG = (-30.0, 30.0)
MIN_FACE_SHARE = 1 / 24
"""The search of the photo preset, so that the verifier is trained on what it will be given."""


@dataclass(frozen=True, slots=True)
class VisitConfig:
    """How photographs vary and how much is taken from each.

    Attributes:
        zoom: smallest and largest factor on the picture's size.
        painted: share of the photographs of bare people with painted masks.
        light, colour, blur, jpeg: share of the photographs changed so.
        faces, others: most proposals of each that one visit gives.
    """

    zoom: tuple[float, float] = (0.6, 1.15)
    painted: float = 0.4
    light: float = 0.6
    colour: float = 0.6
    blur: float = 0.15
    jpeg: float = 0.3
    faces: int = 24
    others: int = 60


@dataclass(frozen=True, slots=True)
class Mosaics:
    """Proposals of some visits.

    Attributes:
        mosaics: uint8 (N, 96, 144).
        owner: (N,) number of the face that each shows, counted from 0 over all visits; -1 where
            it shows none.
    """

    mosaics: Windows
    owner: NDArray[np.int64]


def visit(
    proposer: HaarProposer,
    verifier: Verifier | None,
    scene: Scene,
    rng: np.random.Generator,
    config: VisitConfig,
) -> Mosaics:
    """Make proposals in one varied photograph and sort them into faces and others.

    Args:
        proposer: the trained proposals.
        verifier: as far as it is trained; proposals that it rejects are left out.
        scene: the photograph.
        rng: random source.
        config: see there.
    """
    image, boxes = vary(read_rgb(scene.path), scene, rng, config)
    min_px = max(WINDOW_PX, round(max(image.shape[:2]) * MIN_FACE_SHARE))
    found = proposer.find(grey_image(image), min_px)
    iou = overlaps(found.squares[:, :2], found.squares[:, 2], boxes)
    source = ChannelExtractor(image)
    kept: list[NDArray[np.uint8]] = []
    owner: list[int] = []
    face = iou.max(axis=1, initial=0) >= FACE_IOU
    other = iou.max(axis=1, initial=0) < NEGATIVE_IOU
    for wanted, most in ((face, config.faces), (other, config.others)):
        # a verifier rejects most others: try more of them until enough are left
        index = rng.permutation(np.flatnonzero(wanted))[: most * (1 if verifier is None else 12)]
        n = 0
        for i in index:
            left, top, side = found.squares[i]
            mosaic = source.mosaic(
                (left + side / 2, top + side / 2), float(side), float(found.tilts_deg[i])
            )
            if verifier is not None and not np.isfinite(verifier.logit(mosaic)):
                continue
            kept.append(mosaic.copy())
            owner.append(int(iou[i].argmax()) if wanted is face else -1)
            n += 1
            if n == most:
                break
    if not kept:
        return Mosaics(np.empty((0, *MOSAIC_SIZE[::-1]), np.uint8), np.empty(0, np.int64))
    return Mosaics(np.stack(kept), np.array(owner))


def vary(
    image: RgbImage, scene: Scene, rng: np.random.Generator, config: VisitConfig
) -> tuple[RgbImage, NDArray[np.float64]]:
    """A varied copy of the photograph, and its reference boxes (N, 4) in px."""
    height, width = image.shape[:2]
    boxes = np.array(scene.boxes, np.float64).reshape(-1, 4) * [width, height, width, height]
    if not scene.masked and rng.random() < config.painted:
        for x, y, w, h in boxes:
            side = SIDE_OVER_BOX * float(np.sqrt(w * h))
            image = paint_mask(image, (x + w / 2, y + h / 2), side, rng)
    zoom = float(np.exp(rng.uniform(*np.log(config.zoom))))
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    boxes = boxes * zoom
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, ::-1])
        boxes[:, 0] = size[0] - boxes[:, 0] - boxes[:, 2]
    picture: NDArray[np.floating[Any]] = image.astype(np.float32)
    if rng.random() < config.colour:
        grey = picture.mean(axis=2, keepdims=True)
        picture = grey + (picture - grey) * rng.choice([0.0, rng.uniform(0.4, 1.5)], p=[0.1, 0.9])
        picture *= rng.uniform(0.88, 1.12, 3).astype(np.float32)
    if rng.random() < config.light:
        gamma = np.float32(np.exp(rng.uniform(-0.4, 0.4)))
        picture = 255 * (np.clip(picture, 0, 255) / 255) ** gamma
    image = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < config.blur:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.8)), np.uint8)
    if rng.random() < config.jpeg:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image, boxes


def visits(
    proposals_file: Path,
    verifier_file: Path | None,
    scenes: Sequence[Scene],
    seed: Sequence[int],
    config: VisitConfig,
) -> Mosaics:
    """Visit each scene once; made for a process of its own."""
    cv2.setNumThreads(1)
    proposer = HaarProposer(proposals_file, WINDOW_PX, SCALE_STEP, TILTS_DEG)
    verifier = None if verifier_file is None else Verifier(verifier_file)
    rng = np.random.default_rng(seed)
    parts: list[Mosaics] = []
    n_faces = 0
    for scene in scenes:
        part = visit(proposer, verifier, scene, rng, config)
        owner = np.where(part.owner < 0, -1, part.owner + n_faces)
        n_faces += len(scene.boxes)
        parts.append(Mosaics(part.mosaics, owner))
    return Mosaics(
        np.concatenate([part.mosaics for part in parts]),
        np.concatenate([part.owner for part in parts]),
    )
