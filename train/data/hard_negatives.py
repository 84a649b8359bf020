"""Pictures of no face: what the face finder takes for one in the photographs of the training part.

A network that knows masks only calls a shirt masked or bare. A third output, learnt from these,
lets the app drop such candidates.
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
from train.cascade.faces import read_boxes
from train.data.datasets import OUTPUTS, FaceSample
from train.data.images import read_rgb
from train.data.runs import write_json
from train.errors import RunError
from train.evaluate.detection import boxes_px

LABEL = OUTPUTS.index("no_face")
FALSE_IOU = 0.1
"""Overlap with any known face below which a candidate shows none."""
PER_PHOTO = {"found": 8, "candidate": 8, "random": 3}
"""Most samples of one photograph: what the finder calls a face, what its search alone does, and
squares anywhere."""


def find_no_faces(
    samples: Sequence[FaceSample], finder: CascadeFaceFinder, seed: int
) -> list[FaceSample]:
    """Samples that show no face, from the photographs among the samples.

    Args:
        samples: faces; those cut from whole photographs name the photographs to search.
        finder: with a low least score.
        seed: of what is drawn at random.
    """
    cv2.setNumThreads(2)
    rng = np.random.default_rng(seed)
    photos = {s.path: s for s in samples if s.box is not None}
    known = {root: read_boxes(root) for root in {path.parents[2] for path in photos}}
    found: list[FaceSample] = []
    for path, sample in tqdm(sorted(photos.items()), desc="looking for no faces", unit="photo"):
        image = read_rgb(path)
        height, width = image.shape[:2]
        least = min_face_px_in(width, height)
        rows = known[path.parents[2]].get("/".join(path.parts[-3:]), [])
        faces = boxes_px([(b[0], b[1], b[2], b[3]) for b in rows], image)
        boxes = finder.find(image, min_face_px=least)[: PER_PHOTO["found"]]
        squares, scores = finder.propose(image, min_face_px=least)
        for i in rng.permutation(non_maximum_suppression(squares, scores))[
            : PER_PHOTO["candidate"]
        ]:
            x, y, w, h = (round(float(v)) for v in squares[i])
            boxes.append(FaceBox(x, y, max(1, w), max(1, h)))
        for _ in range(PER_PHOTO["random"]):
            h = round(float(np.exp(rng.uniform(np.log(least), np.log(0.7 * min(width, height))))))
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
    """Note places, not pictures."""
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
        raise RunError(f"expected places without faces in {path}: {error}") from error
