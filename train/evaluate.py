"""Measure what ships: published and leak-free tests, and whole photographs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from maskdet_core.classifier import Classifier, load_classifier
from maskdet_core.detector import MaskDetector, load_detector
from maskdet_core.manifest import ModelManifest
from maskdet_core.types import FaceBox
from train.datasets import CLASSES, FaceSample, read_dataset
from train.export import NAME, load_trained
from train.intervals import wilson_interval
from train.metrics import evaluate_set, float_probabilities, int8_probabilities
from train.pictures import plain_crop, read_rgb
from train.runs import RunFolder, now_iso, write_json
from train.split import Split

MATCH_IOU = 0.35
"""Overlap with the reference box from which a person counts as found."""


def evaluate(run: Path, split: Split, roots: Sequence[Path], models: Path) -> Path:
    """Write `evaluation.json` beside the exported run's records and figures into the manifest."""
    manifest_path = models / f"{NAME}.json"
    classifier = load_classifier(manifest_path)
    confidence = classifier.manifest.min_confidence
    sets = []
    for name in sorted({s.dataset for s in split.published_test}):
        faces = [s for s in split.published_test if s.dataset == name]
        note = "The publisher's own test part; relatives of its pictures may have been trained on."
        sets.append(_measure(f"{name}-test", f"{name}, given Test", note, faces, classifier))
    note = "No picture here, nor a copy or look-alike of it, was trained on."
    free = split.leak_free_test
    sets.append(_measure("leak-free", "Leak-free, all sets", note, free, classifier))
    for name in sorted({s.dataset for s in free}):
        faces = [s for s in free if s.dataset == name]
        sets.append(_measure(f"leak-free-{name}", f"Leak-free, {name}", note, faces, classifier))

    model = load_trained(run)
    crops = np.stack([plain_crop(s) for s in split.validation])
    same = int(
        np.sum(
            (float_probabilities(model, crops) >= 0.5)
            == (int8_probabilities(classifier, crops) >= 0.5)
        )
    )
    photos = [r for r in roots if any(s.box for s in read_dataset(r))]
    record: dict[str, Any] = {
        "format": 1,
        "created": now_iso(),
        "model": NAME,
        "min_confidence": confidence,
        "classes": list(CLASSES),
        "sets": sets,
        "int8_vs_float": {"n": len(crops), "n_same": same, "agreement": same / len(crops)},
    }
    if photos:
        record["whole_photos"] = whole_photos(photos[0], load_detector(manifest_path))
    path: Path = models / "runs" / RunFolder(run).read()["name"] / "evaluation.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, record)
    metrics = {
        s["slug"]: {
            "n": s["n"],
            "n_correct": s["n_correct"],
            "value": s["accuracy"],
            "ci95": s["ci95"],
        }
        for s in sets
    }
    manifest = ModelManifest.load(manifest_path)
    replace(manifest, metrics={**manifest.metrics, **metrics}).save(manifest_path)
    return path


def _measure(
    slug: str, name: str, note: str, faces: Sequence[FaceSample], classifier: Classifier
) -> dict[str, Any]:
    p = np.concatenate(
        [classifier.predict(plain_crop(s)[None]) for s in tqdm(faces, desc=slug, unit="face")]
    )
    masked = np.array([CLASSES[s.label] == "with_mask" for s in faces])
    result = evaluate_set(slug, name, note, p, masked, classifier.manifest.min_confidence)
    low, high = result["ci95"]
    print(
        f"{name}: {result['n_correct']} of {result['n']} right, "
        f"{result['accuracy']:.2%} ({low:.2%} to {high:.2%})"
    )
    return result


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
