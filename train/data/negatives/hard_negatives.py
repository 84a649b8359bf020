"""Hard negatives: false positives of the face finder in the training photographs.

A network that knows only masked and bare faces gives a shirt one of the labels. A further output,
trained on these and on loose boxes (`train.data.negatives.loose_boxes`), lets the app drop such
candidates. Finding them takes minutes, so they can be cached in a file for other runs.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.detector import min_face_px_in
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.nms import Boxes, non_maximum_suppression
from maskdet_core.types import FaceBox
from train.data.annotations.boxes import Box, boxes_px
from train.data.annotations.photos import PHOTOS_FILE, known_boxes
from train.data.annotations.seen_boxes import SeenBoxes, seen_boxes
from train.data.faces.datasets import OUTPUTS, FaceSample
from train.data.faces.images import read_rgb
from train.data.files.records import write_json
from train.data.files.result_cache import ResultCache, digest_of
from train.errors import RunError

LABEL = OUTPUTS.index("no_face")
FALSE_IOU = 0.1
"""A candidate whose IoU with every reference box is lower shows no face. Those that overlap a face
more are left out: they are loose boxes or worse finds, and which one cannot be told."""
PER_PHOTO = {"found": 8, "candidate": 8, "random": 3}
"""Most samples of one photograph: boxes that the finder returns, proposals before the verifier, and
random boxes."""
UNBOXED_BELOW_PX: Final = 20
"""Hand-drawn boxes are sometimes missing for background faces below this size: what is found there
may be a face."""
SURE_SCORE: Final = 2.0
"""Log odds above which a find without a box is left out: of 20 such finds in street photographs
held back, looked at by eye, 16 were faces that nobody had labelled."""


def find_hard_negatives(
    samples: Sequence[FaceSample],
    finder: CascadeFaceFinder,
    seed: int,
    cache: Path | None = None,
) -> list[FaceSample]:
    """Samples without a face, from the whole photographs among the samples.

    Args:
        samples: faces; those cut from whole photographs name the photographs.
        finder: with a low minimum score.
        seed: of what is drawn at random.
        cache: file that keeps what was found in each photograph; runs with the same pictures,
            boxes, finder and seed share it, whatever their split is.

    Raises:
        RunError: `cache` is another kind of file.
    """
    cv2.setNumThreads(2)
    results = ResultCache(cache)
    photos = {s.path: s for s in samples if s.in_photo}
    roots = {sample.path: _root(sample) for sample in photos.values()}
    known = {root: known_boxes(root) for root in set(roots.values())}
    by_hand = {root: (root / PHOTOS_FILE).is_file() for root in known}
    about = json.dumps(finder.fingerprint, sort_keys=True, default=str)
    found: list[FaceSample] = []
    for path, sample in tqdm(sorted(photos.items()), desc="hard negatives", unit="photo"):
        root = roots[path]
        faces = known[root].get(path, [])
        seen = seen_boxes(path)
        digest = digest_of(path, about, seed, faces, seen, PER_PHOTO, FALSE_IOU, SURE_SCORE)
        if digest not in results:
            rng = np.random.default_rng((seed, int(digest[:8], 16)))
            min_px = UNBOXED_BELOW_PX if by_hand[root] else 0
            results[digest] = _without_face(read_rgb(path), faces, seen, finder, rng, min_px)
        for x, y, w, h in results[digest]:
            found.append(_no_face(sample, (x, y, w, h)))
    results.save()
    return found


def confirmed_samples(samples: Sequence[FaceSample]) -> list[FaceSample]:
    """Finds in the photographs of the samples that were confirmed by eye to show no face."""
    found = []
    for path, sample in sorted({s.path: s for s in samples if s.in_photo}.items()):
        boxes = seen_boxes(path).no_faces_px()
        if len(boxes):
            height, width = read_rgb(path).shape[:2]
            for x, y, w, h in (boxes / [width, height, width, height]).tolist():
                found.append(replace(_no_face(sample, (x, y, w, h)), origin="confirmed"))
    return found


def save(path: Path, samples: Sequence[FaceSample]) -> None:
    """Write the boxes, not the pictures."""
    write_json(path, [[sample.key, *(sample.box or ())] for sample in samples])


def load(path: Path, split: Sequence[FaceSample]) -> list[FaceSample]:
    """Read what `save` wrote, for the same picture sets.

    Raises:
        RunError: no such file, or one of other sets.
    """
    by_key = {sample.key: sample for sample in split}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [_no_face(by_key[key], (x, y, w, h)) for key, x, y, w, h in rows]
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"expected boxes of hard negatives in {path}: {error}") from error


def _no_face(sample: FaceSample, box: Box) -> FaceSample:
    return replace(sample, label=LABEL, box=box, origin="false_alarm", others=())


def _root(sample: FaceSample) -> Path:
    """The folder of the sample's set."""
    return next(parent for parent in sample.path.parents if parent.name == sample.dataset)


def _without_face(
    image: NDArray[np.uint8],
    known: Sequence[Box],
    seen: SeenBoxes,
    finder: CascadeFaceFinder,
    rng: np.random.Generator,
    min_find_px: int,
) -> list[Box]:
    """Boxes of one photograph that show no face, in fractions; none on what may be a face."""
    height, width = image.shape[:2]
    min_px = min_face_px_in(width, height)
    faces = [*boxes_px(known, image), *_face_boxes(seen.possible_faces_px())]
    found = finder.find(image, min_face_px=min_px)
    boxes = [box for box in found if box.score < SURE_SCORE][: PER_PHOTO["found"]]
    squares, scores = finder.propose(image, min_face_px=min_px)
    for i in rng.permutation(non_maximum_suppression(squares, scores))[: PER_PHOTO["candidate"]]:
        x, y, w, h = (round(float(v)) for v in squares[i])
        boxes.append(FaceBox(x, y, max(1, w), max(1, h)))
    for _ in range(PER_PHOTO["random"]):
        h = round(float(np.exp(rng.uniform(np.log(min_px), np.log(0.7 * min(width, height))))))
        w = max(1, round(0.77 * h))
        x, y = int(rng.integers(0, max(1, width - w))), int(rng.integers(0, max(1, height - h)))
        boxes.append(FaceBox(x, y, w, h))
    return [
        (box.x / width, box.y / height, box.w / width, box.h / height)
        for box in boxes
        if max(box.w, box.h) >= min_find_px
        and max((box.iou(face) for face in faces), default=0.0) < FALSE_IOU
    ]


def _face_boxes(boxes: Boxes) -> list[FaceBox]:
    return [FaceBox(*(round(v) for v in box)) for box in boxes.tolist()]
