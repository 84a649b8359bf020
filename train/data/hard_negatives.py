"""Hard negatives: false positives of the face finder in the training photographs.

A network that knows only masked and bare faces gives a shirt one of the two labels. A third output,
trained on these, lets the app drop such candidates.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from maskdet_core.detector import min_face_px_in
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.nms import non_maximum_suppression
from maskdet_core.types import FaceBox
from train.data.boxes import box_of, boxes_px, read_boxes
from train.data.datasets import OUTPUTS, FaceSample
from train.data.images import read_rgb
from train.data.records import write_json
from train.errors import RunError

LABEL = OUTPUTS.index("no_face")
FALSE_IOU = 0.1
"""A candidate whose IoU with every reference box is lower shows no face."""
PER_PHOTO = {"found": 8, "candidate": 8, "random": 3}
"""Most samples of one photograph: boxes that the finder returns, proposals before the verifier, and
random boxes."""


def find_hard_negatives(
    samples: Sequence[FaceSample], finder: CascadeFaceFinder, seed: int
) -> list[FaceSample]:
    """Samples without a face, from the whole photographs among the samples.

    Args:
        samples: faces; those cut from whole photographs name the photographs.
        finder: with a low minimum score.
        seed: of what is drawn at random.
    """
    cv2.setNumThreads(2)
    rng = np.random.default_rng(seed)
    photos = {s.path: s for s in samples if s.in_photo}
    known = {root: read_boxes(root) for root in {path.parents[2] for path in photos}}
    found: list[FaceSample] = []
    for path, sample in tqdm(sorted(photos.items()), desc="hard negatives", unit="photo"):
        image = read_rgb(path)
        height, width = image.shape[:2]
        min_px = min_face_px_in(width, height)
        rows = known[path.parents[2]].get("/".join(path.parts[-3:]), [])
        faces = boxes_px([box_of(row) for row in rows], image)
        boxes = finder.find(image, min_face_px=min_px)[: PER_PHOTO["found"]]
        squares, scores = finder.propose(image, min_face_px=min_px)
        for i in rng.permutation(non_maximum_suppression(squares, scores))[
            : PER_PHOTO["candidate"]
        ]:
            x, y, w, h = (round(float(v)) for v in squares[i])
            boxes.append(FaceBox(x, y, max(1, w), max(1, h)))
        for _ in range(PER_PHOTO["random"]):
            h = round(float(np.exp(rng.uniform(np.log(min_px), np.log(0.7 * min(width, height))))))
            w = max(1, round(0.77 * h))
            x, y = int(rng.integers(0, max(1, width - w))), int(rng.integers(0, max(1, height - h)))
            boxes.append(FaceBox(x, y, w, h))
        for box in boxes:
            if max((box.iou(face) for face in faces), default=0.0) < FALSE_IOU:
                fractions = (box.x / width, box.y / height, box.w / width, box.h / height)
                found.append(
                    FaceSample(path, LABEL, sample.dataset, sample.published_split, fractions)
                )
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
        return [replace(by_key[key], label=LABEL, box=(x, y, w, h)) for key, x, y, w, h in rows]
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"expected boxes of hard negatives in {path}: {error}") from error
