"""Samples of the verifier: proposals in photographs, with what is needed to move them at random."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.faces.nms import Boxes, non_maximum_suppression, pairwise_overlaps
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.faces.window_crops import WindowCutter, Windows
from maskdet_core.faces.windows import boxes_of, windows_of
from maskdet_core.types import RgbImage
from train.data.annotations.photos import LabelledPhoto, windows_around
from train.data.faces.images import read_rgb
from train.verifier.framing import FIRST_LOOK, Framing

FACE_IOU: Final = 0.45
OTHER_IOU: Final = 0.3
"""A window whose box overlaps a face's by the first is a face, by less than the second is none;
between them it is neither."""
STEPS: Final = (1.25, 1.4, 1.6)
"""Ratios of neighbouring window sizes, one drawn for each visit."""
MIN_SIDE_PX: Final = 14.0
"""Windows of smaller faces are neither: nobody can tell."""


@dataclass(frozen=True, slots=True)
class VisitConfig:
    """How much is taken from one photograph, and how it is searched.

    Attributes:
        zooms: smallest and largest factor on the picture's size.
        per_face: most proposals of one face.
        jittered: windows drawn at random around each face, beside the proposals.
        others: most proposals without a face, half of them those with the highest scores.
        unproposed: windows without a face drawn anywhere.
        confirmed: windows drawn at random around each box that was seen to show no face.
    """

    zooms: tuple[float, float] = (1.0, 1.0)
    per_face: int = 5
    jittered: int = 4
    others: int = 60
    unproposed: int = 4
    confirmed: int = 6


@dataclass(frozen=True, slots=True)
class Samples:
    """Windows with their surroundings.

    Attributes:
        crops: uint8 (N, px, px, 3), RGB, of the framing's stored size.
        faces: float32 (N, 4), the box of the nearest face in windows from the crop's centre: left,
            top, width and height; NaN where there is none.
    """

    crops: NDArray[np.uint8]
    faces: NDArray[np.float32]
    framing: Framing

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.crops)

    def __getitem__(self, index: NDArray[np.int64] | slice) -> "Samples":
        """Some of them."""
        return Samples(self.crops[index], self.faces[index], self.framing)

    @classmethod
    def joined(cls, parts: Sequence["Samples"]) -> Self:
        """All of them, in order; one part at least, and all of one framing."""
        return cls(
            np.concatenate([part.crops for part in parts]),
            np.concatenate([part.faces for part in parts]),
            parts[0].framing,
        )

    @classmethod
    def cut(cls, image: RgbImage, windows: Windows, faces: Boxes, framing: Framing) -> Self:
        """Samples of the windows of one image.

        Args:
            image: uint8 (H, W, 3), RGB.
            windows: (N, 3) in it.
            faces: (M, 4) boxes in it, px.
            framing: of the look that learns from them.
        """
        crops = WindowCutter(image).cut(windows, framing.stored_context, framing.stored_px)
        return cls(crops, _nearest(windows, faces), framing)

    def save(self, path: Path) -> None:
        """Write them, not compressed."""
        np.savez(path, crops=self.crops, faces=self.faces, framing=np.array(astuple(self.framing)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            input_px, context, stored_px, stored_context = stored["framing"].tolist()
            framing = Framing(int(input_px), context, int(stored_px), stored_context)
            return cls(stored["crops"], stored["faces"], framing)


Choose = Callable[[LabelledPhoto, RgbImage, Windows], Windows]
"""Of windows without a face, (N, 3) in an image of a photograph, those worth learning from, and
such that they lead to."""


def visit(
    photo: LabelledPhoto,
    doubtful: Boxes,
    proposers: Sequence[HaarProposer],
    rng: np.random.Generator,
    config: VisitConfig,
    choose: Choose | None = None,
) -> Samples:
    """Search one photograph and sort the proposals into faces and others.

    Args:
        photo: with its boxes.
        doubtful: further boxes (M, 4), px, that may show faces: windows on them are left out.
        proposers: the trained proposals at several steps; one is drawn.
        rng: random source.
        config: see there.
        choose: which windows without a face to take; None takes proposals with the highest scores
            and some at random.
    """
    image, zoom = zoomed(read_rgb(photo.path), rng, config.zooms)
    faces = photo.reference_boxes_px() * zoom
    doubtful = np.vstack([doubtful, photo.seen.possible_faces_px()]) * zoom
    min_px = max(MIN_SIDE_PX, max(image.shape[:2]) / 32)
    proposer = proposers[int(rng.integers(len(proposers)))]
    found = proposer.find(grey_image(image), min_px)
    proposed = windows_of(found.squares)
    kept = [around_faces(proposed, faces, rng, config)]
    best = non_maximum_suppression(boxes_of(proposed), found.scores)
    others = without_face(proposed[best], np.vstack([faces, doubtful]))
    if choose is not None:
        chosen = choose(photo, image, others)
        kept.append(without_face(chosen, np.vstack([faces, doubtful])))
    else:
        n_top = config.others // 2
        kept += [others[:n_top], rng.permutation(others[n_top:])[: config.others - n_top]]
        drawn = _drawn(image, config.unproposed, min_px, rng)
        kept.append(without_face(drawn, np.vstack([faces, doubtful])))
    confirmed = windows_around(photo.seen.no_faces_px() * zoom)
    confirmed = near(confirmed[confirmed[:, 2] >= MIN_SIDE_PX], config.confirmed, rng)
    kept.append(without_face(confirmed, faces))
    windows = np.concatenate(kept)
    return Samples.cut(image, windows, faces, FIRST_LOOK)


def visit_all(
    photos: Sequence[LabelledPhoto],
    doubtful: dict[Path, Boxes],
    proposers: Sequence[HaarProposer],
    seed: int,
    config: VisitConfig,
    choose: Choose | None = None,
) -> Samples:
    """Visit each photograph once."""
    none = np.empty((0, 4))
    return Samples.joined(
        [
            visit(
                photo,
                doubtful.get(photo.path, none),
                proposers,
                np.random.default_rng([seed, number]),
                config,
                choose,
            )
            for number, photo in enumerate(tqdm(photos, desc="samples", unit="photo"))
        ]
    )


def zoomed(
    image: RgbImage, rng: np.random.Generator, zooms: tuple[float, float]
) -> tuple[RgbImage, float]:
    """An image at a size drawn at random, and the factor."""
    zoom = float(np.exp(rng.uniform(*np.log(zooms))))
    if zoom == 1.0:
        return image, zoom
    size = [max(32, round(side * zoom)) for side in image.shape[1::-1]]
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8), zoom


def around_faces(
    proposed: Windows, faces: Boxes, rng: np.random.Generator, config: VisitConfig
) -> Windows:
    """Windows on faces: some of the proposed ones, and some drawn around each."""
    kept = [np.empty((0, 3))]
    iou, _ = pairwise_overlaps(boxes_of(proposed), faces)
    for number, face in enumerate(windows_around(faces)):
        if face[2] < MIN_SIDE_PX:
            continue
        on_face = (iou[:, number] >= FACE_IOU) & (iou.argmax(axis=1) == number)
        kept.append(rng.permutation(proposed[on_face])[: config.per_face])
        jittered = near(face[None], config.jittered, rng)
        overlap, _ = pairwise_overlaps(boxes_of(jittered), faces[number : number + 1])
        kept.append(jittered[overlap[:, 0] >= FACE_IOU])
    return np.concatenate(kept)


def near(windows: Windows, n: int, rng: np.random.Generator) -> Windows:
    """Windows at random around each of some."""
    moved = np.repeat(windows, n, axis=0)
    moved[:, :2] += rng.uniform(-0.22, 0.22, (len(moved), 2)) * moved[:, 2:]
    moved[:, 2] *= np.exp(rng.uniform(-0.35, 0.35, len(moved)))
    return moved


def without_face(windows: Windows, faces: Boxes) -> Windows:
    """The windows that show none of the faces (M, 4)."""
    iou, _ = pairwise_overlaps(boxes_of(windows), faces)
    others: Windows = windows[iou.max(axis=1, initial=0.0) < OTHER_IOU]
    return others


def _drawn(image: RgbImage, n: int, min_px: float, rng: np.random.Generator) -> Windows:
    height, width = image.shape[:2]
    top = max(min_px + 1, 0.7 * min(height, width))
    side = np.exp(rng.uniform(np.log(min_px), np.log(top), n))
    return np.stack([rng.uniform(0, width, n), rng.uniform(0, height, n), side], axis=1)


def _nearest(windows: Windows, faces: Boxes) -> NDArray[np.float32]:
    if not len(faces) or not len(windows):
        return np.full((len(windows), 4), np.nan, np.float32)
    iou, _ = pairwise_overlaps(boxes_of(windows), faces)
    distance = np.linalg.norm(
        windows[:, None, :2] - (faces[None, :, :2] + faces[None, :, 2:] / 2), axis=2
    )
    # by overlap, and by distance where nothing overlaps
    best = np.argmax(iou - 1e-6 * distance, axis=1)
    nearest = faces[best].copy()
    nearest[:, :2] -= windows[:, :2]
    return np.asarray(nearest / windows[:, 2:], np.float32)


def labelled(samples: Samples, moves: Windows) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Overlap of moved windows with their faces, and the windows around the latter.

    Args:
        samples: N of them.
        moves: (N, 3) the moved window in windows from the stored crop's centre: x, y and side.

    Returns:
        Intersection over union (N,), 0 without a face, and windows (N, 3) in the same measure.
    """
    faces = samples.faces.astype(np.float64)
    known = np.asarray(np.isfinite(faces).all(axis=1))
    faces = np.where(known[:, None], faces, [[9.0, 9.0, 0.77, 1.0]])
    boxes = boxes_of(moves)
    low = np.maximum(boxes[:, :2], faces[:, :2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], faces[:, :2] + faces[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = boxes[:, 2:].prod(axis=1) + faces[:, 2:].prod(axis=1) - shared
    iou = np.where(known, shared / union, 0.0)
    return iou.astype(np.float32), windows_around(faces)
