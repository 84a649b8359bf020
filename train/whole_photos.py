"""People in whole photographs: found or not, and told rightly."""

from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from maskdet_core.detector import MaskDetector
from maskdet_core.types import FaceBox
from train.datasets import CLASSES, FaceSample, read_dataset
from train.intervals import wilson_interval
from train.pictures import read_rgb

MATCH_IOU = 0.35
"""Overlap with the reference box from which a person counts as found."""


def whole_photos(root: Path, detector: MaskDetector) -> dict[str, Any]:
    """Run the app's own way, face finder and all, over the photographs of a set's test part.

    A person is found where a box overlaps the reference by `MATCH_IOU` or more; every box that
    matches nobody is a false face.
    """
    faces = [s for s in read_dataset(root, whole_photos=True) if s.published_split == "test"]
    people: dict[Path, list[FaceSample]] = {}
    for sample in faces:
        people.setdefault(sample.path, []).append(sample)
    counts = {
        c: dict.fromkeys(("n_people", "n_found", "n_right", "n_not_sure"), 0) for c in CLASSES
    }
    n_false = 0
    for path, samples in tqdm(people.items(), desc="whole photos", unit="photo"):
        rgb = read_rgb(path)
        left = list(detector.detect(rgb).faces)
        for sample in samples:
            count = counts[CLASSES[sample.label]]
            count["n_people"] += 1
            overlaps = [_iou(face.box, sample, rgb.shape[:2]) for face in left]
            if not overlaps or max(overlaps) < MATCH_IOU:
                continue
            face = left.pop(int(np.argmax(overlaps)))
            count["n_found"] += 1
            count["n_right"] += face.verdict == CLASSES[sample.label]
            count["n_not_sure"] += face.verdict == "not_sure"
        n_false += len(left)
    for name, count in counts.items():
        low, high = wilson_interval(count["n_right"], count["n_people"])
        print(
            f"whole photos, {name}: {count['n_found']} of {count['n_people']} people found, "
            f"{count['n_right']} with a right verdict ({low:.1%} to {high:.1%})"
        )
    print(f"whole photos: {n_false} false faces in {len(people)} photos")
    return {
        "slug": f"{root.name}-test",
        "n_photos": len(people),
        "n_people": sum(c["n_people"] for c in counts.values()),
        "n_found": sum(c["n_found"] for c in counts.values()),
        "false_faces": n_false,
        "per_class": counts,
    }


def _iou(box: FaceBox, sample: FaceSample, shape: tuple[int, ...]) -> float:
    if sample.box is None:
        return 0.0
    height, width = shape
    x, y, w, h = (v * s for v, s in zip(sample.box, (width, height) * 2, strict=True))
    across = min(box.x + box.w, x + w) - max(box.x, x)
    down = min(box.y + box.h, y + h) - max(box.y, y)
    shared = max(0.0, across) * max(0.0, down)
    return shared / (box.w * box.h + w * h - shared)
